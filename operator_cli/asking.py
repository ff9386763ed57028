"""Asking the worker, by scheduled messages, to look at users at once, and seeing what came of it.

A message is the schedule's own: the worker takes the user's lease, refreshes or finishes a revocation, or leaves the
user alone, exactly as in the user's minute of the hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import batched
from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from le_auth.domain.scheduled import DueToken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from le_auth.domain.users import User
    from operator_cli.run import Run
    from operator_cli.user_records import UserRecord

_SENT_AT_ONCE = 500
_LOOKS_EVERY = timedelta(seconds=1)


class Outcome(StrEnum):
    """What a message came to."""

    REFRESHED = "refreshed"
    REVOKED = "revoked"
    SIGN_IN_AGAIN = "sign-in-again"
    SIGNED_OUT = "signed-out"
    IDLE = "idle"
    PENDING = "pending"


WELL = {Outcome.REFRESHED, Outcome.REVOKED}


def ask_worker(run: Run, users: Sequence[User]) -> datetime:
    """Send a message for each user; gives the time by which their tokens were due."""
    due_at = datetime.fromtimestamp(int(run.now.timestamp()), UTC)
    queue = run.refresh_queue
    with run.out.progress("Messages sent", total=len(users)) as advance:
        for some in batched(users, _SENT_AT_ONCE, strict=False):
            queue.send([DueToken(user=user, due_at=due_at) for user in some])
            advance(len(some))
    return due_at


def await_outcomes(
    run: Run, asked: Sequence[UserRecord], *, due_at: datetime, patience: timedelta
) -> dict[User, Outcome]:
    """Look every second until every user's outcome is there, or patience ends; those are still `PENDING`."""
    outcomes = {record.user: Outcome.PENDING for record in asked}
    before = {record.user: record for record in asked}
    gives_up_at = run.now + patience
    with run.out.progress("Users done", total=len(asked)) as advance:
        while True:
            pending = [user for user, outcome in outcomes.items() if outcome is Outcome.PENDING]
            after = run.users.get(pending)
            news = {user: read_outcome(before[user], after.get(user), due_at=due_at) for user in pending}
            outcomes |= news
            advance(sum(outcome is not Outcome.PENDING for outcome in news.values()))
            if Outcome.PENDING not in outcomes.values() or run.now >= gives_up_at:
                return outcomes
            run.surroundings.pause(_LOOKS_EVERY)


def read_outcome(before: UserRecord, after: UserRecord | None, *, due_at: datetime) -> Outcome:
    """Tell by a user's record what became of a message."""
    if after is None:
        return Outcome.SIGNED_OUT
    match after.status:
        case Status.REAUTHORIZE:
            return Outcome.SIGN_IN_AGAIN
        case Status.SIGNED_OUT if after.is_scheduled:
            return Outcome.PENDING
        case Status.SIGNED_OUT:
            return Outcome.REVOKED if before.status is Status.SIGNED_OUT else Outcome.SIGNED_OUT
        case Status.ACTIVE if after.generation > before.generation or after.refreshed_at >= due_at:
            return Outcome.REFRESHED
        case Status.ACTIVE:
            return Outcome.PENDING if after.is_scheduled else Outcome.IDLE


def count_outcomes(outcomes: Mapping[User, Outcome]) -> dict[str, int]:
    found = list(outcomes.values())
    return {outcome: found.count(outcome) for outcome in Outcome}
