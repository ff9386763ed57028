from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from le_auth.domain.checkpoint import Cursor
from le_auth.domain.scheduler import SECONDS_KEPT, Round, Scheduler
from tests.support.fakes import FakeClock, FakeQueue, FakeSchedule, until
from tests.support.makers import ADA, BOB, CAROL, NOON, OTHER_ACCOUNT, a_user

MINUTE = int(NOON.timestamp()) // 60
A_WHILE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DAVE = a_user(43, account_id=OTHER_ACCOUNT)


def run(schedule: FakeSchedule, queue: FakeQueue, *, clock: FakeClock | None = None, seconds: int = 4) -> Round:
    """Run the round of an event that fired a few seconds after noon."""
    clock = clock or FakeClock()
    scheduler = Scheduler(schedule=schedule, queue=queue, interval=30, clock=clock)
    return scheduler.run(event_time=NOON + timedelta(seconds=seconds), time_left=until(NOON + A_WHILE, by=clock))


def test_each_token_of_the_due_slots_gets_a_message_that_names_the_minute() -> None:
    queue = FakeQueue()
    schedule = FakeSchedule(pages={0: [[ADA.pk], [BOB.pk]], 30: [[CAROL.pk]], 7: [["1#1"]]}, finished=MINUTE - 1)

    done = run(schedule, queue, seconds=59)

    assert [due.user for due in queue.sent] == [ADA, BOB, CAROL]
    assert {due.due_at for due in queue.sent} == {NOON}
    assert (done, schedule.slots_read) == (Round(minutes=1, due=3, complete=True), [0, 30])


def test_the_checkpoint_advances_after_sending() -> None:
    schedule = FakeSchedule(pages={0: [[ADA.pk]]}, finished=MINUTE - 1)

    run(schedule, FakeQueue())

    assert schedule.finished == MINUTE


def test_a_queue_that_refuses_keeps_the_checkpoint_where_it_is() -> None:
    schedule = FakeSchedule(pages={0: [[ADA.pk]]}, finished=MINUTE - 1)

    with pytest.raises(RuntimeError, match="full"):
        run(schedule, FakeQueue(error=RuntimeError("full")))
    assert schedule.finished == MINUTE - 1


def test_a_minute_without_due_tokens_is_finished_all_the_same() -> None:
    schedule = FakeSchedule(finished=MINUTE - 1)

    assert run(schedule, FakeQueue()) == Round(minutes=1, due=0, complete=True)
    assert schedule.finished == MINUTE


def test_missed_minutes_are_worked_off_oldest_first_under_their_own_time() -> None:
    queue = FakeQueue()
    schedule = FakeSchedule(pages={28: [[ADA.pk]], 59: [[BOB.pk]], 0: [[CAROL.pk]]}, finished=MINUTE - 3)

    done = run(schedule, queue)

    assert done == Round(minutes=3, due=3, complete=True)
    ages = [(NOON - due.due_at) // A_WHILE for due in queue.sent]
    assert ages == [2, 1, 0]


def test_a_doubled_event_sends_nothing() -> None:
    queue, schedule = FakeQueue(), FakeSchedule(pages={0: [[ADA.pk]]}, finished=MINUTE)

    assert run(schedule, queue) == Round(minutes=0, due=0, complete=True)
    assert queue.sent == []


@pytest.mark.parametrize("stranger", ["", "#scheduler", "13099967", "a#b#c", "13099967#" + "1" * 65])
def test_a_key_that_is_no_users_is_skipped_and_the_others_are_sent(stranger: str) -> None:
    queue = FakeQueue()
    schedule = FakeSchedule(pages={0: [[stranger, ADA.pk], [stranger]], 30: [[BOB.pk]]}, finished=MINUTE - 1)

    done = run(schedule, queue)

    assert [due.user for due in queue.sent] == [ADA, BOB]
    assert (done, schedule.finished) == (Round(minutes=1, due=2, skipped=2, complete=True), MINUTE)


def test_the_first_event_ever_works_off_its_minute() -> None:
    queue, schedule = FakeQueue(), FakeSchedule(pages={0: [[ADA.pk]]})

    assert run(schedule, queue).due == 1
    assert schedule.finished == MINUTE


def test_who_loses_the_checkpoint_to_another_invocation_stops() -> None:
    queue = FakeQueue()
    schedule = FakeSchedule(pages={28: [[ADA.pk]], 29: [[BOB.pk]]}, finished=MINUTE - 3, rival=MINUTE - 1)

    assert run(schedule, queue) == Round(minutes=0, due=1, complete=True)
    assert (schedule.finished, schedule.cursor) == (MINUTE - 1, None)


def test_who_met_another_at_the_same_minute_goes_on() -> None:
    schedule = FakeSchedule(finished=MINUTE - 3, rival=MINUTE - 2)

    assert run(schedule, FakeQueue()) == Round(minutes=3, due=0, complete=True)


# ---- time runs out ----


def run_short(schedule: FakeSchedule, queue: FakeQueue, *, pages: int) -> Round:
    """Run a round in which there is time for so many pages."""
    queue.clock, queue.takes = FakeClock(NOON + A_WHILE - SECONDS_KEPT - (pages - 1) * SECOND), SECOND
    return run(schedule, queue, clock=queue.clock)


IN_THEIR_ORDER = [BOB, CAROL, ADA, DAVE]


def four_pages(finished: int | None = MINUTE - 1) -> FakeSchedule:
    """Two pages in each of two slots, whose keys lie among one another."""
    return FakeSchedule(pages={0: [[BOB.pk], [CAROL.pk]], 30: [[ADA.pk], [DAVE.pk]]}, finished=finished)


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_when_time_runs_out_the_next_minute_goes_on_behind_what_was_sent(pages: int) -> None:
    queue, schedule = FakeQueue(), four_pages()

    assert run_short(schedule, queue, pages=pages) == Round(minutes=0, due=pages, complete=False)
    assert schedule.finished == MINUTE - 1
    assert run(schedule, queue) == Round(minutes=1, due=4 - pages, complete=True)

    assert [due.user for due in queue.sent] == IN_THEIR_ORDER
    assert (schedule.finished, schedule.cursor) == (MINUTE, None)


def test_a_minute_may_take_several_rounds() -> None:
    queue, schedule = FakeQueue(), four_pages()

    rounds = [run_short(schedule, queue, pages=1) for _ in range(4)]

    assert [each.complete for each in rounds] == [False, False, False, True]
    assert [due.user for due in queue.sent] == IN_THEIR_ORDER


def test_what_is_sent_later_is_due_at_its_own_minute() -> None:
    queue, schedule = FakeQueue(), four_pages()
    run_short(schedule, queue, pages=1)
    a_minute_later = Scheduler(schedule=schedule, queue=queue, interval=30, clock=FakeClock())

    done = a_minute_later.run(event_time=NOON + A_WHILE, time_left=lambda: A_WHILE)

    assert done == Round(minutes=2, due=3, complete=True)
    assert {due.due_at for due in queue.sent} == {NOON}


def test_a_cursor_is_good_for_its_own_minute_only() -> None:
    queue, schedule = FakeQueue(), four_pages()
    run_short(schedule, queue, pages=2)
    later = NOON + 30 * A_WHILE
    an_interval_later = Scheduler(schedule=schedule, queue=queue, interval=30, clock=FakeClock(later))

    done = an_interval_later.run(event_time=later, time_left=lambda: A_WHILE)

    assert done == Round(minutes=30, due=4, complete=True)
    assert [due.user for due in queue.sent] == [BOB, CAROL, *IN_THEIR_ORDER]


def test_the_first_minute_ever_is_continued_too() -> None:
    queue, schedule = FakeQueue(), four_pages(finished=None)
    run_short(schedule, queue, pages=1)

    assert run(schedule, queue) == Round(minutes=1, due=3, complete=True)


def test_without_time_for_a_single_page_the_checkpoint_stays() -> None:
    schedule = four_pages()

    assert run_short(schedule, FakeQueue(), pages=0) == Round(minutes=0, due=0, complete=False)
    assert (schedule.finished, schedule.cursor) == (MINUTE - 1, None)
    run_short(schedule, FakeQueue(), pages=2)
    run_short(schedule, FakeQueue(), pages=0)
    assert schedule.cursor == Cursor(slot=0, pk=CAROL.pk)


def test_who_runs_out_of_time_in_a_minute_that_another_finished_leaves_no_cursor() -> None:
    schedule = four_pages()
    schedule.rival = MINUTE

    run_short(schedule, FakeQueue(), pages=1)

    assert (schedule.finished, schedule.cursor) == (MINUTE, None)


# ---- the event ----


def test_the_minute_is_the_one_of_the_event_whenever_it_is_handled() -> None:
    late = FakeClock(NOON + timedelta(seconds=45))
    queue = FakeQueue()

    run(FakeSchedule(pages={0: [[ADA.pk]]}), queue, clock=late)

    assert queue.sent[0].due_at == datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
