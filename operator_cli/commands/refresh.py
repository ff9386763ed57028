"""`refresh`: have the worker refresh users' tokens now."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from operator_cli.asking import WELL, Outcome, ask_worker, await_outcomes, count_outcomes
from operator_cli.errors import OperatorError
from operator_cli.options import FAILED, command, concerning_users
from operator_cli.output import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from le_auth.domain.users import User
    from operator_cli.options import Whom
    from operator_cli.run import Run
    from operator_cli.user_records import UserRecord


@command("refresh", short_help="Refresh users' tokens now.")
@concerning_users
@click.option("--wait", "seconds", metavar="SECONDS", type=click.IntRange(min=1), help="See what comes of it.")
def refresh(run: Run, whom: Whom, seconds: int | None) -> int:
    """Have the worker refresh the tokens of a USER of an ACCOUNT, or of all its users, now.

    It finishes revocations that are due, too. Idle users, and those who must sign in, are left out. The worker keeps to
    MaxConcurrentRefreshes, however many users there are.
    """
    asked, left_out = _choose(run, whom)
    due_at = ask_worker(run, [record.user for record in asked])
    outcomes = {}
    if seconds is not None:
        outcomes = await_outcomes(run, asked, due_at=due_at, patience=timedelta(seconds=seconds))
    _tell(run, asked, left_out, outcomes)
    return 0 if set(outcomes.values()) <= WELL else FAILED


def find_users(run: Run, whom: Whom) -> list[UserRecord]:
    """Give whom a command concerns.

    Raises:
        OperatorError: there is nobody.
    """
    if whom.user is not None:
        found = [*run.users.get([whom.user]).values()]
    else:
        with run.out.progress("Users read") as advance:
            found = []
            for page in run.users.scan(whom.account_id):
                found += page
                advance(len(page))
    if not found:
        who = f"user {whom.user_id} of account" if whom.user_id else "anybody of account"
        raise OperatorError(f"The table does not know {who} {whom.account_id}.", reason="unknown_user")
    return found


def _choose(run: Run, whom: Whom) -> tuple[list[UserRecord], Counter[str]]:
    """Give who is in the schedule, and why how many others are not."""
    found, now, interval = find_users(run, whom), run.now, run.interval
    left_out = Counter(str(record.condition(now=now, interval=interval)) for record in found if not record.is_scheduled)
    asked = [record for record in found if record.is_scheduled]
    if not asked:
        reasons = ", ".join(f"{number:,} {condition}" for condition, number in left_out.items())
        raise OperatorError(f"There is nothing to refresh: {reasons}.", reason="nothing_to_refresh")
    return asked, left_out


def _tell(run: Run, asked: Sequence[UserRecord], left_out: Mapping[str, int], outcomes: Mapping[User, Outcome]) -> None:
    for condition, number in left_out.items():
        run.out.say(f"Left out: {count_of(number, 'user')}, {condition}.")
    tell_outcomes(run, asked, outcomes)
    run.out.document(
        {"stack": run.stack.name, "sent": len(asked), "left_out": dict(left_out), **outcome_entries(run, outcomes)}
    )


def tell_outcomes(run: Run, asked: Sequence[UserRecord], outcomes: Mapping[User, Outcome]) -> None:
    """Tell a person what became of messages; without outcomes, that they were sent."""
    if not outcomes:
        run.out.say(f"Sent {count_of(len(asked), 'message')} to the worker. --wait shows what comes of it.")
        return
    counts = count_outcomes(outcomes)
    run.out.say(", ".join(f"{number:,} {outcome}" for outcome, number in counts.items() if number))
    if counts[Outcome.PENDING]:
        run.out.say("What is pending goes on by itself. `doctor` and the log of refresh_worker tell what holds it up.")


def outcome_entries(run: Run, outcomes: Mapping[User, Outcome]) -> dict[str, Any]:
    """Give a script what became of messages; the reason is that of the last failed attempt."""
    failed = [user for user, outcome in outcomes.items() if outcome not in WELL]
    records = run.users.get(failed) if run.out.as_json else {}
    return {
        "waited": bool(outcomes),
        "outcomes": count_outcomes(outcomes),
        "users": [
            {
                "account_id": user.account_id,
                "user_id": user.user_id,
                "outcome": outcome,
                "last_error": records[user].last_error if user in records else None,
            }
            for user, outcome in outcomes.items()
        ],
    }
