"""Hours of 10,000 users in seconds: the scheduler, the queue and the workers under a clock that jumps.

What decides is real: the scheduler and all that the worker does with a message. Around it stand a queue with the
semantics of SQS and the template's numbers, a table in memory, and a Sentinel that rotates tokens and fails as it is
told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from le_auth.domain.scheduled import Batch, DueToken, ScheduledRefresh
from le_auth.domain.scheduler import Scheduler
from le_auth.domain.slots import next_due, slot_of
from le_auth.errors import GrantRevokedError
from tests.support.fakes import FakeEndpoint, FakeRescues, FakeSchedule, FakeSealer, Request, until
from tests.support.fakes_table import DueIndex, FakeTable
from tests.support.fakes_world import World
from tests.support.makers import ACCOUNT, ADA, NOON, a_grant, a_user, an_answer, some_tokens
from tests.support.simulated_queue import Message, SimulatedQueue
from tests.support.simulated_time import SimulatedTime
from tests.support.template import properties, read_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from le_auth.domain.tokens import TokenAnswer
    from le_auth.domain.users import User

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SCHEDULE_FIRES_AFTER = 3 * SECOND
KEPT_FOR_THE_QUEUE = 5 * SECOND
ANSWERS_WITHIN = 0.2 * SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a request fails.

    Args:
        takes: until the failure is seen.
    """

    error: Callable[[], Exception]
    takes: timedelta = ANSWERS_WITHIN


type Trouble = Callable[[Request, datetime], Failure | None]


@dataclass(slots=True, kw_only=True)
class BusySentinel(FakeEndpoint):
    """A token endpoint that takes its time, rotates refresh tokens, and fails as it is told.

    Args:
        trouble: what becomes of a request; None: it is answered.
        arrivals: requests by the second of their arrival.
        live: by user id, the number of the refresh token that is accepted; refreshed: when it was given a successor.
    """

    time: SimulatedTime
    trouble: Trouble = lambda _request, _at: None
    arrivals: Counter[datetime] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    reuses: int = 0
    live: dict[str, int] = field(default_factory=dict)
    refreshed: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def _answer(self, request: Request) -> TokenAnswer:
        arrived = self.time.now
        self.arrivals[arrived.replace(microsecond=0)] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        failure = self.trouble(request, arrived)
        self.time.pause(ANSWERS_WITHIN if failure is None else failure.takes)
        self.at_once -= 1
        if failure is not None:
            raise failure.error()
        return self._rotate(request)

    def _rotate(self, request: Request) -> TokenAnswer:
        name, _, number = str(request.refresh_token).removeprefix("refresh-canary-").partition(".")
        if self.live[name] != int(number):
            self.reuses += 1
            raise GrantRevokedError("an old token")
        self.live[name] += 1
        self.refreshed[name].append(self.time.now)
        return an_answer(f"{name}.{self.live[name]}", at=self.time.now)


@dataclass(slots=True, kw_only=True)
class Simulation:
    """So many users, whose tokens were refreshed in their slots until noon, and all that refreshes them."""

    users: Sequence[User]
    interval: timedelta = 30 * MINUTE
    refreshes_at_once: int = 64
    trouble: Trouble = lambda _request, _at: None
    time: SimulatedTime = field(default_factory=SimulatedTime)
    table: FakeTable = field(default_factory=FakeTable)
    queue: SimulatedQueue = field(init=False)
    sentinel: BusySentinel = field(init=False)

    def __post_init__(self) -> None:
        queue = properties("RefreshQueue")
        self.queue = SimulatedQueue(
            clock=self.time,
            visibility=timedelta(seconds=queue["VisibilityTimeout"]),
            most_receives=queue["RedrivePolicy"]["maxReceiveCount"],
            lives=self.interval,
        )
        self.sentinel = BusySentinel(time=self.time, trouble=self.trouble)
        for user in self.users:
            self._sign_in(user)

    def _sign_in(self, user: User) -> None:
        tokens = some_tokens(f"{user.user_id}.0")
        sealed = FakeSealer(["k1"]).seal_tokens(tokens, user=user, generation=7)
        self.table.put(a_grant(user, sealed=sealed, refreshed_at=self._last_due(user)))
        self.sentinel.live[user.user_id] = 0

    def _last_due(self, user: User) -> datetime:
        return next_due(slot_of(user), interval=self.interval, now=NOON) - self.interval

    def run(self, duration: timedelta) -> None:
        """Let the time pass from noon on."""
        mapping = properties("RefreshWorkerFunction")["Events"]["RefreshQueue"]["Properties"]
        workers = read_template()["Mappings"]["RefreshConcurrency"][str(self.refreshes_at_once)]["Workers"]
        with self.time:
            for _ in range(workers):
                worker = Worker(
                    simulation=self,
                    refresh=self._a_process(),
                    threads=self.refreshes_at_once // workers,
                    batch_size=mapping["BatchSize"],
                    window=timedelta(seconds=mapping["MaximumBatchingWindowInSeconds"]),
                )
                self.time.start(worker.poll)
            self._schedule(duration)

    def _a_process(self) -> ScheduledRefresh:
        """A worker's process: its domain objects are its own."""
        world = World(
            clock=self.time,
            endpoint=self.sentinel,
            table=self.table,
            interval=self.interval,
            idle=None,
            rescues=FakeRescues(),
        )
        del self.table.grants[ADA]
        return world.scheduled

    def _schedule(self, duration: timedelta) -> None:
        schedule = FakeSchedule(pages=DueIndex(self.table))
        interval = self.interval // MINUTE
        scheduler = Scheduler(schedule=schedule, queue=self.queue, interval=interval, clock=self.time)
        for minute in range(duration // MINUTE):
            at = NOON + minute * MINUTE
            self.time.pause(at + SCHEDULE_FIRES_AFTER - self.time.now)
            scheduler.run(event_time=at, time_left=until(self.time.now + MINUTE, by=self.time))
        self.time.pause(NOON + duration - self.time.now)

    # ---- what came of it ----

    def peak(self, begin: datetime, end: datetime) -> int:
        """Give the most requests that reached Sentinel within one second."""
        return max((number for second, number in self.sentinel.arrivals.items() if begin <= second < end), default=0)

    def requests(self, begin: datetime, end: datetime) -> int:
        return sum(number for second, number in self.sentinel.arrivals.items() if begin <= second < end)

    def all_fresh_after(self, moment: datetime, users: Sequence[User]) -> timedelta:
        """Give how long after a moment the last of these users had tokens that were obtained since."""
        first = [min(at for at in self.sentinel.refreshed[user.user_id] if at >= moment) for user in users]
        return max(first) - moment

    def oldest_token(self, user: User) -> timedelta:
        """Give how old a user's token became at most."""
        obtained = [self._last_due(user), *self.sentinel.refreshed[user.user_id], self.time.now]
        return max(later - earlier for earlier, later in pairwise(obtained))

    def signed_out(self) -> int:
        return sum(self.table.grants[user].status is not Status.ACTIVE for user in self.users)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One of the concurrent invocations that the queue's event source starts."""

    simulation: Simulation
    refresh: ScheduledRefresh
    threads: int
    batch_size: int
    window: timedelta

    def poll(self) -> None:
        time, queue = self.simulation.time, self.simulation.queue
        while True:
            messages = queue.receive(self.batch_size)
            if not messages:
                time.pause(SECOND)
                continue
            if len(messages) < self.batch_size:
                time.pause(self.window)
                messages += queue.receive(self.batch_size - len(messages))
            self._invoke(messages)

    def _invoke(self, messages: list[Message]) -> None:
        """Work a batch off by threads, as the handler does, and tell the queue afterwards."""
        time, queue = self.simulation.time, self.simulation.queue
        time_out = timedelta(seconds=properties("RefreshWorkerFunction")["Timeout"])
        batch = Batch(time_left=until(time.now + time_out - KEPT_FOR_THE_QUEUE, by=time))
        left, pauses = iter(messages), dict[Message, timedelta | None]()

        def work() -> None:
            for message in left:
                result = self.refresh.work(DueToken.read(message.body), batch)
                pauses[message] = result.retry_after

        time.side_by_side([work] * min(self.threads, len(messages)))
        for message, pause in pauses.items():
            if pause is None:
                queue.delete(message)
            else:
                queue.hide(message, pause)


def some_users(count: int, *, account_id: str = ACCOUNT, begin: int = 100_000) -> list[User]:
    return [a_user(number, account_id=account_id) for number in range(begin, begin + count)]
