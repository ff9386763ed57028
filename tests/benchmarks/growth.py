"""What a minute of the scheduler costs as more users are stored, 200 of them due; a full scan beside it.

The scheduler and the table's adapter are ours, the engine is Amazon's: DynamoDB Local, which counts units as AWS does.
"""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched, count, islice
from typing import TYPE_CHECKING, Any

from le_auth.adapters.grant_items import key_of, write_values
from le_auth.adapters.token_table import TokenTable
from le_auth.domain.grants import Status
from le_auth.domain.scheduler import Scheduler
from le_auth.domain.slots import due_slots, slot_of
from le_auth.domain.users import User
from tests.benchmarks.figures import Figure, Plot, Samples, Target
from tests.support.capacity import CapacityMeter
from tests.support.dynamodb_local import running_dynamodb_local
from tests.support.fakes import FakeClock, FakeQueue
from tests.support.installation import ACCOUNT
from tests.support.makers import NOON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.benchmarks.bench import Bench

STORED = (1_000, 10_000, 50_000)
DUE = 200
INTERVAL = 30
ROUNDS = 60
NOW = NOON + timedelta(minutes=7)
DUE_SLOTS = due_slots(7, interval=INTERVAL)
SEALED_BYTES = 430
"""With it, an item has the size of a user's with the longest tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was asked of the table, the read units of it, and how long it took."""

    seconds: float
    requests: int
    units: float


QUANTITIES: tuple[tuple[str, str, Callable[[Cost], float]], ...] = (
    ("requests", "", lambda cost: cost.requests),
    ("read units", "", lambda cost: cost.units),
    ("time", "ms", lambda cost: cost.seconds * 1000),
)


def measure(bench: Bench) -> Iterator[Figure | Plot]:
    with running_dynamodb_local(bench.folder) as engine:
        tables: dict[int, TokenTable] = {}
        for stored in STORED:
            with bench.progress.step(f"store {stored:,} users"):
                tables[stored] = TokenTable(client=engine.dynamodb, name=engine.make_table(f"tokens-{stored}"))
                store(tables[stored], stored)
        with bench.progress.step(f"a minute with {DUE} due, and full scans"):
            in_turns(tables, work_a_minute, rounds=3)  # to warm up
            minutes = in_turns(tables, work_a_minute, rounds=ROUNDS)
            scans = in_turns(tables, scan_all, rounds=1)
    yield from minute_figures(minutes)
    yield from scan_figures(scans)
    yield plot(minutes, scans)


# ---- the table ----


def users(stored: int) -> Iterator[User]:
    """Give so many users, each in the slot that is theirs; so many of them are due as shall be, and no more."""
    left = dict.fromkeys(DUE_SLOTS, DUE // len(DUE_SLOTS))
    others = stored - DUE
    for number in count(1_000_000):
        user = User(account_id=ACCOUNT, user_id=str(number))
        slot = slot_of(user)
        if left.get(slot):
            left[slot] -= 1
            yield user
        elif slot not in left and others:
            others -= 1
            yield user
        elif not others and not any(left.values()):
            return


def store(table: TokenTable, stored: int) -> None:
    def put(batch: tuple[User, ...]) -> None:
        requests: list[Any] = [{"PutRequest": {"Item": item_of(user)}} for user in batch]
        while requests:
            answer = table.client.batch_write_item(RequestItems={table.name: requests})
            requests = answer["UnprocessedItems"].get(table.name, [])

    batches = batched(users(stored), 25, strict=False)
    with ThreadPoolExecutor(4) as threads:
        while some := list(islice(batches, 400)):
            list(threads.map(put, some))


def item_of(user: User) -> dict[str, Any]:
    then = NOON - timedelta(minutes=30)
    times = dict.fromkeys(("issued_at", "refreshed_at", "last_used_at"), then)
    numbers = dict.fromkeys(("generation", "sealed_generation", "session_epoch"), int(then.timestamp()) * 1000)
    flags = dict.fromkeys(("is_admin", "is_lpa"), False)
    sealed = {"sealed": secrets.token_bytes(SEALED_BYTES), "key_id": "0"}
    words = {"pk": user.pk, "slot": slot_of(user), "status": Status.ACTIVE}
    return write_values({**words, **times, **numbers, **flags, **sealed})


# ---- what is measured ----


def in_turns(tables: dict[int, TokenTable], work: Callable[[TokenTable], int], *, rounds: int) -> dict[int, list[Cost]]:
    """Do the same with each table in turn."""
    costs: dict[int, list[Cost]] = {stored: [] for stored in tables}
    for _ in range(rounds):
        for stored, table in tables.items():
            costs[stored].append(cost_of(table, work))
    return costs


def cost_of(table: TokenTable, work: Callable[[TokenTable], int]) -> Cost:
    """Do it once.

    Raises:
        AssertionError: it found another number of due tokens than there are.
    """
    table.client.delete_item(TableName=table.name, Key=key_of("#scheduler"))
    with CapacityMeter(client=table.client) as meter:
        began = time.perf_counter()
        found = work(table)
        seconds = time.perf_counter() - began
    assert found == DUE, found
    requests = len(meter.taken)
    units = meter.read_off()
    return Cost(seconds=seconds, requests=requests, units=units.read)


def work_a_minute(table: TokenTable) -> int:
    """Let the scheduler do its minute; gives the number of messages that it sent."""
    queue = FakeQueue()
    scheduler = Scheduler(schedule=table, queue=queue, interval=INTERVAL, clock=FakeClock(NOW))
    scheduler.run(event_time=NOW, time_left=lambda: timedelta(minutes=1))
    return len(queue.sent)


def scan_all(table: TokenTable) -> int:
    """Do what the scheduler would have to do without slots and an index: look at everybody."""
    due = 0
    for page in table.client.get_paginator("scan").paginate(TableName=table.name):
        due += sum(int(item["slot"]["N"]) in DUE_SLOTS for item in page["Items"])
    return due


# ---- figures ----


def minute_figures(minutes: dict[int, list[Cost]]) -> Iterator[Figure]:
    """Hold each size against the smallest."""
    for what, unit, quantity in QUANTITIES:
        least = samples(minutes[STORED[0]], quantity, unit)
        for stored in STORED[1:]:
            yield Figure(
                part="growth",
                what=f"a minute with {DUE} due, {stored:,} stored: {what}",
                measured=samples(minutes[stored], quantity, unit),
                peer=least,
                peer_name=f"{STORED[0]:,} stored",
                target=Target(at_most=1.05),
            )


def scan_figures(scans: dict[int, list[Cost]]) -> Iterator[Figure]:
    for what, unit, quantity in QUANTITIES:
        for stored in STORED:
            measured = samples(scans[stored], quantity, unit)
            yield Figure(part="growth", what=f"a full scan, {stored:,} stored: {what}", measured=measured)


def samples(costs: list[Cost], quantity: Callable[[Cost], float], unit: str) -> Samples:
    return Samples(tuple(quantity(cost) for cost in costs), unit)


def plot(minutes: dict[int, list[Cost]], scans: dict[int, list[Cost]]) -> Plot:
    return Plot(
        name="growth",
        title=f"Read units to find {DUE} due tokens",
        x_label="users stored",
        y_label="read units",
        log="xy",
        lines={
            name: [(stored, costs[stored][0].units) for stored in STORED]
            for name, costs in (("full scan", scans), ("the scheduler's minute", minutes))
        },
    )
