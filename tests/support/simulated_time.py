"""Time that passes for several threads at once, and takes none.

One thread runs at a time. Whoever waits gives the turn to the one whose moment comes next, and the clock jumps there:

    thread 1   runs --- pause(10 s) ...................... runs
    thread 2           runs --- pause(3 s) ... runs --- ends
    the clock  0       0                       3           10
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from threading import Lock, Thread, get_ident
from typing import TYPE_CHECKING, Self

from tests.support.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta


END_OF_TIME = datetime.max.replace(tzinfo=UTC)


class _OverError(BaseException):
    """The simulation has ended: what still waits is left undone."""


@dataclass(slots=True)
class SimulatedTime(FakeClock):
    """A clock under which steps are done side by side.

    As a context manager it ends its threads. What one of them raises is raised in all that still wait.
    """

    _waiting: list[tuple[datetime, int, Lock]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)
    _turns: dict[int, Lock] = field(default_factory=dict)
    _idle: list[_Hand] = field(default_factory=list)
    _hands: list[_Hand] = field(default_factory=list)
    _error: BaseException | None = None
    _is_over: bool = False

    def __enter__(self) -> Self:
        self._turns[get_ident()] = _taken()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        ended_at = self.now
        self.wait_until(END_OF_TIME)  # all others wake before, and find that it is over
        self.now = ended_at
        for hand in self._hands:
            hand.step = None
            hand.turn.release()
            hand.thread.join()

    def pause(self, time: timedelta) -> None:
        self.wait_until(self.now + time)
        self._check()

    def wait_until(self, moment: datetime) -> None:
        turn = self._turns[get_ident()]
        heappush(self._waiting, (moment, next(self._numbers), turn))
        self._pass_on(turn)

    def start(self, step: Callable[[], object]) -> None:
        """Let a step be done from now on, in a thread of its own."""
        self._start(step, _Crew(owner=None, at_work=1))

    def side_by_side(self, steps: Sequence[Callable[[], object]]) -> None:
        """Do steps, each in a thread of its own, and go on when the last has ended."""
        turn = self._turns[get_ident()]
        crew = _Crew(owner=turn, at_work=len(steps))
        for step in steps:
            self._start(step, crew)
        if steps:
            self._pass_on(turn)
        self._check()

    def _check(self) -> None:
        if self._is_over:
            raise _OverError
        if self._error is not None:
            raise self._error

    def _start(self, step: Callable[[], object], crew: _Crew) -> None:
        if not self._idle:
            hand = _Hand(time=self)
            self._hands.append(hand)
            self._idle.append(hand)
            hand.thread.start()
        hand = self._idle.pop()
        hand.step, hand.crew = step, crew
        heappush(self._waiting, (self.now, next(self._numbers), hand.turn))

    def end_of(self, hand: _Hand, error: BaseException | None) -> None:
        """Take a thread back whose step has ended."""
        if error is not None and not isinstance(error, _OverError):
            self._error = self._error or error
        hand.crew.at_work -= 1
        if hand.crew.at_work == 0 and hand.crew.owner is not None:
            heappush(self._waiting, (self.now, next(self._numbers), hand.crew.owner))
        self._idle.append(hand)
        self._pass_on(hand.turn)

    def knows(self, hand: _Hand) -> None:
        self._turns[get_ident()] = hand.turn

    def _pass_on(self, own: Lock) -> None:
        """Let the next one run, and come back when it is one's own turn."""
        moment, _, turn = heappop(self._waiting)
        self.now = max(self.now, moment)
        if turn is not own:
            turn.release()
            own.acquire()


@dataclass(slots=True)
class _Crew:
    """Threads whose common end somebody waits for."""

    owner: Lock | None
    at_work: int


def _taken() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Hand:
    """A thread that does one step after the other."""

    time: SimulatedTime
    step: Callable[[], object] | None = None
    crew: _Crew = field(default_factory=lambda: _Crew(owner=None, at_work=0))
    turn: Lock = field(default_factory=_taken)
    thread: Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._work, daemon=True)

    def _work(self) -> None:
        sys.settrace(None)  # no coverage of a million steps: it would take as long as they do
        self.time.knows(self)
        self.turn.acquire()
        while self.step is not None:
            error: BaseException | None = None
            try:
                self.step()
            except BaseException as caught:  # noqa: BLE001 - it is raised again in the thread that waits
                error = caught
            self.time.end_of(self, error)
