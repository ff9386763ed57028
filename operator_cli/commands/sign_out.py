"""`sign-out`: end users' sessions, here or in all LivePerson applications."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING

import click

from le_auth.adapters.event_bus import BATCH, EventBus
from le_auth.domain.events import user_signed_out
from le_auth.domain.grants import Scope, Status
from le_auth.domain.sign_out import end_sessions
from le_auth.errors import LeAuthError
from operator_cli.asking import WELL, ask_worker, await_outcomes
from operator_cli.commands.refresh import find_users, outcome_entries, tell_outcomes
from operator_cli.errors import OperatorError, explain
from operator_cli.options import FAILED, command, concerning_users
from operator_cli.output import count_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from le_auth.domain.users import User
    from operator_cli.asking import Outcome
    from operator_cli.options import Whom
    from operator_cli.run import Run
    from operator_cli.user_records import UserRecord

_AT_ONCE = 16
_PATIENCE_FOR_EVENTS = 10.0
_WHERE = {Scope.LOCAL: "this application", Scope.LIVEPERSON: "this and all other LivePerson applications"}


@command("sign-out", short_help="Sign users out.")
@concerning_users
@click.option(
    "--scope",
    type=click.Choice([*map(str, Scope)]),
    default=str(Scope.LOCAL),
    callback=lambda _context, _option, value: Scope(value),
    show_default=True,
    help="Of this application, or of all LivePerson applications.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait", "seconds", metavar="SECONDS", type=click.IntRange(min=1), help="With liveperson: see that it is told."
)
def sign_out(run: Run, whom: Whom, scope: Scope, *, yes: bool, seconds: int | None) -> int:
    """Sign a USER of an ACCOUNT out, or all its users.

    Their sessions here end at once and they are refreshed no more. With the scope liveperson the worker then revokes
    their tokens, which ends their sessions in all LivePerson applications; should LivePerson be down, it tries again.
    """
    if run.out.as_json and not yes:
        raise click.UsageError("--json needs --yes: there is nobody to ask.")
    if seconds is not None and scope is Scope.LOCAL:
        raise click.UsageError("--wait goes with --scope liveperson: a local sign-out is over at once.")
    records = _choose(run, whom)
    if not yes and (whom.user is None or scope is Scope.LIVEPERSON):
        who = count_of(len(records), f"user of {whom.account_id}", f"users of {whom.account_id}")
        click.confirm(f"Sign {who} out of {_WHERE[scope]}?", abort=True, err=True)
    ended, failures = _end_all(run, records, scope)
    _announce(run, ended, scope)
    outcomes = {}
    if scope is Scope.LIVEPERSON and ended:
        outcomes = _revoke(run, ended, seconds)
    run.out.document(
        {
            "stack": run.stack.name,
            "scope": scope,
            "signed_out": len(ended),
            "failed": failures,
            **outcome_entries(run, outcomes),
        }
    )
    return 0 if set(outcomes.values()) <= WELL and not failures else FAILED


def _choose(run: Run, whom: Whom) -> list[UserRecord]:
    found = [record for record in find_users(run, whom) if record.status is not Status.SIGNED_OUT]
    if not found:
        raise OperatorError("Signed out already.", reason="nothing_to_sign_out")
    return found


def _end_all(run: Run, records: Sequence[UserRecord], scope: Scope) -> tuple[list[User], int]:
    """End everybody's sessions; gives whose have ended, and of how many users they have not."""
    table, now = run.table, run.now

    def end(record: UserRecord) -> LeAuthError | None:
        try:
            end_sessions(table, record.user, scope=scope, session_epoch=record.session_epoch, now=now)
        except LeAuthError as error:
            return error
        return None

    ended: list[User] = []
    errors: list[LeAuthError] = []
    with run.out.progress("Users signed out", total=len(records)) as advance, ThreadPoolExecutor(_AT_ONCE) as threads:
        for record, error in zip(records, threads.map(end, records), strict=True):
            if error is None:
                ended.append(record.user)
            else:
                errors.append(error)
            advance(1)
    run.out.say(f"Signed {count_of(len(ended), 'user')} out.")
    if errors:
        run.out.warn(f"{count_of(len(errors), 'user is', 'users are')} not signed out: {explain(errors[0])} Try again.")
    return ended, len(errors)


def _announce(run: Run, users: Sequence[User], scope: Scope) -> None:
    """Tell the application's event bus, as the function session does."""
    name = run.stack.parameters.get("EventBusName", "")
    if not name:
        return
    bus = EventBus(make_client=run.clients.make_events, name=name, patience=_PATIENCE_FOR_EVENTS)
    unsent = 0
    with run.out.progress("Events sent", total=len(users)) as advance:
        for some in batched(users, BATCH, strict=False):
            unsent += bus.send([user_signed_out(user, scope=scope) for user in some], at=run.now).total()
            advance(len(some))
    if unsent:
        run.out.warn(f"{count_of(unsent, 'event')} could not be sent to {name}. The sign-out holds all the same.")


def _revoke(run: Run, users: Sequence[User], seconds: int | None) -> dict[User, Outcome]:
    """Have the worker tell LivePerson; gives what came of it where that was to be waited for."""
    asked = [*run.users.get(users).values()]
    due_at = ask_worker(run, users)
    outcomes = {}
    if seconds is not None:
        outcomes = await_outcomes(run, asked, due_at=due_at, patience=timedelta(seconds=seconds))
    tell_outcomes(run, asked, outcomes)
    return outcomes
