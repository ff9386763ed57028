"""The tokens' ages against the interval."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from operator_cli.checks.finding import failed, ok, warning
from operator_cli.output import age, count_of
from operator_cli.user_records import Condition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from operator_cli.checks.examination import Examination
    from operator_cli.checks.finding import Finding
    from operator_cli.user_records import UserRecord

_CHECK = "token-age"


@dataclass(slots=True, kw_only=True)
class Ages:
    """What was read of all users.

    Args:
        oldest: when those tokens were obtained that are the oldest in the schedule.
        errors: last errors of users whose refreshes fail.
    """

    conditions: Counter[Condition] = field(default_factory=Counter)
    oldest: datetime | None = None
    errors: Counter[str] = field(default_factory=Counter)

    def note(self, record: UserRecord, *, now: datetime, interval: timedelta) -> None:
        condition = record.condition(now=now, interval=interval)
        self.conditions[condition] += 1
        if condition in {Condition.FRESH, Condition.OVERDUE}:
            self.oldest = record.refreshed_at if self.oldest is None else min(self.oldest, record.refreshed_at)
            if record.failures and record.last_error:
                self.errors[record.last_error] += 1


def check_tokens(examination: Examination) -> Iterator[Finding]:
    """Read all users and look at the oldest token."""
    run, ages = examination.run, Ages()
    now, interval = run.now, run.interval
    with run.out.progress("Users read") as advance:
        for page in run.users.scan():
            for record in page:
                ages.note(record, now=now, interval=interval)
            advance(len(page))
    yield judge_ages(ages, now=now)


def judge_ages(ages: Ages, *, now: datetime) -> Finding:
    if ages.oldest is None:
        return ok(_CHECK, "Nobody's tokens are in the schedule.")
    overdue, oldest = ages.conditions[Condition.OVERDUE], age(ages.oldest, now=now)
    if overdue:
        return failed(
            _CHECK,
            f"{count_of(overdue, 'token is', 'tokens are')} overdue, the oldest {oldest} old{_last_errors(ages)}.",
            "docs/runbook.md#token-age; `le-app-auth users --condition overdue` lists whose.",
        )
    if ages.errors:
        return warning(
            _CHECK,
            f"{count_of(ages.errors.total(), 'refresh fails', 'refreshes fail')} at the moment{_last_errors(ages)}.",
            "They are tried again. docs/runbook.md has a page for each reason.",
        )
    return ok(_CHECK, f"The oldest of {count_of(ages.conditions[Condition.FRESH], 'token')} is {oldest} old.")


def _last_errors(ages: Ages) -> str:
    if not ages.errors:
        return ""
    return f" (last error: {', '.join(f'{reason} {number:,} times' for reason, number in ages.errors.most_common(3))})"
