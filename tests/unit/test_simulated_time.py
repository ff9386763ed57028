"""The clock under which hours of many users pass in seconds."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import active_count

import pytest

from tests.support.makers import NOON
from tests.support.simulated_time import SimulatedTime

SECOND = timedelta(seconds=1)


def test_what_waits_side_by_side_goes_on_in_the_order_of_its_time() -> None:
    seen: list[tuple[str, float]] = []

    def step(time: SimulatedTime, name: str, pauses: list[int]) -> None:
        for pause in pauses:
            time.pause(pause * SECOND)
            seen.append((name, (time.now - NOON) / SECOND))

    with SimulatedTime() as time:
        time.side_by_side([partial(step, time, "slow", [10]), partial(step, time, "fast", [3, 4, 5])])
        assert time.now == NOON + 12 * SECOND

    assert seen == [("fast", 3), ("fast", 7), ("slow", 10), ("fast", 12)]


def test_what_was_started_goes_on_until_the_block_is_left() -> None:
    seconds = 0
    threads = active_count()

    def tick(time: SimulatedTime) -> None:
        nonlocal seconds
        while True:
            time.pause(SECOND)
            seconds += 1

    with SimulatedTime() as time:
        time.start(partial(tick, time))
        time.pause(2.5 * SECOND)

    assert (seconds, time.now, active_count()) == (2, NOON + 2.5 * SECOND, threads)


def test_what_a_step_raises_reaches_whoever_waits() -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    with SimulatedTime() as time:
        with pytest.raises(RuntimeError, match="broken"):
            time.side_by_side([fail, lambda: time.pause(SECOND)])
        with pytest.raises(RuntimeError, match="broken"):
            time.pause(SECOND)
