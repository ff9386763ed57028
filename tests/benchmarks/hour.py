"""An hour of a million users, simulated: the real scheduler and slots, a schedule and a queue in memory.

Each user must be sent once in every interval, in the minute that is theirs, also where a minute was missed and where
time was too short for another.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.adapters.token_table import PAGE
from le_auth.domain.checkpoint import Checkpoint
from le_auth.domain.scheduler import Scheduler
from le_auth.domain.slots import SLOTS, slot_of
from le_auth.domain.users import User
from tests.benchmarks.figures import Figure, Plot, Samples, Target
from tests.support.fakes import FakeClock, until
from tests.support.makers import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from le_auth.domain.checkpoint import Cursor
    from le_auth.domain.scheduled import DueToken
    from tests.benchmarks.bench import Bench

USERS = 1_000_000
INTERVAL = 30
A_MINUTE = timedelta(minutes=1)
RATE = 4000.0
"""Messages that the queue takes in a second, unless it is slow."""
SLOW = 90
"""Seconds that a slow queue needs for a minute's messages."""


@dataclass(slots=True, kw_only=True)
class Schedule:
    """The table, as the scheduler needs it: the keys of each slot in their order, and the checkpoint."""

    keys: list[list[str]]
    page: int = PAGE
    checkpoint: Checkpoint | None = None

    @classmethod
    def of(cls, users: int, *, page: int = PAGE) -> Schedule:
        keys: list[list[str]] = [[] for _ in range(SLOTS)]
        for number in range(users):
            user = User(account_id=f"le{number % 7}", user_id=str(number))
            keys[slot_of(user)].append(user.pk)
        for slot in keys:
            slot.sort()
        return cls(keys=keys, page=page)

    def find_checkpoint(self) -> Checkpoint | None:
        return self.checkpoint

    def finish_minute(self, minute: int, *, interval: int) -> bool:
        self.checkpoint = Checkpoint(finished_minute=minute, interval=interval)
        return True

    def pause_minute(self, minute: int, cursor: Cursor, *, interval: int) -> None:
        self.checkpoint = Checkpoint(finished_minute=minute - 1, interval=interval, cursor=cursor)

    def due(self, slot: int, *, after: str | None = None) -> Iterator[Sequence[str]]:
        keys = self.keys[slot]
        begin = 0 if after is None else bisect_right(keys, after)
        for start in range(begin, len(keys), self.page):
            yield keys[start : start + self.page]


@dataclass(slots=True, kw_only=True)
class Queue:
    """Takes messages at a rate, by the clock, and counts what it took for whom.

    Args:
        taken: by user, in the half hour before and after half past.
    """

    clock: FakeClock
    users: int
    rate: float = RATE
    taken: list[array[int]] = field(init=False)
    in_wrong_minute: int = 0
    latest: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.taken = [array("B", bytes(self.users)) for _ in range(60 // INTERVAL)]

    def send(self, messages: Sequence[DueToken]) -> None:
        self.clock.go_on(timedelta(seconds=len(messages) / self.rate))
        for message in messages:
            minute = (message.due_at - NOON) // A_MINUTE
            self.taken[minute // INTERVAL][int(message.user.user_id)] += 1
            self.in_wrong_minute += (minute - slot_of(message.user)) % INTERVAL != 0
        self.latest = max(self.latest, self.clock.now - messages[0].due_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What became of an hour.

    Args:
        sent: messages by minute of the clock, not by the minute that they were due in.
        missed: users without a message in an interval; doubled: with more than one; both summed over the intervals.
        latest: between the minute in which a token was due and its message.
    """

    sent: list[int]
    missed: int
    doubled: int
    in_wrong_minute: int
    latest: timedelta


def simulate(
    schedule: Schedule, users: int, *, silent: AbstractSet[int] = frozenset(), slow: AbstractSet[int] = frozenset()
) -> Hour:
    """Let the schedule fire in each minute of an hour.

    Args:
        silent: minutes in which it does not.
        slow: minutes in which the queue takes so little that time runs out.
    """
    clock = FakeClock(NOON)
    queue = Queue(clock=clock, users=users)
    scheduler = Scheduler(schedule=schedule, queue=queue, interval=INTERVAL, clock=clock)
    schedule.checkpoint = Checkpoint(finished_minute=int(NOON.timestamp()) // 60 - 1)
    sent = []
    for minute in range(60):
        fires_at = NOON + minute * A_MINUTE
        clock.now = max(clock.now, fires_at)
        queue.rate = users / INTERVAL / SLOW if minute in slow else RATE
        is_silent = minute in silent
        time_left = until(fires_at + A_MINUTE, by=clock)
        sent.append(0 if is_silent else scheduler.run(event_time=fires_at, time_left=time_left).due)
    counts = [(half.count(0), users - half.count(0) - half.count(1)) for half in queue.taken]
    return Hour(
        sent=sent,
        missed=sum(missed for missed, _ in counts),
        doubled=sum(doubled for _, doubled in counts),
        in_wrong_minute=queue.in_wrong_minute,
        latest=queue.latest,
    )


def measure(bench: Bench) -> Iterator[Figure | Plot]:
    with bench.progress.step(f"an hour of {USERS:,} users, simulated"):
        schedule = Schedule.of(USERS)
        ordinary = simulate(schedule, USERS)
    with bench.progress.step("the same with a missed minute, and one that time was too short for"):
        disturbed = simulate(schedule, USERS, silent={12}, slow={40})
    yield from hour_figures(ordinary, "an ordinary hour")
    mean = sum(ordinary.sent) / 60
    yield _figure("messages in the fullest minute, over the mean", max(ordinary.sent) / mean)
    yield _figure("messages in the emptiest minute, over the mean", min(ordinary.sent) / mean)
    yield from hour_figures(disturbed, "an hour with a missed minute and a continued one")
    yield Plot(
        name="hour",
        title=f"Messages in each minute of an hour, {USERS:,} users",
        x_label="minute",
        y_label="messages",
        lines={
            "ordinary": list(enumerate(ordinary.sent)),
            "minute 12 missed, 40 too short": list(enumerate(disturbed.sent)),
        },
    )


def hour_figures(hour: Hour, name: str) -> Iterator[Figure]:
    none = Target(at_most=0)
    yield _figure(f"{name}: messages", sum(hour.sent))
    yield _figure(f"{name}: tokens missed in an interval", hour.missed, target=none)
    yield _figure(f"{name}: tokens sent twice in an interval", hour.doubled, target=none)
    yield _figure(f"{name}: messages outside their user's minute", hour.in_wrong_minute, target=none)
    yield _figure(f"{name}: longest from minute to message", hour.latest.total_seconds(), "s")


def _figure(what: str, value: float, unit: str = "", *, target: Target | None = None) -> Figure:
    return Figure(part="hour", what=what, measured=Samples((value,), unit), target=target)
