"""Refreshes that LivePerson refuses by a 4xx which says no more: when three of them in a row end a grant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.scheduled import class_of
from le_auth.errors import (
    RefusedForGoodError,
    RequestRefusedError,
    RotationLostError,
    SentinelUnavailableError,
)
from tests.support.makers import ADA, BOB, HALF_AN_HOUR, a_user

if TYPE_CHECKING:
    from tests.support.fakes_world import World


def refuse(world: World) -> None:
    world.endpoint.order(RequestRefusedError("4xx"))
    world.refresh()


def test_three_refusals_in_a_row_end_the_grant_where_the_account_works(world: World) -> None:
    for _ in range(2):
        with pytest.raises(RequestRefusedError):
            refuse(world)
        world.clock.go_on(HALF_AN_HOUR)
    world.have(BOB)
    world.endpoint.order(world.answer())
    world.refresh(BOB)

    with pytest.raises(RefusedForGoodError) as lost:
        refuse(world)
    assert (world.ada.status, world.ada.last_error) == (Status.REAUTHORIZE, "refused_for_good")
    assert lost.value.is_news


def refused_twice(world: World) -> None:
    """Have a user refused in two intervals, and another one of the account refreshed in the third."""
    world.have(ADA, failures=2, last_error="request_refused", refused_since=world.clock.now - 2 * HALF_AN_HOUR)
    world.have(BOB)
    world.endpoint.order(world.answer())
    world.refresh(BOB)


def test_the_end_after_three_refusals_is_known_though_its_first_answer_was_lost(world: World) -> None:
    refused_twice(world)
    world.table.lose_answer("end_grant")

    with pytest.raises(RefusedForGoodError) as lost:
        refuse(world)
    assert lost.value.is_news


def test_three_refusals_after_an_attempt_of_unknown_end_are_a_lost_rotation(world: World) -> None:
    refused_twice(world)
    world.table.put(replace(world.ada, unsettled=1, grace_given=True))

    with pytest.raises(RotationLostError):
        refuse(world)
    assert world.ada.last_error == "rotation_lost"


@pytest.mark.parametrize("seconds", [0, 60, 29 * 60])
def test_a_message_that_comes_again_and_again_is_one_refusal(world: World, seconds: int) -> None:
    due_at = world.clock.now
    for _ in range(4):
        world.endpoint.order(RequestRefusedError("4xx"))
        world.have(BOB)
        world.endpoint.order(world.answer())
        with pytest.raises(RequestRefusedError):
            world.refresh(terms=world.refresher.terms(due_at=due_at))
        world.refresh(BOB)
        world.clock.go_on(timedelta(seconds=seconds) / 4)

    assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, 1)


def test_a_success_before_the_first_refusal_is_no_proof_that_the_account_works(world: World) -> None:
    """An outage that begins in the midst of a minute must not end those whom it met first."""
    world.have(BOB)
    world.endpoint.order(world.answer())
    world.refresh(BOB)
    for seconds in (3, 2, 1):
        due_at = world.clock.now
        world.clock.go_on(timedelta(seconds=seconds))
        world.endpoint.order(RequestRefusedError("4xx"))
        with pytest.raises(RequestRefusedError):
            world.refresh(terms=world.refresher.terms(due_at=due_at))
        world.clock.go_on(HALF_AN_HOUR - timedelta(seconds=seconds))

    assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, 3)


def test_a_refusal_by_a_clock_that_is_behind_counts_once_too(world: World) -> None:
    for _ in range(2):
        world.endpoint.order(RequestRefusedError("4xx"))
        with pytest.raises(RequestRefusedError):
            world.refresh(terms=world.refresher.terms(due_at=world.clock.now + timedelta(minutes=1)))

    assert world.ada.failures == 1


def test_three_refusals_in_a_row_end_nothing_where_nobody_of_the_account_was_refreshed(world: World) -> None:
    for failures in (1, 2, 3, 4):
        with pytest.raises(RequestRefusedError) as refused:
            refuse(world)
        assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, failures)
        assert class_of(refused.value) == ("refused" if failures < 3 else "configuration")
        world.clock.go_on(HALF_AN_HOUR)


def test_a_users_own_last_success_is_no_proof_that_the_account_works(world: World) -> None:
    world.endpoint.order(world.answer())
    world.refresh()
    for _ in range(3):
        world.clock.go_on(HALF_AN_HOUR)
        with pytest.raises(RequestRefusedError):
            refuse(world)
    assert world.ada.status is Status.ACTIVE


def test_a_success_of_another_account_is_no_proof(world: World) -> None:
    world.have(a_user(1, account_id="le12345678"))
    world.endpoint.order(world.answer())
    world.refresh(a_user(1, account_id="le12345678"))

    for _ in range(3):
        with pytest.raises(RequestRefusedError):
            refuse(world)


def test_another_failure_between_breaks_the_row_of_refusals(world: World) -> None:
    world.have(BOB)
    world.endpoint.order(world.answer())
    world.refresh(BOB)
    world.have(ADA, failures=2, last_error="request_refused", refused_since=world.clock.now - 2 * HALF_AN_HOUR)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    with pytest.raises(RequestRefusedError):
        refuse(world)
    assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, 1)
