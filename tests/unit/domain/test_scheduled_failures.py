from __future__ import annotations

from datetime import timedelta

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Status
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.scheduled import class_of, pause_after
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
from tests.support.fakes_world import World, limited
from tests.support.makers import ADA, BOB, CAROL, HALF_AN_HOUR, NOON

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


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
    for failures in range(9):
        world.have(ADA, failures=failures)
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


@pytest.mark.parametrize(
    ("failures", "retry_after", "pause"), [(3, 60, 120), (3, 200, 200), (9, 1, 480), (9, 599, 599), (9, 601, 600)]
)
def test_429_never_comes_back_sooner_than_another_failure_would_nor_later_than_an_interval(
    failures: int, retry_after: int, pause: int
) -> None:
    world = World(interval=10 * MINUTE)
    world.have(ADA, failures=failures)

    assert world.fails_with(limited(retry_after)).retry_after == pause * SECOND


def test_retry_after_of_another_answer_than_429_is_not_asked(world: World) -> None:
    error = SentinelUnavailableError("503", retry_after=900)

    assert world.fails_with(error).retry_after == 5 * SECOND


@pytest.mark.parametrize("error", [DomainApiUnavailableError("down"), SecretsUnavailableError("down")])
def test_what_was_missed_before_the_lease_is_not_counted_and_comes_back_in_two_minutes(
    world: World, error: LeAuthError
) -> None:
    if isinstance(error, DomainApiUnavailableError):
        world.sentinels.error = error
    else:
        world.secrets.error = error

    result = world.work()

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", "transient", 2 * MINUTE)
    assert world.ada.failures == 0


def test_a_table_that_cannot_be_written_is_transient_and_comes_back_in_two_minutes(world: World) -> None:
    world.table.fail("lease")

    result = world.work()

    assert (result.error_class, result.reason, result.retry_after) == ("transient", "table_unavailable", 2 * MINUTE)


def test_another_refusal_is_not_tried_again_this_interval(world: World) -> None:
    result = world.fails_with(RequestRefusedError("4xx"))

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", "refused", None)


@pytest.mark.parametrize(
    ("unsettled", "reason"), [(0, "invalid_grant"), (1, "rotation_lost")], ids=["revoked", "possibly lost"]
)
def test_a_permanent_failure_is_told_and_never_comes_back(world: World, unsettled: int, reason: str) -> None:
    world.have(ADA, unsettled=unsettled, grace_given=True)

    result = world.fails_with(GrantRevokedError("invalid_grant"))

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", "permanent", None)
    assert (result.reason, world.ada.status) == (reason, Status.REAUTHORIZE)


def test_a_save_that_fails_until_the_lease_ends_is_a_lost_rotation(world: World) -> None:
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())

    world.rescues.outages = 1000

    result = world.work()

    assert (result.error_class, result.reason, result.retry_after) == ("unknown_outcome", "rotation_lost", None)
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
    assert (waits.outcome, waits.reason, waits.retry_after) == ("left", "account_waits", 2 * MINUTE)
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
