"""Rules of the real code, each taken away in turn: what the matrix must notice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.domain.scheduled import Result, ScheduledRefresh
from tests.faults.breaks_of_life import BY_SCRIPT, writes

if TYPE_CHECKING:
    from collections.abc import Mapping

_leave = ScheduledRefresh._leave


def _leave_soon(self: Any, due: Any, batch: Any, *, now: Any) -> Result | None:
    if now - due.due_at >= timedelta(minutes=4):
        return Result(user=due.user, outcome="left", reason="successor_is_due")
    return _leave(self, due, batch, now=now)


_MINE = "#generation = :generation AND #lease_owner = :owner"
_REFRESH = "scheduled refresh"
_TWICE = "scheduled refresh, its message delivered twice"
_ENDED = "scheduled refresh of what LivePerson ended"
_SOON_OUT = "local sign-out, a minute after the sign-in"
BREAKS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "a transaction of a clock that is ahead is refused": (
        "sign-in",
        {"le_auth.domain.transactions.CLOCK_SKEW": timedelta(minutes=4)},
    ),
    "a session of a clock that is ahead is refused": (
        "sign-in",
        {"le_auth.domain.sessions.CLOCK_SKEW": timedelta(minutes=4)},
    ),
    "a message is dropped by a clock that is ahead": (
        _REFRESH,
        {"le_auth.domain.scheduled.ScheduledRefresh._leave": _leave_soon},
    ),
    "a sign-out draws its number from the clock alone": (
        _SOON_OUT,
        {"le_auth.domain.sign_out.max": lambda drawn, _: drawn},
    ),
    "a sign-in draws its number from the clock alone": (
        "sign-in once more, a minute later",
        {"le_auth.domain.sign_in.max": lambda drawn, _: drawn},
    ),
    "an unknown outcome counts as settled": (_TWICE, BY_SCRIPT["an unknown outcome counts as settled"].breaks),
    "a late refusal ends a new sign-in": (
        "refresh of what LivePerson ended, during a sign-in",
        writes((_MINE, "(#generation >= :generation OR #lease_owner = :owner)"), of="reauthorize"),
    ),
    "a loss is told nobody": (_ENDED, {"le_auth.announce.wiring.make_event_bus": lambda _: None}),
    "a loss whose teller died is told nobody": (
        _ENDED,
        {"le_auth.domain.grants.Grant.loss_is_untold": False},
    ),
    "late tokens are not remembered": (
        "sign-out from LivePerson during a refresh",
        {"le_auth.domain.grants.Grant.wants_revoked": lambda *_: False},
    ),
}
"""By what is broken: the scenario that notices it, and what takes the place of what."""
