"""What so many users ask of each part, and what that costs: the computation behind docs/scaling.md."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from le_auth.adapters.grant_items import write_values
from le_auth.adapters.refresh_queue import BATCH
from tests.support.item_size import item_size

# ---- assumed; the page says so ----
INTERVAL = 30
SENTINEL_SECONDS = 0.3
TABLE_SECONDS = 0.01
RESERVE = 1.5
"""How much faster than they come the workers can refresh."""
WORKING_DAYS = 22
SIGN_IN_HOURS = 1.0
VENDS, VEND_HOURS = 20, 8.0
CALLBACK_SECONDS, LAUNCH_SECONDS, VEND_SECONDS = SENTINEL_SECONDS + 2 * TABLE_SECONDS, 0.01, TABLE_SECONDS
DAYS = 365 / 12

# ---- measured by `make bench` ----
ITEM_BYTES = 592
REFRESH_LOG, SIGN_IN_LOG, VEND_LOG = 271, 644, 494
SENDING_SECONDS = 1 / 7_270
"""By the clock for a message, on a whole processor, with 32 requests at once."""
REFRESH_SECONDS = 2.3e-3
"""Of processor time for a refresh."""

# ---- set by the template ----
THREADS, WORKERS_AT_LEAST, FULL_BATCH = 32, 2, 100
WORKER_MB, SCHEDULER_MB, CALLBACK_MB, LAUNCH_MB, VEND_MB = 1024, 1769, 512, 256, 512

# ---- AWS's ----
WHOLE_PROCESSOR_MB = 1769
OVERHEAD_BYTES = 100
"""Counted as stored with each item, in table and index."""
READ_UNIT = 4096
KEY_BYTES = item_size(write_values({"pk": "le12345678#1234567", "slot": 30}))
"""Of a user in the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """US dollars in us-east-1, first tier of each list, free tiers left out; docs/scaling.md names the sources."""

    million_writes: float = 0.625
    million_reads: float = 0.125
    stored_gb: float = 0.25
    million_queue_requests: float = 0.40
    gb_second: float = 0.0000133334
    million_invocations: float = 0.20
    million_api_requests: float = 1.00
    log_gb: float = 0.50


@dataclass(frozen=True, slots=True)
class Load:
    """What so many users ask for."""

    users: int

    # ---- refreshing ----

    @property
    def messages_a_minute(self) -> float:
        return self.users / INTERVAL

    @property
    def refreshes(self) -> float:
        """Of a second, on average."""
        return self.messages_a_minute / 60

    @property
    def workers(self) -> int:
        """The power of two that MaxConcurrentRefreshes can be, with the reserve."""
        needed = max(WORKERS_AT_LEAST, self.refreshes * RESERVE / refreshes_of_a_worker())
        return int(2 ** ceil(log2(needed)))

    @property
    def refreshes_at_peak(self) -> float:
        """Of a second, while a minute's messages last."""
        return self.workers * refreshes_of_a_worker()

    @property
    def seconds_to_refresh(self) -> float:
        return self.messages_a_minute / self.refreshes_at_peak

    @property
    def seconds_to_send(self) -> float:
        return self.messages_a_minute * SENDING_SECONDS * WHOLE_PROCESSOR_MB / SCHEDULER_MB

    @property
    def index_reads_a_minute(self) -> float:
        """Read units: eventually consistent, the keys' own size."""
        return self.messages_a_minute * KEY_BYTES / READ_UNIT / 2

    # ---- people and back ends, in their busiest hour ----

    @property
    def sign_ins(self) -> float:
        return self.users / (SIGN_IN_HOURS * 3600)

    @property
    def vends(self) -> float:
        return self.users * VENDS / (VEND_HOURS * 3600)

    @property
    def concurrency(self) -> float:
        """Invocations at once: workers, the scheduler, sign-ins, tokens for the back end."""
        people = self.sign_ins * (CALLBACK_SECONDS + LAUNCH_SECONDS) + self.vends * VEND_SECONDS
        return self.workers + 1 + people

    # ---- the table ----

    @property
    def writes(self) -> float:
        return 2 * self.refreshes

    @property
    def writes_at_peak(self) -> float:
        return 2 * (self.refreshes_at_peak + self.sign_ins)

    @property
    def stored_gb(self) -> float:
        return self.users * (ITEM_BYTES + KEY_BYTES + 2 * OVERHEAD_BYTES) / 1e9


def refreshes_of_a_worker() -> float:
    """Of a second: its threads wait most of the time, its processor bounds them."""
    waiting = THREADS / (SENTINEL_SECONDS + 2 * TABLE_SECONDS)
    processor = WORKER_MB / WHOLE_PROCESSOR_MB / REFRESH_SECONDS
    return min(waiting, processor)


def costs_of(load: Load, prices: Prices) -> dict[str, float]:
    """Give US dollars a month."""
    refreshes = load.refreshes * 86400 * DAYS
    sign_ins = load.users * WORKING_DAYS
    vends = load.users * VENDS * WORKING_DAYS
    noted = load.users * min(VENDS, VEND_HOURS) * WORKING_DAYS
    minutes = 1440 * DAYS
    writes = 2 * refreshes + 2 * sign_ins + noted
    reads = vends + load.index_reads_a_minute * minutes
    batch_seconds = ceil(FULL_BATCH / THREADS) * (SENTINEL_SECONDS + 2 * TABLE_SECONDS)
    gb_seconds = (
        refreshes / FULL_BATCH * batch_seconds * WORKER_MB
        + minutes * max(load.seconds_to_send, 0.1) * SCHEDULER_MB
        + sign_ins * (CALLBACK_SECONDS * CALLBACK_MB + LAUNCH_SECONDS * LAUNCH_MB)
        + vends * VEND_SECONDS * VEND_MB
    ) / 1024
    invocations = refreshes / FULL_BATCH + minutes + 2 * sign_ins + vends
    logs = refreshes * REFRESH_LOG + sign_ins * SIGN_IN_LOG + vends * VEND_LOG
    return {
        "DynamoDB, writes": writes / 1e6 * prices.million_writes,
        "DynamoDB, reads": reads / 1e6 * prices.million_reads,
        "DynamoDB, storage": load.stored_gb * prices.stored_gb,
        "SQS: send, receive and delete, by ten": 3 * refreshes / BATCH / 1e6 * prices.million_queue_requests,
        "Lambda, time": gb_seconds * prices.gb_second,
        "Lambda, invocations": invocations / 1e6 * prices.million_invocations,
        "API Gateway": (2 * sign_ins + vends) / 1e6 * prices.million_api_requests,
        "CloudWatch Logs": logs / 1e9 * prices.log_gb,
    }
