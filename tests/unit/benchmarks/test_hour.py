"""The simulated hour sees what it is there to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.hour import Schedule, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from le_auth.domain.checkpoint import Cursor

USERS, PAGE = 9_000, 20


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return Schedule.of(USERS, page=PAGE)


def test_in_an_ordinary_hour_everybody_is_sent_once_in_each_interval(schedule: Schedule) -> None:
    hour = simulate(schedule, USERS)

    assert (sum(hour.sent), hour.missed, hour.doubled, hour.in_wrong_minute) == (2 * USERS, 0, 0, 0)
    assert hour.sent[:30] == hour.sent[30:]
    assert hour.latest.total_seconds() < 2


def test_a_missed_and_a_continued_minute_cost_nobody_a_message(schedule: Schedule) -> None:
    ordinary = simulate(schedule, USERS).sent

    hour = simulate(schedule, USERS, silent={12}, slow={40})

    assert (hour.missed, hour.doubled, hour.in_wrong_minute) == (0, 0, 0)
    assert (hour.sent[12], hour.sent[13]) == (0, ordinary[12] + ordinary[13])
    assert 0 < hour.sent[40] < ordinary[40], "time ran out"
    assert hour.sent[40] + hour.sent[41] == ordinary[40] + ordinary[41]
    assert hour.latest.total_seconds() > 60


@dataclass(slots=True, kw_only=True)
class Forgetful(Schedule):
    """Forgets where a minute was left, and thinks that it was finished."""

    def pause_minute(self, minute: int, cursor: Cursor, *, interval: int) -> None:  # noqa: ARG002 - the port's form
        self.finish_minute(minute, interval=interval)


@dataclass(slots=True, kw_only=True)
class Repeating(Schedule):
    """Begins a continued minute at its start."""

    def due(self, slot: int, *, after: str | None = None) -> Iterator[Sequence[str]]:  # noqa: ARG002
        return Schedule.due(self, slot)


def test_what_is_missed_is_counted(schedule: Schedule) -> None:
    assert simulate(Forgetful(keys=schedule.keys, page=PAGE), USERS, slow={40}).missed > 0


def test_what_is_sent_twice_is_counted(schedule: Schedule) -> None:
    assert simulate(Repeating(keys=schedule.keys, page=PAGE), USERS, slow={40}).doubled > 0
