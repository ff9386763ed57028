from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Status
from le_auth.errors import (
    ClientRefusedError,
    DomainApiUnavailableError,
    GraceGivenError,
    LeAuthError,
    OutcomeUnknownError,
    RefreshUnderWayError,
    RequestRefusedError,
    RescuePendingError,
    RotationUnsavedError,
    SealingKeyError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.fakes_world import limited
from tests.support.makers import ADA, BOB, HALF_AN_HOUR
from tests.support.vending import has_token, vend

if TYPE_CHECKING:
    from tests.support.fakes_world import World

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
JUST_SHORT = HALF_AN_HOUR - SECOND


# ---- no fresh token to be had ----

FAILURES = [SentinelUnavailableError("5xx"), OutcomeUnknownError("broken"), RequestRefusedError("4xx"), limited(7)]


@pytest.mark.parametrize("error", FAILURES)
def test_where_sentinel_fails_a_young_token_serves(world: World, error: LeAuthError) -> None:
    has_token(world, age=2 * HALF_AN_HOUR - SECOND)
    world.endpoint.order(error)

    vended = vend(world)

    assert (vended.access_token.reveal(), vended.refreshed) == ("access-canary-old", None)
    assert vended.failure is error


@pytest.mark.parametrize("error", FAILURES)
def test_where_sentinel_fails_an_old_token_does_not(world: World, error: LeAuthError) -> None:
    has_token(world, age=2 * HALF_AN_HOUR)
    world.endpoint.order(error)

    with pytest.raises(type(error)):
        vend(world)
    assert world.ada.status is Status.ACTIVE


def test_a_token_that_has_run_out_is_not_young(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, valid_for=timedelta())
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        vend(world)


def test_a_token_that_has_not_yet_run_out_serves_where_no_longer_one_is_to_be_had(world: World) -> None:
    has_token(world, age=5 * MINUTE, valid_for=SECOND)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    assert vend(world, min_valid=HOUR).access_token.reveal() == "access-canary-old"


def test_what_a_refresh_needs_may_fail_too(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.sentinels.error = DomainApiUnavailableError("down")

    assert isinstance(vend(world).failure, DomainApiUnavailableError)
    assert world.table.writes == ["find"]


def test_where_the_secret_is_refused_a_young_token_serves_and_nobody_is_signed_out(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(ClientRefusedError("401"))

    assert isinstance(vend(world).failure, ClientRefusedError)
    assert (world.ada.status, world.ada.failures, world.ada.lease_owner) == (Status.ACTIVE, 0, None)


def test_after_an_unknown_end_a_young_token_serves_while_the_grace_is_given(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, unsettled=1)

    assert isinstance(vend(world).failure, GraceGivenError)
    assert isinstance(vend(world).failure, RefreshUnderWayError)
    assert world.endpoint.requests == []


def test_while_rescued_tokens_wait_a_young_token_serves(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, unsettled=1, grace_given=True)
    world.rescues.outages = 1

    assert isinstance(vend(world).failure, RescuePendingError)
    assert (world.ada.grace_given, world.ada.unsettled, world.ada.failures) == (True, 1, 0)


def test_a_rotation_that_was_lost_is_told_although_a_young_token_serves(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.fail("save_refresh", times=1000)
    world.rescues.outages = 1000
    world.endpoint.order(world.answer())

    assert isinstance(vend(world).failure, RotationUnsavedError)


def test_without_the_table_there_is_no_token(world: World) -> None:
    world.table.fail("find")

    with pytest.raises(TableUnavailableError):
        vend(world)


def test_without_the_key_there_is_no_token(world: World) -> None:
    has_token(world, age=JUST_SHORT)
    world.sealers.known = world.sealers.afresh = ["k9"]

    with pytest.raises(SealingKeyError):
        vend(world)


def test_an_item_without_tokens_is_no_crash(world: World) -> None:
    has_token(world, age=JUST_SHORT)
    world.table.put(replace(world.ada, sealed=None))

    with pytest.raises(SealingKeyError):
        vend(world)


# ---- refusals ----


def test_a_refusal_that_a_back_end_meets_again_and_again_ends_nothing(world: World) -> None:
    """Three refusals in a row end a grant, but they have to lie an interval apart."""
    world.have(BOB)
    world.endpoint.order(world.answer())
    world.refresh(BOB)
    world.have(ADA)
    for _ in range(10):
        world.endpoint.order(RequestRefusedError("4xx"))
        vend(world)

    assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, 0)


@pytest.mark.parametrize(
    ("failures", "last_error"), [(2, "sentinel_unavailable"), (2, "request_refused"), (3, "request_refused")]
)
def test_a_refusal_on_demand_leaves_the_schedules_count_alone(world: World, failures: int, last_error: str) -> None:
    world.have(BOB)
    world.endpoint.order(world.answer(), RequestRefusedError("4xx"))
    world.refresh(BOB)
    world.have(ADA, failures=failures, last_error=last_error)

    vend(world)

    assert (world.ada.status, world.ada.failures, world.ada.last_error) == (Status.ACTIVE, failures, last_error)
    assert (world.ada.lease_owner, world.ada.unsettled) == (None, 0)
