"""What the processes of one deed did, whose it was, and in which order their calls went out.

the deed's own process    call ----- call |                       | call ----- call
another one                               | call ---- call ----- call |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from le_auth.domain.grants import Status
    from le_auth.domain.users import User

TABLE = ("GetItem", "UpdateItem")
ENDS_A_LEASE = {"UpdateItem save", "UpdateItem give back", "UpdateItem grace", "UpdateItem end"}

type Step = tuple[Doing, str]
"""A call, and who made it."""


@dataclass(kw_only=True, eq=False)
class Doing:
    """What one process does, and what it is told.

    Args:
        what: name of a method of Deeds.
        user: whom it concerns; for a rescue that is known once it is chosen.
        begins_at: aware UTC, by the true clock; clock_is_off: of this process.
        before: number of the call before which it comes in; None: it is the deed's own process.
        after: number of calls when it ended.
        statuses: the user's when it began, and each time that the table was read since.
        answer: HTTP status of what a browser was told last; vended: what a back end was told.
        is_in_force: of a sign-out: the session that is to end.
        signed_in: the person was told that the sign-in is done.
    """

    what: str
    user: User
    begins_at: datetime
    clock_is_off: timedelta
    before: int | None = None
    after: int | None = None
    statuses: list[Status | None] = field(default_factory=list)
    answer: int | None = None
    vended: list[dict[str, Any]] = field(default_factory=list)
    is_in_force: bool = False
    signed_in: bool = False

    @property
    def now(self) -> datetime:
        """When it began, by its own clock."""
        return self.begins_at + self.clock_is_off


def in_order(doings: Sequence[Doing], names: Sequence[str]) -> list[Step]:
    """Give the calls as they went out: the one before which another process came in goes out after that one's."""
    own = doings[0] if doings else None
    other = next((doing for doing in doings if doing.before is not None), None)
    if own is None:
        return []
    if other is None:
        return [(own, name) for name in names]
    assert other.before is not None
    begin, end = other.before, other.after
    first, meanwhile, then = names[:begin], names[begin + 1 : end], [names[begin], *names[end:]]
    return [*((own, name) for name in first), *((other, name) for name in meanwhile), *((own, name) for name in then)]


def comes_after(steps: Sequence[Step], call: str, *, later: str) -> bool:
    """Tell whether a call was made after the last one of another name."""
    names = [name for _, name in steps]
    return call in names and later in names[len(names) - names[::-1].index(call) :]


def was_decided_before(steps: Sequence[Step], call: str, *, completed: str) -> bool:
    """Tell whether whoever made a call had last looked at the table before somebody else completed something."""
    done = [number for number, (_, name) in enumerate(steps) if name == completed]
    for number, (doing, name) in enumerate(steps):
        if name == call and done:
            looks = [at for at, step in enumerate(steps[:number]) if step[0] is doing and step[1].startswith(TABLE)]
            others = [at for at in done if steps[at][0] is not doing]
            if looks and others and looks[-1] < others[-1]:
                return True
    return False


@dataclass(kw_only=True)
class _Hold:
    """One process's time with a lease, by the numbers of the calls."""

    doing: Doing
    begun: int
    ended: float = float("inf")
    sent: list[int] = field(default_factory=list)


def is_sent_by_two(steps: Sequence[Step]) -> bool:
    """Tell whether a process sent a refresh token while another had a lease, under which that one sent too."""
    holds = _holds(steps)
    return any(
        hold.begun < at < hold.ended
        for hold in holds
        for other in holds
        if hold.sent and other.doing is not hold.doing
        for at in other.sent
    )


def _holds(steps: Sequence[Step]) -> Collection[_Hold]:
    holds: list[_Hold] = []
    for number, (doing, name) in enumerate(steps):
        mine = [hold for hold in holds if hold.doing is doing]
        if name == "UpdateItem lease":
            holds.append(_Hold(doing=doing, begun=number))
        elif name == "token-refresh" and mine:
            mine[-1].sent.append(number)
        elif name in ENDS_A_LEASE and mine:
            mine[-1].ended = number  # of several attempts the last
    return holds
