from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.domain.grants import Status
from le_auth.domain.refresh import LONGEST
from le_auth.domain.scheduled import Batch, DueToken
from le_auth.errors import GrantRevokedError
from tests.support.fakes import until
from tests.support.fakes_world import World
from tests.support.makers import ADA, BOB, HALF_AN_HOUR, NOON, a_user

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


# ---- messages ----


def test_a_message_names_the_users_key_and_when_the_tokens_were_due() -> None:
    message = DueToken(user=ADA, due_at=NOON).write()

    assert json.loads(message) == {"pk": ADA.pk, "due_at": 1773057600}


@given(st.from_regex(r"[0-9]{1,20}", fullmatch=True), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants bounds without zone
def test_a_message_is_read_back_as_it_was(user_id: str, due_at: datetime) -> None:
    due = DueToken(user=a_user(int(user_id)), due_at=due_at.replace(microsecond=0, tzinfo=UTC))

    assert DueToken.read(due.write()) == due


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "[]",
        "1",
        "null",
        "{}",
        '{"pk": "1#2"}',
        '{"due_at": 1}',
        '{"pk": 1, "due_at": 1}',
        '{"pk": "#scheduler", "due_at": 1}',
        '{"pk": "1#2", "due_at": "1"}',
        '{"pk": "1#2", "due_at": 1e30}',
        '{"pk": "1#2", "due_at": NaN}',
        '{"pk": "1#2", "due_at": 10000000000000}',
        "[" * 100_000,
    ],
)
def test_what_is_no_scheduled_message_is_refused(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words for some
        DueToken.read(body)


# ---- what becomes of a message ----


def test_a_due_token_is_refreshed_and_its_age_is_told(world: World) -> None:
    world.endpoint.order(world.answer())

    result = world.work()

    assert (result.outcome, result.retry_after, result.token_age) == ("refreshed", None, HALF_AN_HOUR)
    assert world.ada.generation == 8


def test_a_doubled_message_finds_the_tokens_fresh_and_is_done(world: World) -> None:
    world.endpoint.order(world.answer())
    world.work()

    again = world.work(due_at=NOON)

    assert (again.outcome, again.reason, again.retry_after) == ("left", "fresh", None)
    assert len(world.endpoint.requests) == 1


def test_a_message_older_than_an_interval_is_dropped(world: World) -> None:
    result = world.work(due_at=NOON - HALF_AN_HOUR)

    assert (result.outcome, result.reason, result.retry_after) == ("left", "successor_is_due", None)
    assert world.table.writes == []


def test_a_message_a_little_younger_than_an_interval_is_worked_off(world: World) -> None:
    world.have(ADA, refreshed_at=NOON - 2 * HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    assert world.work(due_at=NOON - HALF_AN_HOUR + SECOND).outcome == "refreshed"


@pytest.mark.parametrize("left", [LONGEST - SECOND, timedelta(), -SECOND])
def test_no_refresh_is_begun_that_the_invocation_could_not_finish(world: World, left: timedelta) -> None:
    result = world.work(batch=Batch(time_left=until(NOON + left, by=world.clock)))

    assert (result.outcome, result.reason, result.retry_after) == ("left", "invocation_ends", SECOND)
    assert world.table.writes == []


def test_a_refresh_is_begun_when_there_is_just_time_enough(world: World) -> None:
    world.endpoint.order(world.answer())

    assert world.work(batch=Batch(time_left=until(NOON + LONGEST, by=world.clock))).outcome == "refreshed"


def test_a_refresh_is_not_begun_when_getting_ready_for_it_took_too_long(world: World) -> None:
    world.sentinels.clock, world.sentinels.takes = world.clock, 2 * SECOND

    result = world.work(batch=Batch(time_left=until(NOON + LONGEST + SECOND, by=world.clock)))

    assert (result.outcome, result.reason, result.retry_after) == ("left", "invocation_ends", SECOND)
    assert (world.table.writes, world.endpoint.requests) == ([], [])


# ---- a refused lease is looked at ----


def test_a_message_comes_back_a_second_after_anothers_lease_ends(world: World) -> None:
    world.have(ADA, lease_owner="another", lease_until=NOON + 70 * SECOND)

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("left", "held", 71 * SECOND)


def test_a_lease_that_just_ended_is_tried_again_at_once(world: World) -> None:
    world.have(ADA, lease_owner="another", lease_until=NOON)

    assert world.work().retry_after == SECOND


@pytest.mark.parametrize("status", [Status.REAUTHORIZE, Status.SIGNED_OUT])
def test_a_user_who_is_no_longer_signed_in_is_left_alone(world: World, status: Status) -> None:
    world.have(ADA, status=status, slot=None)

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("left", "not_active", None)


def test_a_loss_that_nobody_may_have_been_told_of_is_reported_by_the_next_message(world: World) -> None:
    """Whoever stored it may have died before it said so, or never have heard that the table took it."""
    world.have(ADA, unsettled=1, grace_given=True)
    world.table.do_but_fail("end_grant")
    world.table.fail("end_grant", times=1000)
    world.endpoint.order(GrantRevokedError("invalid_grant"))
    assert world.work().reason == "table_unavailable"
    assert world.ada.status is Status.REAUTHORIZE

    result = world.work()

    assert (result.outcome, result.reason, result.error_class) == ("failed", "rotation_lost", "permanent")
    assert len(world.endpoint.requests) == 1


def test_a_loss_that_was_told_is_not_reported_again(world: World) -> None:
    world.endpoint.order(GrantRevokedError("invalid_grant"))
    assert world.work().error_class == "permanent"

    world.refresher.note_loss_told(ADA)

    assert (world.ada.slot, world.work().reason) == (None, "not_active")


def test_that_a_loss_was_told_does_not_take_a_new_sign_in_out_of_the_schedule(world: World) -> None:
    world.endpoint.order(GrantRevokedError("invalid_grant"))
    world.work()
    world.sign_in_again()

    world.refresher.note_loss_told(ADA)

    assert world.ada.slot is not None


def test_a_table_that_cannot_note_that_a_loss_was_told_stops_nothing(world: World) -> None:
    world.endpoint.order(GrantRevokedError("invalid_grant"))
    world.work()
    world.table.fail("note_loss_told", times=1)

    world.refresher.note_loss_told(ADA)

    assert world.work().error_class == "permanent"


def test_a_user_who_is_gone_is_left_alone(world: World) -> None:
    result = world.work(BOB)

    assert (result.outcome, result.reason, result.retry_after) == ("left", "gone", None)


def test_losing_the_race_against_a_new_sign_in_is_no_failure(world: World) -> None:
    world.table.before("save_refresh", lambda: world.have(ADA, generation=1_000, refreshed_at=NOON))
    world.endpoint.order(world.answer())

    result = world.work()

    assert (result.outcome, result.reason, result.error_class) == ("left", "fresh", None)


def test_losing_the_race_against_a_sign_out_is_no_failure(world: World) -> None:
    world.table.before("save_refresh", lambda: world.have(ADA, generation=1_000, status=Status.SIGNED_OUT))
    world.endpoint.order(world.answer())

    assert (world.work().reason, world.ada.status) == ("not_active", Status.SIGNED_OUT)


def test_a_lost_answer_of_the_save_is_success(world: World) -> None:
    world.table.lose_answer("save_refresh")
    world.endpoint.order(world.answer())

    assert world.work().outcome == "refreshed"


# ---- idle ----


def test_a_grant_that_nobody_used_for_too_long_leaves_the_schedule_unsent(world: World) -> None:
    world.have(ADA, last_used_at=NOON - timedelta(days=14, seconds=1))

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("left", "idle", None)
    assert (world.ada.slot, world.ada.status) == (None, Status.ACTIVE)
    assert world.endpoint.requests == []


def test_a_grant_used_just_in_time_is_refreshed(world: World) -> None:
    world.have(ADA, last_used_at=NOON - timedelta(days=14))
    world.endpoint.order(world.answer())

    assert world.work().outcome == "refreshed"


def test_without_an_idle_time_refreshing_never_stops() -> None:
    world = World(idle=None)
    world.have(ADA, last_used_at=NOON - timedelta(days=400))
    world.endpoint.order(world.answer())

    assert world.work().outcome == "refreshed"


def test_an_idle_grant_used_meanwhile_stays_in_the_schedule_and_comes_back(world: World) -> None:
    slot = world.have(ADA, last_used_at=NOON - timedelta(days=15)).slot
    world.table.before("rest_idle", lambda: world.have(ADA, last_used_at=NOON))

    result = world.work()

    assert (result.reason, result.retry_after, world.ada.slot) == ("idle", 2 * MINUTE, slot)


def test_an_idle_grant_that_cannot_be_written_comes_back(world: World) -> None:
    world.have(ADA, last_used_at=NOON - timedelta(days=15))
    world.table.fail("rest_idle")

    assert world.work().retry_after == 2 * MINUTE
