"""`users`: who is signed in, how fresh their tokens are, and who must sign in again."""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from le_auth.domain.grants import Status
from operator_cli.options import ACCOUNT, command
from operator_cli.output import age, count_of, epoch
from operator_cli.user_records import Condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from operator_cli.run import Run
    from operator_cli.user_records import UserRecord

SHOWN_AT_MOST = 200
_HELP = """List users, the most urgent first. No token is read.

\b
""" + "\n".join(f"{condition:14} {condition.meaning}" for condition in Condition)
_HEADS = ("ACCOUNT", "USER", "CONDITION", "SIGNED IN", "REFRESHED", "LAST USED", "FAILED", "LAST ERROR")
_FIRST_TO_GO = ("SIGNED IN", "LAST USED", "FAILED", "LAST ERROR")
_STYLES = {Condition.SIGN_IN_AGAIN: "red", Condition.OVERDUE: "yellow", Condition.FRESH: "green"}
_URGENCY = {condition: place for place, condition in enumerate(Condition)}

type _Found = tuple[Condition, UserRecord]


@command("users", help=_HELP, short_help="Who is signed in, and how fresh their tokens are.")
@click.option("--account", "account_id", metavar="ACCOUNT", type=ACCOUNT, help="Only this account's users.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice([*map(str, Status)]),
    multiple=True,
    help="Only users whose record says so.",
)
@click.option(
    "--condition",
    "conditions",
    type=click.Choice([*map(str, Condition)]),
    multiple=True,
    help="Only users who fare so.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"List so many at most, the most urgent first [default: {SHOWN_AT_MOST}; with --json all].",
)
def users(
    run: Run, account_id: str | None, statuses: Sequence[str], conditions: Sequence[str], limit: int | None
) -> None:
    counts: Counter[Condition] = Counter()
    found = _find(run, account_id, statuses, conditions, counts)
    if limit is None and run.out.as_json:
        listed = sorted(found, key=_order)
    else:
        listed = nsmallest(SHOWN_AT_MOST if limit is None else limit, found, key=_order)
    _tell(run, listed, counts)


def _find(
    run: Run,
    account_id: str | None,
    statuses: Sequence[str],
    conditions: Sequence[str],
    counts: Counter[Condition],
) -> Iterator[_Found]:
    """Give the users that are asked for, and count them."""
    now, interval = run.now, run.interval
    with run.out.progress("Users read") as advance:
        for page in run.users.scan(account_id):
            for record in page:
                condition = record.condition(now=now, interval=interval)
                if (not statuses or record.status in statuses) and (not conditions or condition in conditions):
                    counts[condition] += 1
                    yield condition, record
            advance(len(page))


def _order(found: _Found) -> tuple[int, str]:
    condition, record = found
    return _URGENCY[condition], record.user.pk


def _tell(run: Run, listed: Sequence[_Found], counts: Counter[Condition]) -> None:
    now, total = run.now, counts.total()
    if listed:
        rows = [_row(condition, record, now=now) for condition, record in listed]
        run.out.table(_HEADS, rows, first_to_go=_FIRST_TO_GO)
    by_condition = ", ".join(f"{counts[condition]:,} {condition}" for condition in Condition if counts[condition])
    run.out.say(f"{count_of(total, 'user')}{': ' if by_condition else ''}{by_condition}")
    if total > len(listed):
        run.out.say(f"{total - len(listed):,} of them are not listed: --limit lists more.")
    run.out.document(
        {
            "stack": run.stack.name,
            "total": total,
            "counts": {condition: counts[condition] for condition in Condition},
            "users": [_entry(condition, record) for condition, record in listed],
        }
    )


def _row(condition: Condition, record: UserRecord, *, now: datetime) -> list[str | Text]:
    ages = [age(moment, now=now) for moment in (record.issued_at, record.refreshed_at, record.last_used_at)]
    failed = str(record.failures) if record.failures else ""
    shown = Text(condition, style=_STYLES.get(condition, ""))
    return [record.user.account_id, record.user.user_id, shown, *ages, failed, record.last_error or ""]


def _entry(condition: Condition, record: UserRecord) -> dict[str, Any]:
    return {
        "account_id": record.user.account_id,
        "user_id": record.user.user_id,
        "condition": condition,
        "status": record.status,
        "issued_at": epoch(record.issued_at),
        "refreshed_at": epoch(record.refreshed_at),
        "last_used_at": epoch(record.last_used_at),
        "failures": record.failures,
        "last_error": record.last_error,
        "sign_out_scope": record.sign_out_scope,
    }
