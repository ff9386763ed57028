from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope
from le_auth.domain.on_demand import LONGEST_ASKED_WAIT, retry_after
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.errors import (
    ClientRefusedError,
    GraceGivenError,
    GrantMovedError,
    LeAuthError,
    NotSignedInError,
    RefreshUnderWayError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.fakes_world import limited
from tests.support.makers import ADA, HALF_AN_HOUR, NOON
from tests.support.vending import has_token, held_by_another, refreshed_by_another, vend

if TYPE_CHECKING:
    from tests.support.fakes_world import World

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


# ---- somebody else refreshes ----


def test_whoever_finds_another_refreshing_waits_and_gets_the_new_token(world: World) -> None:
    held_by_another(world)
    world.table.before("find", *[lambda: None] * 3, lambda: refreshed_by_another(world))

    vended = vend(world)

    assert (vended.refreshed, vended.refreshed_at) == (None, NOON + 3 * timedelta(milliseconds=200))
    assert world.endpoint.requests == []
    assert world.clock.pauses == [timedelta(milliseconds=200)] * 3


def test_whoever_loses_the_race_for_the_lease_waits_too(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("lease", lambda: held_by_another(world))
    world.table.before("find", lambda: None, lambda: refreshed_by_another(world))

    assert vend(world).refreshed is None
    assert world.endpoint.requests == []


def test_whoever_comes_when_it_is_done_needs_no_wait(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("lease", lambda: refreshed_by_another(world))

    assert vend(world).refreshed_at == NOON
    assert (world.clock.pauses, world.endpoint.requests) == ([], [])


def test_after_five_seconds_of_waiting_a_young_token_serves(world: World) -> None:
    held_by_another(world, age=2 * HALF_AN_HOUR - 6 * SECOND)

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-old"
    assert isinstance(vended.failure, RefreshUnderWayError)
    assert world.clock.now == NOON + 5 * SECOND


def test_after_five_seconds_of_waiting_an_old_token_does_not(world: World) -> None:
    held_by_another(world, age=2 * HALF_AN_HOUR - 5 * SECOND)

    with pytest.raises(RefreshUnderWayError) as failed:
        vend(world)
    assert failed.value.until == NOON + LEASE_TIME
    assert world.clock.now == NOON + 5 * SECOND


def test_nobody_waits_for_a_lease_that_only_waits_itself(world: World) -> None:
    until = NOON + LEASE_TIME + GRACE
    has_token(world, age=HOUR, lease_owner="another", lease_until=until, unsettled=1, grace_given=True)

    with pytest.raises(RefreshUnderWayError) as failed:
        vend(world)
    assert (failed.value.until, world.clock.pauses) == (until, [])


def test_a_refresh_that_was_waited_for_and_failed_is_not_repeated_by_all_who_waited(world: World) -> None:
    held_by_another(world)
    world.table.before("find", lambda: None, lambda: has_token(world, age=HALF_AN_HOUR, failures=1))

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-old"
    assert world.endpoint.requests == []


@pytest.mark.parametrize("late", [timedelta(), timedelta(milliseconds=999)])
def test_a_lease_is_held_to_the_end_of_its_last_second(world: World, late: timedelta) -> None:
    has_token(world, age=HALF_AN_HOUR, lease_owner="dead", lease_until=NOON, unsettled=1)
    world.clock.go_on(late)
    world.table.before("find", lambda: None, lambda: refreshed_by_another(world))

    assert vend(world).refreshed is None
    assert "lease" not in world.table.writes


def test_a_lease_that_ended_without_a_word_is_taken_over(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, lease_owner="dead", lease_until=NOON - SECOND)
    world.endpoint.order(world.answer())

    assert vend(world).refreshed is not None


def test_whoever_signs_in_meanwhile_gets_that_token(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("save_refresh", world.sign_in_again)
    world.endpoint.order(world.answer("late"))

    assert vend(world).access_token.reveal() == "access-canary-signed-in"


def test_a_late_token_that_is_left_to_lapse_is_told(world: World) -> None:
    def sign_out_and_in() -> None:
        world.leave(ADA, Scope.LIVEPERSON)
        world.sign_in_again()

    has_token(world, age=HALF_AN_HOUR)
    world.table.before("save_refresh", sign_out_and_in)
    world.endpoint.order(world.answer("late"))

    failure = vend(world).failure

    assert isinstance(failure, GrantMovedError)
    assert failure.late == "left_to_lapse"


def test_whoever_signs_out_meanwhile_gets_none(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("save_refresh", lambda: world.leave(ADA, Scope.LOCAL))
    world.endpoint.order(world.answer("late"))

    with pytest.raises(NotSignedInError):
        vend(world)


# ---- when to ask again ----


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (GraceGivenError(NOON + 210 * SECOND), 211),
        (RefreshUnderWayError(NOON + LEASE_TIME), 121),
        (RefreshUnderWayError(NOON + timedelta(milliseconds=10)), 1),
        (RefreshUnderWayError(NOON - SECOND), 1),
        (RefreshUnderWayError(None), 5),
        (limited(40), 40),
        (limited(1), 5),
        (limited(None), 5),
        (limited(86_400), LONGEST_ASKED_WAIT),
        (SentinelUnavailableError("5xx"), 5),
        (TableUnavailableError("down"), 5),
        (ClientRefusedError("401"), 5),
    ],
)
def test_whoever_got_none_is_told_when_to_ask_again(error: LeAuthError, seconds: int) -> None:
    assert retry_after(error, now=NOON) == seconds
