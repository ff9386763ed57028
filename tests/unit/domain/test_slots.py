from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.domain.slots import SLOTS, due_slots, minutes_to_work, next_due, slot_of
from tests.support.makers import ADA, BOB, a_user

INTERVALS = [10, 12, 15, 20, 30, 60]
A_MINUTE = int(datetime(2026, 3, 9, 12, 7, tzinfo=UTC).timestamp()) // 60


def test_a_users_slot_never_moves() -> None:
    assert (slot_of(ADA), slot_of(BOB)) == (13, 1)


def test_users_are_spread_evenly_over_the_hour() -> None:
    users_in = Counter(slot_of(a_user(number)) for number in range(60_000))

    assert set(users_in) == set(range(SLOTS))
    assert 850 < min(users_in.values()) <= max(users_in.values()) < 1150


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_minutes_of_one_interval_take_every_slot_once(interval: int) -> None:
    slots = [slot for minute in range(A_MINUTE, A_MINUTE + interval) for slot in due_slots(minute, interval=interval)]

    assert sorted(slots) == list(range(SLOTS))


def test_a_slot_is_due_at_its_own_minute_of_the_hour_and_every_interval_after() -> None:
    assert due_slots(A_MINUTE, interval=30) == [7, 37]
    assert due_slots(A_MINUTE + 30, interval=30) == [7, 37]


@given(st.sampled_from(INTERVALS), st.integers(0, SLOTS - 1), st.integers(0, 7200))
def test_the_next_due_minute_is_the_first_one_ahead_that_holds_the_slot(interval: int, slot: int, second: int) -> None:
    now = datetime.fromtimestamp(A_MINUTE * 60 + second, UTC)

    due = int(next_due(slot, interval=timedelta(minutes=interval), now=now).timestamp())

    this_minute = (A_MINUTE * 60 + second) // 60
    ahead = [m for m in range(this_minute + 1, this_minute + 61) if slot in due_slots(m, interval=interval)]
    assert due == ahead[0] * 60


def test_the_first_round_ever_works_off_its_own_minute_only() -> None:
    assert list(minutes_to_work(1000, finished=None, interval=30)) == [1000]


def test_the_regular_round_works_off_one_minute() -> None:
    assert list(minutes_to_work(1000, finished=999, interval=30)) == [1000]


def test_missed_minutes_are_caught_up() -> None:
    assert list(minutes_to_work(1000, finished=996, interval=30)) == [997, 998, 999, 1000]


def test_no_more_than_one_interval_is_caught_up() -> None:
    minutes = list(minutes_to_work(1000, finished=10, interval=30))

    assert (len(minutes), minutes[0], minutes[-1]) == (30, 971, 1000)


@pytest.mark.parametrize("finished", [1000, 1003])
def test_a_doubled_or_late_event_has_nothing_left_to_do(finished: int) -> None:
    assert list(minutes_to_work(1000, finished=finished, interval=30)) == []
