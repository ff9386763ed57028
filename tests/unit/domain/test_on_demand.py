from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope, Status
from le_auth.domain.refresh import LONGEST
from le_auth.domain.slots import slot_of
from le_auth.errors import (
    GrantRevokedError,
    LeAuthError,
    NotSignedInError,
    SentinelUnavailableError,
    TryLaterError,
)
from tests.support.makers import ADA, HALF_AN_HOUR, NOON
from tests.support.vending import has_token, vend

if TYPE_CHECKING:
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
JUST_SHORT = HALF_AN_HOUR - SECOND


# ---- a fresh token ----


def test_a_fresh_token_costs_one_read_and_no_write(world: World) -> None:
    has_token(world, age=JUST_SHORT)

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-old"
    assert (vended.refreshed, vended.failure) == (None, None)
    assert (vended.user, vended.issued_at, vended.refreshed_at) == (ADA, NOON - 2 * HOUR, NOON - JUST_SHORT)
    assert world.table.writes == ["find"]


def test_point_27_a_refresh_token_never_leaves(world: World) -> None:
    has_token(world, age=JUST_SHORT)
    shown = repr(vend(world))
    world.clock.go_on(HOUR)
    world.endpoint.order(world.answer())
    shown += repr(vend(world))

    assert "canary" not in shown


def test_a_token_without_a_lifetime_is_fresh_whatever_is_asked(world: World) -> None:
    has_token(world, age=JUST_SHORT)

    assert vend(world, min_valid=24 * HOUR).refreshed is None


@pytest.mark.parametrize(("min_valid", "is_refreshed"), [(9, False), (10, True), (11, True)])
def test_a_token_must_be_valid_for_as_long_as_is_asked(world: World, min_valid: int, *, is_refreshed: bool) -> None:
    has_token(world, age=5 * MINUTE, valid_for=10 * MINUTE)
    world.endpoint.order(world.answer())

    assert (vend(world, min_valid=min_valid * MINUTE).refreshed is not None) is is_refreshed


@pytest.mark.parametrize(("age", "is_refreshed"), [(59, False), (60, True)])
def test_a_token_refreshed_just_now_is_given_whatever_is_asked(world: World, age: int, *, is_refreshed: bool) -> None:
    has_token(world, age=age * SECOND, valid_for=SECOND)
    world.endpoint.order(world.answer())

    assert (vend(world, min_valid=24 * HOUR).refreshed is not None) is is_refreshed


# ---- a stale token ----


def test_a_stale_token_is_refreshed_and_the_new_one_given(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-new"
    assert (vended.issued_at, vended.refreshed_at) == (NOON - 2 * HOUR, NOON)
    assert vended.refreshed is not None
    assert vended.refreshed.is_saved
    assert world.table.writes == ["find", "lease", "save_refresh"]


def test_tokens_that_had_to_be_rescued_are_given_all_the_same(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-new"
    assert vended.refreshed is not None
    assert not vended.refreshed.is_saved
    assert len(world.rescues.waiting) == 1


def test_the_lease_begins_when_all_is_at_hand(world: World) -> None:
    """A slow look-up must not eat up the lease."""
    has_token(world, age=HALF_AN_HOUR)
    world.sentinels.clock, world.sentinels.takes = world.clock, 20 * SECOND
    world.endpoint.order(world.answer())

    assert vend(world).refreshed is not None


def test_no_refresh_is_begun_that_the_invocation_could_not_finish(world: World) -> None:
    has_token(world, age=2 * HALF_AN_HOUR)

    with pytest.raises(TryLaterError):
        vend(world, left=LONGEST - SECOND)
    assert world.table.writes == ["find"]


def test_time_that_getting_ready_took_counts(world: World) -> None:
    has_token(world, age=2 * HALF_AN_HOUR)
    world.sentinels.clock, world.sentinels.takes = world.clock, 31 * SECOND

    with pytest.raises(TryLaterError):
        vend(world, left=90 * SECOND)
    assert world.table.writes == ["find"]


def test_a_refresh_is_begun_when_there_is_just_time_enough(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    assert vend(world, left=LONGEST).refreshed is not None


# ---- who is signed in ----


def test_nobody_is_signed_in_where_there_is_no_item(world: World) -> None:
    world.table.grants.clear()

    with pytest.raises(NotSignedInError):
        vend(world)


@pytest.mark.parametrize(
    ("status", "error"), [(Status.SIGNED_OUT, NotSignedInError), (Status.REAUTHORIZE, GrantRevokedError)]
)
def test_whoever_is_signed_out_gets_no_token_however_fresh_one_is(
    world: World, status: Status, error: type[LeAuthError]
) -> None:
    has_token(world, age=SECOND, status=status)

    with pytest.raises(error):
        vend(world)
    assert world.table.writes == ["find"]


def test_invalid_grant_ends_the_grant_and_no_young_token_is_given(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantRevokedError):
        vend(world)
    assert world.ada.status is Status.REAUTHORIZE


# ---- use is noted ----


def test_use_is_noted_at_most_once_an_hour(world: World) -> None:
    has_token(world, age=SECOND, last_used_at=NOON - HOUR)

    vend(world)
    vend(world)

    assert world.table.writes == ["find", "note_use", "find"]
    assert world.ada.last_used_at == NOON


def test_an_idle_user_who_is_asked_for_is_refreshed_and_back_in_the_schedule(world: World) -> None:
    has_token(world, age=15 * 24 * HOUR, last_used_at=NOON - timedelta(days=15), slot=None)
    world.endpoint.order(world.answer())

    vend(world)

    assert (world.ada.slot, world.ada.last_used_at) == (slot_of(ADA), NOON)
    world.clock.go_on(HALF_AN_HOUR)
    world.endpoint.order(world.answer("scheduled"))
    assert world.work().outcome == "refreshed"


def test_a_fresh_token_that_left_the_schedule_gets_its_slot_back(world: World) -> None:
    has_token(world, age=SECOND, last_used_at=NOON, slot=None)

    vend(world)

    assert world.ada.slot == slot_of(ADA)


@pytest.mark.parametrize("happens", ["outage", "another's note"])
def test_a_note_that_fails_costs_nobody_the_token(world: World, happens: str) -> None:
    has_token(world, age=SECOND, last_used_at=NOON - HOUR)
    if happens == "outage":
        world.table.fail("note_use")
    else:
        world.table.before("note_use", lambda: has_token(world, age=SECOND, last_used_at=NOON))

    assert vend(world).access_token.reveal() == "access-canary-old"


def test_a_note_never_brings_back_who_signed_out_meanwhile(world: World) -> None:
    has_token(world, age=SECOND, last_used_at=NOON - HOUR)
    world.table.before("note_use", lambda: world.leave(ADA, Scope.LOCAL))

    vend(world)

    assert (world.ada.status, world.ada.slot) == (Status.SIGNED_OUT, None)


def test_a_vend_that_failed_is_no_use(world: World) -> None:
    has_token(world, age=HOUR, last_used_at=NOON - HOUR)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        vend(world)
    assert world.ada.last_used_at == NOON - HOUR


def test_a_slow_sentinel_is_waited_for(world: World) -> None:
    def slow(_: Request) -> TokenAnswer:
        world.clock.go_on(9 * SECOND)
        return world.answer()

    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(slow)

    assert vend(world).refreshed_at == NOON + 9 * SECOND
