from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Status
from le_auth.domain.refresh import LEASE_TIME, LONGEST
from le_auth.domain.scheduled import Batch, DueToken, class_of, pause_after
from le_auth.errors import (
    ClientRefusedError,
    DomainApiUnavailableError,
    GrantRevokedError,
    IdentityMismatchError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    RotationLostError,
    SealingKeyError,
    SecretError,
    SecretsUnavailableError,
    SentinelHostError,
    SentinelUnavailableError,
    SettingError,
    TableUnavailableError,
)
from tests.support.fakes_world import World, a_batch
from tests.support.makers import ADA, BOB, CAROL, HALF_AN_HOUR, NOON, a_user

if TYPE_CHECKING:
    from le_auth.domain.users import User

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def limited(retry_after: int | None) -> SentinelUnavailableError:
    return SentinelUnavailableError("429", retry_after=retry_after, limited=True)


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
    result = world.work(batch=Batch(ends_at=NOON + left))

    assert (result.outcome, result.reason, result.retry_after) == ("left", "invocation_ends", SECOND)
    assert world.table.writes == []


def test_a_refresh_is_begun_when_there_is_just_time_enough(world: World) -> None:
    world.endpoint.order(world.answer())

    assert world.work(batch=Batch(ends_at=NOON + LONGEST)).outcome == "refreshed"


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
    world.have(ADA, status=status)

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("left", "not_active", None)


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

    assert (result.reason, result.retry_after, world.ada.slot) == ("idle", MINUTE, slot)


def test_an_idle_grant_that_cannot_be_written_comes_back(world: World) -> None:
    world.have(ADA, last_used_at=NOON - timedelta(days=15))
    world.table.fail("rest_idle")

    assert world.work().retry_after == MINUTE


# ---- classes of failures ----


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GrantRevokedError(), "permanent"),
        (RotationLostError(), "permanent"),
        (IdentityMismatchError(), "permanent"),
        (ClientRefusedError(), "configuration"),
        (SettingError(), "configuration"),
        (SecretError(), "configuration"),
        (SealingKeyError(), "configuration"),
        (SentinelHostError(), "configuration"),
        (RequestRefusedError(), "refused"),
        (OutcomeUnknownError(), "unknown_outcome"),
        (SentinelUnavailableError(""), "transient"),
        (DomainApiUnavailableError(), "transient"),
        (TableUnavailableError(), "transient"),
        (SecretsUnavailableError(), "transient"),
    ],
)
def test_each_error_has_its_class(error: LeAuthError, expected: str) -> None:
    assert class_of(error) == expected


@pytest.mark.parametrize("error", [SentinelUnavailableError("5xx"), OutcomeUnknownError("broken")])
def test_pauses_are_those_that_liveperson_asks_for(world: World, error: LeAuthError) -> None:
    pauses = []
    for _ in range(9):
        pause = world.fails_with(error).retry_after
        assert pause is not None
        pauses.append(pause.total_seconds())

    assert pauses == [5, 10, 15, 120, 240, 480, 480, 480, 480]


def test_the_pause_after_a_number_of_failures_is_never_longer_than_eight_minutes() -> None:
    assert [pause_after(failures) / SECOND for failures in (1, 2, 3, 4, 5, 6, 7, 1000)] == [
        5, 10, 15, 120, 240, 480, 480, 480,
    ]  # fmt: skip


def test_a_success_begins_the_pauses_anew(world: World) -> None:
    world.fails_with(SentinelUnavailableError("5xx"))
    world.fails_with(SentinelUnavailableError("5xx"))
    world.endpoint.order(world.answer())
    world.work()
    world.clock.go_on(HALF_AN_HOUR)

    assert world.fails_with(SentinelUnavailableError("5xx")).retry_after == 5 * SECOND


def test_an_unknown_outcome_is_counted_on_its_own(world: World) -> None:
    result = world.fails_with(OutcomeUnknownError("broken"))

    assert (result.outcome, result.error_class, world.ada.unsettled) == ("failed", "unknown_outcome", 1)


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [(None, 5), (0, 5), (1, 5), (5, 5), (6, 6), (100, 100), (1800, 1800), (1801, 1800), (86_400, 1800)],
)
def test_429_honours_retry_after_from_five_seconds_to_an_interval(
    world: World, retry_after: int | None, pause: int
) -> None:
    assert world.fails_with(limited(retry_after)).retry_after == pause * SECOND


def test_429_without_retry_after_takes_the_regular_pauses(world: World) -> None:
    pauses = [world.fails_with(limited(None)).retry_after for _ in range(4)]

    assert pauses == [5 * SECOND, 10 * SECOND, 15 * SECOND, 120 * SECOND]


def test_retry_after_of_another_answer_than_429_is_not_asked(world: World) -> None:
    error = SentinelUnavailableError("503", retry_after=900)

    assert world.fails_with(error).retry_after == 5 * SECOND


@pytest.mark.parametrize("error", [DomainApiUnavailableError("down"), SecretsUnavailableError("down")])
def test_what_was_missed_before_the_lease_is_not_counted_and_comes_back_in_a_minute(
    world: World, error: LeAuthError
) -> None:
    if isinstance(error, DomainApiUnavailableError):
        world.sentinels.error = error
    else:
        world.secrets.error = error

    result = world.work()

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", "transient", MINUTE)
    assert world.ada.failures == 0


def test_a_table_that_cannot_be_written_is_transient_and_comes_back_in_a_minute(world: World) -> None:
    world.table.fail("lease")

    result = world.work()

    assert (result.error_class, result.reason, result.retry_after) == ("transient", "table_unavailable", MINUTE)


def test_another_refusal_is_not_tried_again_this_interval(world: World) -> None:
    result = world.fails_with(RequestRefusedError("4xx"))

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", "refused", None)


@pytest.mark.parametrize(
    ("unsettled", "reason"), [(0, "invalid_grant"), (1, "rotation_lost")], ids=["revoked", "possibly lost"]
)
def test_a_permanent_failure_is_told_and_never_comes_back(world: World, unsettled: int, reason: str) -> None:
    world.have(ADA, unsettled=unsettled)

    result = world.fails_with(GrantRevokedError("invalid_grant"))

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", "permanent", None)
    assert (result.reason, world.ada.status) == (reason, Status.REAUTHORIZE)


def test_a_save_that_fails_until_the_lease_ends_is_a_lost_rotation(world: World) -> None:
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())

    result = world.work()

    assert (result.error_class, result.reason) == ("permanent", "rotation_lost")
    assert world.clock.now <= NOON + LEASE_TIME - LEASE_CLOCK_SKEW


# ---- accounts that wait ----


def test_a_wrong_configuration_makes_its_account_wait_while_others_go_on(world: World) -> None:
    world.have(BOB)
    world.have(CAROL)
    failed = world.fails_with(ClientRefusedError("401"))
    world.clock.go_on(30 * SECOND)

    waits = world.work(BOB)
    world.endpoint.order(world.answer())
    goes_on = world.work(CAROL)

    assert (failed.outcome, failed.error_class, failed.retry_after) == ("failed", "configuration", 2 * MINUTE)
    assert (waits.outcome, waits.reason, waits.retry_after) == ("left", "account_waits", 90 * SECOND)
    assert goes_on.outcome == "refreshed"


def test_an_account_goes_on_when_it_has_waited(world: World) -> None:
    world.have(BOB)
    world.fails_with(ClientRefusedError("401"))
    world.clock.go_on(2 * MINUTE)
    world.endpoint.order(world.answer())

    assert world.work(BOB).outcome == "refreshed"


def test_one_value_that_does_not_open_does_not_make_the_account_wait(world: World) -> None:
    world.have(BOB)
    world.sealers.known = world.sealers.afresh = ["k9"]
    failed = world.work()
    world.sealers.known = ["k1"]
    world.endpoint.order(world.answer())

    assert (failed.reason, failed.retry_after) == ("sealing_key", 2 * MINUTE)
    assert world.work(BOB).outcome == "refreshed"


# ---- outages ----


def some_users(world: World, number: int) -> list[User]:
    users = [a_user(1000 + index) for index in range(number)]
    for user in users:
        world.have(user)
    return users


def test_when_the_first_five_fail_alike_the_rest_is_handed_back_unsent(world: World) -> None:
    users, batch = some_users(world, 8), a_batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert [result.reason for result in results] == ["sentinel_unavailable"] * 5 + ["outage"] * 3
    assert [result.retry_after for result in results[5:]] == [5 * SECOND] * 3
    assert len(world.endpoint.requests) == 5


def test_the_rest_waits_as_long_as_the_longest_of_the_failed(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.endpoint.order(limited(7), limited(60), limited(None), limited(9), limited(None))

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].retry_after == 60 * SECOND


@pytest.mark.parametrize(
    "odd", [OutcomeUnknownError("broken"), RequestRefusedError("4xx"), GrantRevokedError("gone"), None]
)
def test_one_of_the_first_five_that_ends_otherwise_is_no_outage(world: World, odd: LeAuthError | None) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 2, odd or world.answer())
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 2, world.answer())

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].outcome == "refreshed"


def test_failures_of_two_kinds_are_no_outage(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.table.fail("lease")
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 4, world.answer())

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].outcome == "refreshed"


def test_messages_that_were_left_alone_count_for_no_outage(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.work(a_user(1), batch=batch)
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].reason == "outage"


def test_the_next_batch_begins_without_prejudice(world: World) -> None:
    users = some_users(world, 6)
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5, world.answer())
    batch = a_batch()
    for user in users[:5]:
        world.work(user, batch=batch)

    assert world.work(users[5], batch=a_batch()).outcome == "refreshed"
