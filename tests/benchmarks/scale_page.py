"""The tables of docs/scaling.md.

    python -m tests.benchmarks.scale_page

writes them anew; a test keeps page and computation in step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from le_auth.adapters.refresh_queue import BATCH
from le_auth.domain.slots import SLOTS
from local.runner.places import PROJECT
from tests.benchmarks.report import as_markdown, fill, number
from tests.benchmarks.scale import THREADS, Load, Prices, costs_of

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = PROJECT / "docs" / "scaling.md"
USERS = (10_000, 1_000_000, 10_000_000)
CANDIDATES = [digits * int(10**zeros) for zeros in range(3, 8) for digits in range(10, 100)]


def sections() -> dict[str, str]:
    return {
        "scale-load": as_markdown(load_rows(), head=head()),
        "scale-limits": as_markdown(limit_rows(), head=("from so many users on", "what is reached", "what to do")),
        "scale-cost": as_markdown(cost_rows(), head=head()),
    }


def head() -> tuple[str, ...]:
    return ("users", *(f"{users:,}" for users in USERS))


def load_rows() -> list[tuple[str, ...]]:
    loads = [Load(users) for users in USERS]
    rows: dict[str, list[float]] = {
        "users in a slot": [load.users / SLOTS for load in loads],
        "messages a minute": [load.messages_a_minute for load in loads],
        "refreshes a second at Sentinel, on average": [load.refreshes for load in loads],
        "`MaxConcurrentRefreshes`": [load.workers * THREADS for load in loads],
        "workers": [load.workers for load in loads],
        "refreshes a second at Sentinel, while a minute's messages last": [load.refreshes_at_peak for load in loads],
        "seconds of the minute that they last": [load.seconds_to_refresh for load in loads],
        "seconds of the minute that the scheduler sends": [load.seconds_to_send for load in loads],
        "queue requests a second, on average": [3 * load.refreshes / BATCH for load in loads],
        "write units a second, on average": [load.writes for load in loads],
        "write units a second, at the peak": [load.writes_at_peak for load in loads],
        "read units a minute, of the index": [load.index_reads_a_minute for load in loads],
        "sign-ins a second, in their hour": [load.sign_ins for load in loads],
        "tokens for the back end a second": [load.vends for load in loads],
        "Lambda invocations at once": [load.concurrency for load in loads],
        "GB in table and index": [load.stored_gb for load in loads],
    }
    return [(what, *(number(rounded(value)) for value in values)) for what, values in rows.items()]


def rounded(value: float) -> float:
    """Nobody has a third of a user."""
    return float(round(value)) if value >= 100 else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Something that so many users reach.

    Args:
        used: what they use of it; most: how much there is.
    """

    what: str
    remedy: str
    used: Callable[[Load], float]
    most: float

    def first_reached_by(self) -> int:
        """Give the number of users, to two digits, that is too many."""
        return next(users for users in CANDIDATES if self.used(Load(users)) > self.most)


LIMITS = (
    Limit(
        what="API Gateway: 50 sign-ins a second",
        remedy="raise `RouteSettings` of `GET /launch` and `GET /callback` in the template",
        used=lambda load: load.sign_ins,
        most=50,
    ),
    Limit(
        what="API Gateway: 100 requests a second, here for tokens of the back end",
        remedy="raise `DefaultRouteSettings` in the template, or call the function directly",
        used=lambda load: load.vends,
        most=100,
    ),
    Limit(
        what="`MaxConcurrentRefreshes` at its default of 64, with the reserve",
        remedy="raise the parameter as in the table above; ask LivePerson what Sentinel bears",
        used=lambda load: load.workers * THREADS,
        most=64,
    ),
    Limit(
        what="SQS: 120,000 messages in flight, while LivePerson is down and messages wait 8 minutes",
        remedy="nothing is lost: the rest waits in the queue; ask AWS for a higher quota",
        used=lambda load: load.messages_a_minute * 8,
        most=120_000,
    ),
    Limit(
        what="DynamoDB: 4,000 write units a second of a new on-demand table",
        remedy="let the load grow over days, or set the table's warm throughput before",
        used=lambda load: load.writes_at_peak,
        most=4_000,
    ),
    Limit(
        what="API Gateway: 10,000 requests a second of an account",
        remedy="ask AWS for a higher quota",
        used=lambda load: 2 * load.sign_ins + load.vends,
        most=10_000,
    ),
    Limit(
        what="Lambda: 1,000 invocations at once of an account",
        remedy="ask AWS for a higher quota",
        used=lambda load: load.concurrency,
        most=1_000,
    ),
    Limit(
        what="the scheduler: half of the 50 s that it may send in a minute",
        remedy="split it, as told below",
        used=lambda load: load.seconds_to_send,
        most=25,
    ),
    Limit(
        what="the scheduler: all of the 50 s",
        remedy="split it, or it falls behind",
        used=lambda load: load.seconds_to_send,
        most=50,
    ),
    Limit(
        what="DynamoDB: 40,000 write units a second of a table",
        remedy="ask AWS for a higher quota",
        used=lambda load: load.writes_at_peak,
        most=40_000,
    ),
    Limit(
        what="`MaxConcurrentRefreshes` at its largest, 16,384",
        remedy="a second stack for a part of the accounts",
        used=lambda load: load.workers * THREADS,
        most=16_384,
    ),
)


def limit_rows() -> list[tuple[str, ...]]:
    found = sorted((limit.first_reached_by(), limit.what, limit.remedy) for limit in LIMITS)
    return [(f"{users:,}", what, remedy) for users, what, remedy in found]


def cost_rows() -> list[tuple[str, ...]]:
    costs = [costs_of(Load(users), Prices()) for users in USERS]
    rows = [(what, *(dollars(cost[what]) for cost in costs)) for what in costs[0]]
    totals = [sum(cost.values()) for cost in costs]
    each = [total / users * 1000 for total, users in zip(totals, USERS, strict=True)]
    return [*rows, ("**together**", *map(dollars, totals)), ("for 1,000 users", *map(dollars, each))]


def dollars(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 10 else f"${amount:.2f}"


if __name__ == "__main__":
    PAGE.write_text(fill(PAGE.read_text(), sections()))
