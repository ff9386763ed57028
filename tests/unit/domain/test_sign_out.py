from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope, Status
from le_auth.domain.sign_out import Revocation
from le_auth.errors import (
    GrantRevokedError,
    NotSignedInError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.makers import ADA, BOB, NOON
from tests.support.vending import vend

if TYPE_CHECKING:
    from le_auth.domain.grants import Grant
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

NOON_IN_MILLISECONDS = 1_773_057_600_000
MINUTE = timedelta(minutes=1)
BOTH = pytest.mark.parametrize("scope", list(Scope))


def sign_out(world: World, scope: Scope) -> Revocation:
    return world.leave(ADA, scope)


# ---- the local record ----


@BOTH
def test_signing_out_ends_the_sessions_and_takes_a_number_that_is_drawn_from_the_clock(
    world: World, scope: Scope
) -> None:
    sign_out(world, scope)

    found = world.ada
    assert (found.status, found.sign_out_scope) == (Status.SIGNED_OUT, scope)
    assert (found.generation, found.session_epoch) == (NOON_IN_MILLISECONDS, NOON_IN_MILLISECONDS)


@BOTH
@pytest.mark.parametrize(
    ("generation", "epoch", "number"),
    [
        (NOON_IN_MILLISECONDS, 5, NOON_IN_MILLISECONDS + 1),
        (5, NOON_IN_MILLISECONDS + 700, NOON_IN_MILLISECONDS + 701),
        (NOON_IN_MILLISECONDS + 900, NOON_IN_MILLISECONDS + 700, NOON_IN_MILLISECONDS + 901),
    ],
)
def test_the_number_is_above_the_stored_ones_where_those_are_ahead_of_the_clock(
    world: World, scope: Scope, generation: int, epoch: int, number: int
) -> None:
    world.have(ADA, generation=generation, session_epoch=epoch)

    sign_out(world, scope)

    assert (world.ada.generation, world.ada.session_epoch) == (number, number)


@BOTH
def test_the_first_write_names_a_number_that_the_table_has_not_refused(world: World, scope: Scope) -> None:
    """A refresh meanwhile raises the generation by one, which is no reason to repeat the write."""
    method = "sign_out_locally" if scope is Scope.LOCAL else "sign_out_of_liveperson"
    world.endpoint.order(world.answer())
    world.table.before(method, world.refresh)

    sign_out(world, scope)

    assert world.table.writes.count(method) == 1


@BOTH
def test_a_record_that_changes_again_and_again_is_not_signed_out(world: World, scope: Scope) -> None:
    method = "sign_out_locally" if scope is Scope.LOCAL else "sign_out_of_liveperson"
    ahead = NOON_IN_MILLISECONDS + 10
    world.table.before(method, lambda: world.have(ADA, generation=ahead), lambda: world.have(ADA, generation=2 * ahead))

    with pytest.raises(TableUnavailableError):
        sign_out(world, scope)
    assert (world.ada.status, world.endpoint.revoked) == (Status.ACTIVE, [])


@BOTH
def test_a_table_that_is_down_signs_nobody_out(world: World, scope: Scope) -> None:
    world.table.fail("sign_out_locally" if scope is Scope.LOCAL else "sign_out_of_liveperson")

    with pytest.raises(TableUnavailableError):
        sign_out(world, scope)
    assert (world.ada.status, world.endpoint.revoked) == (Status.ACTIVE, [])


@BOTH
def test_signing_out_where_nobody_is_signed_in_is_no_error(world: World, scope: Scope) -> None:
    assert world.leave(BOB, scope) is Revocation.NOT_ASKED
    assert BOB not in world.table.grants


@BOTH
def test_signing_out_clears_what_attempts_left(world: World, scope: Scope) -> None:
    world.have(ADA, unsettled=2, grace_given=True, failures=3, lease_owner="worker", lease_until=NOON + MINUTE)

    sign_out(world, scope)

    found = world.ada
    assert (found.unsettled, found.grace_given, found.failures, found.lease_owner) == (0, False, 0, None)


# ---- local ----


def test_a_local_sign_out_drops_the_tokens_and_tells_liveperson_nothing(world: World) -> None:
    assert sign_out(world, Scope.LOCAL) is Revocation.NOT_ASKED

    assert (world.ada.sealed, world.ada.slot, world.endpoint.revoked) == (None, None, [])
    assert world.ada.revoked_generation is None


def test_a_local_sign_out_whose_answer_was_lost_is_done(world: World) -> None:
    world.table.lose_answer("sign_out_locally")

    assert sign_out(world, Scope.LOCAL) is Revocation.NOT_ASKED
    assert world.ada.status is Status.SIGNED_OUT


# ---- signing out twice ----


@BOTH
def test_signing_out_again_changes_nothing(world: World, scope: Scope) -> None:
    sign_out(world, Scope.LIVEPERSON)
    before = world.ada
    world.clock.go_on(MINUTE)

    assert sign_out(world, scope) is Revocation.NOT_ASKED
    assert (world.ada, len(world.endpoint.revoked)) == (before, 1)


@BOTH
def test_signing_out_again_finishes_a_revocation_that_is_due(world: World, scope: Scope) -> None:
    world.leave_due()

    assert sign_out(world, scope) is Revocation.DONE
    assert (world.endpoint.revoked, world.ada.slot, world.ada.sealed) == (["refresh-canary-old"], None, None)


@BOTH
def test_signing_out_again_never_drops_a_revocation_that_is_due(world: World, scope: Scope) -> None:
    world.leave_due()
    world.endpoint.revocation_errors.append(SentinelUnavailableError("still down"))

    assert sign_out(world, scope) is Revocation.DUE
    assert world.ada.revocation_is_due
    assert world.ada.sign_out_scope is Scope.LIVEPERSON


@BOTH
def test_a_late_sign_out_does_not_end_the_sign_in_that_came_after_the_first(world: World, scope: Scope) -> None:
    epoch = world.ada.session_epoch
    sign_out(world, scope)
    world.clock.go_on(timedelta(seconds=1))
    world.sign_in_again()
    after = world.ada

    assert world.sign_out.sign_out(ADA, scope=scope, session_epoch=epoch, now=world.clock.now) is Revocation.NOT_ASKED
    assert world.ada == after


def test_after_a_local_sign_out_there_is_nothing_left_to_revoke(world: World) -> None:
    sign_out(world, Scope.LOCAL)

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.NOT_ASKED
    assert world.endpoint.revoked == []


# ---- against a refresh under way ----


@BOTH
def test_a_refresh_under_way_never_brings_a_signed_out_user_back(world: World, scope: Scope) -> None:
    world.table.before("save_refresh", lambda: sign_out(world, scope))
    world.endpoint.order(world.answer("late"))

    world.work()
    world.land()

    assert (world.ada.status, world.ada.sealed, world.ada.slot) == (Status.SIGNED_OUT, None, None)


@BOTH
@pytest.mark.parametrize("error", [GrantRevokedError("invalid_grant"), SentinelUnavailableError("5xx")])
def test_a_refresh_that_fails_after_a_sign_out_changes_nothing_of_it(
    world: World, scope: Scope, error: Exception
) -> None:
    def fail_after_the_sign_out(_: Request) -> TokenAnswer:
        sign_out(world, scope)
        before.append(world.ada)
        raise error

    before: list[Grant] = []
    world.endpoint.order(fail_after_the_sign_out)

    world.work()

    assert [world.ada] == before


def test_rescued_tokens_never_bring_a_signed_out_user_back(world: World) -> None:
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer("late"))
    world.work()
    world.table.orders.clear()
    sign_out(world, Scope.LIVEPERSON)

    assert world.land() == ["revoked"]
    assert (world.ada.status, world.endpoint.revoked[-1]) == (Status.SIGNED_OUT, "refresh-canary-late")


def test_an_idle_user_who_signs_out_meanwhile_is_revoked_all_the_same(world: World) -> None:
    """Taking the slot of an idle user must not take the reminder of a revocation with it."""
    world.have(ADA, last_used_at=NOON - timedelta(days=15))
    world.table.before("rest_idle", world.leave_due)

    world.work()

    assert world.ada.revocation_is_due
    assert world.work().outcome == "revoked"


def test_nobody_gets_a_token_of_a_signed_out_user(world: World) -> None:
    world.leave_due()

    with pytest.raises(NotSignedInError):
        vend(world)
