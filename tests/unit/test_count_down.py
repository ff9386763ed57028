"""What is left of an invocation, by the machine's own clocks."""

from __future__ import annotations

import time
from datetime import timedelta

from le_auth.wiring import count_down, utc_now
from tests.support.invocation import Context

SECOND = timedelta(seconds=1)


def test_what_is_left_of_an_invocation_gets_less_from_its_beginning_on() -> None:
    time_left = count_down(Context("refresh_worker", 120 * SECOND, clock=utc_now), kept=5 * SECOND)

    before = time_left()
    time.sleep(0.02)

    assert 100 * SECOND < time_left() <= before - timedelta(milliseconds=20) < 115 * SECOND
