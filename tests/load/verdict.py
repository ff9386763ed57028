"""Whether anything was lost: each user's stored token, seen against what the simulator knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a user stands at the end.

    Args:
        status: of the stored grant; None: there is none.
        reason: why the user must sign in again, where that is so.
        is_live: whether LivePerson accepts the stored refresh token.
    """

    user_id: str
    status: str | None
    reason: str | None
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the users.

    Args:
        live: how many have a token that LivePerson accepts.
        reported: those whose answer was lost after LivePerson had processed the request, reported as rotation_lost.
        lost: all others, and what is wrong with them.
    """

    live: int
    reported: Collection[str]
    lost: Collection[str]


def judge(standings: Iterable[Standing], *, answers_lost: Collection[str]) -> Verdict:
    """Judge each user.

    Args:
        answers_lost: ids of the users of whom LivePerson rotated a token in an answer that never came.
    """
    live, reported, lost = 0, [], []
    for one in standings:
        if one.status == "active" and one.is_live:
            live += 1
        elif one.status == "reauthorize" and one.reason == "rotation_lost" and one.user_id in answers_lost:
            reported.append(one.user_id)
        else:
            lost.append(f"{one.user_id}: {one.status} ({one.reason or 'no reason'}), token live: {one.is_live}")
    return Verdict(live=live, reported=reported, lost=lost)
