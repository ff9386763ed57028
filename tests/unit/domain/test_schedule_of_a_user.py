"""When a user's turn comes, whatever the slot, the interval and its changes: the scheduler, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from le_auth.domain.scheduler import Scheduler
from le_auth.domain.slots import SLOTS
from tests.support.fakes import FakeClock, FakeQueue, FakeSchedule
from tests.support.makers import NOON, a_user

INTERVALS = st.sampled_from([10, 12, 15, 20, 30, 60])
MINUTE = timedelta(minutes=1)
USERS = [a_user(1000 + slot) for slot in range(SLOTS)]
"""One in each slot, whatever slot they would have."""


@dataclass(kw_only=True)
class Hours:
    """One user in each slot, signed in at noon or so; when each was refreshed.

    A message is worked off at once, and refreshes whoever's tokens are older than it.
    """

    signed_in_at: datetime
    schedule: FakeSchedule = field(
        default_factory=lambda: FakeSchedule(pages={slot: [[user.pk]] for slot, user in enumerate(USERS)})
    )

    def __post_init__(self) -> None:
        self.fresh_at = {user: [self.signed_in_at] for user in USERS}

    def pass_by(self, minutes: range, *, interval: int) -> None:
        for minute in minutes:
            now, queue = NOON + minute * MINUTE, FakeQueue()
            scheduler = Scheduler(schedule=self.schedule, queue=queue, interval=interval, clock=FakeClock(now))
            scheduler.run(event_time=now, time_left=lambda: MINUTE)
            for due in queue.sent:
                if self.fresh_at[due.user][-1] < due.due_at:
                    self.fresh_at[due.user].append(now)

    def longest(self, until: datetime) -> timedelta:
        """Give the longest time that anybody's tokens were not renewed."""
        return max(later - earlier for times in self.fresh_at.values() for earlier, later in pairwise([*times, until]))


@given(INTERVALS, st.integers(0, 3600))
def test_everybody_is_refreshed_at_most_one_interval_after_sign_in_and_then_once_in_each(
    interval: int, second: int
) -> None:
    hours = Hours(signed_in_at=NOON + timedelta(seconds=second))

    hours.pass_by(range(second // 60 + 1, 240), interval=interval)

    assert hours.longest(NOON + 240 * MINUTE) <= interval * MINUTE
    assert {later - earlier for times in hours.fresh_at.values() for earlier, later in pairwise(times[1:])} == {
        interval * MINUTE
    }


@given(INTERVALS, INTERVALS, st.integers(70, 200), st.integers(0, 5))
def test_a_changed_interval_makes_nobody_wait_for_longer_than_the_longer_of_the_two(
    before: int, after: int, changed: int, missed: int
) -> None:
    hours = Hours(signed_in_at=NOON - MINUTE)

    hours.pass_by(range(changed), interval=before)
    hours.pass_by(range(changed + missed, changed + 150), interval=after)

    assert hours.longest(NOON + (changed + 150) * MINUTE) <= (max(before, after) + missed) * MINUTE


@given(INTERVALS, st.lists(st.integers(0, 239), max_size=40), st.integers(0, 3600))
def test_missed_minutes_delay_nobody_for_longer_than_they_last(interval: int, missed: list[int], second: int) -> None:
    hours = Hours(signed_in_at=NOON + timedelta(seconds=second))
    longest_gap, gap = 0, 0

    for minute in range(second // 60 + 1, 240):
        gap = gap + 1 if minute in missed else 0
        longest_gap = max(longest_gap, gap)
        if not gap:
            hours.pass_by(range(minute, minute + 1), interval=interval)

    assert hours.longest(NOON + 240 * MINUTE) <= (interval + longest_gap) * MINUTE
