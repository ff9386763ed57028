from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope, Status
from le_auth.domain.sign_out import Revocation
from le_auth.domain.slots import slot_of
from le_auth.errors import (
    ClientRefusedError,
    GrantRevokedError,
    NotSignedInError,
    OutcomeUnknownError,
    RequestRefusedError,
    SealingKeyError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.fakes_world import limited
from tests.support.makers import ADA, BOB, HALF_AN_HOUR, NOON

if TYPE_CHECKING:
    from le_auth.domain.grants import Grant
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

NOON_IN_MILLISECONDS = 1_773_057_600_000
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BOTH = pytest.mark.parametrize("scope", list(Scope))


def sign_out(world: World, scope: Scope) -> Revocation:
    return world.leave(ADA, scope)


def leave_due(world: World, error: Exception | None = None) -> None:
    """Have Ada signed out from a LivePerson that does not hear of it."""
    world.endpoint.revocation_errors.append(error or SentinelUnavailableError("down"))
    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DUE
    world.endpoint.revoked.clear()


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


# ---- from LivePerson ----


def test_a_sign_out_from_liveperson_revokes_the_refresh_token_and_then_drops_it(world: World) -> None:
    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DONE

    assert world.endpoint.revoked == ["refresh-canary-old"]
    assert (world.ada.sealed, world.ada.slot, world.ada.revoked_generation) == (None, None, 7)


def test_point_26_the_record_is_disabled_before_liveperson_is_called(world: World) -> None:
    world.sentinels.error = ZeroDivisionError("the process dies on its way to LivePerson")

    with pytest.raises(ZeroDivisionError):
        sign_out(world, Scope.LIVEPERSON)

    assert (world.ada.status, world.ada.revocation_is_due) == (Status.SIGNED_OUT, True)
    assert world.ada.session_epoch == NOON_IN_MILLISECONDS


def test_a_sign_out_from_liveperson_whose_answer_was_lost_is_done(world: World) -> None:
    world.table.lose_answer("sign_out_of_liveperson")

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DONE
    assert (world.endpoint.revoked, world.ada.revoked_generation) == (["refresh-canary-old"], 7)


@pytest.mark.parametrize(
    "error",
    [SentinelUnavailableError("down"), OutcomeUnknownError("broken"), limited(7), ClientRefusedError("401")],
)
def test_during_an_outage_the_item_remembers_that_the_revocation_is_due(world: World, error: Exception) -> None:
    world.endpoint.revocation_errors.extend([error, error])

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DUE

    found = world.ada
    assert (found.status, found.slot, found.revocation_is_due) == (Status.SIGNED_OUT, slot_of(ADA), True)
    assert world.tokens_of()[1] == "refresh-canary-old"


def test_without_the_sealing_key_the_revocation_is_due(world: World) -> None:
    world.sealers.known = world.sealers.afresh = ["k9"]

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DUE
    assert world.ada.revocation_is_due


def test_a_revocation_that_cannot_be_noted_as_done_is_due(world: World) -> None:
    world.table.fail("finish_revocation")

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DUE
    assert world.ada.revocation_is_due


def test_a_token_that_sentinel_no_longer_knows_is_as_good_as_revoked(world: World) -> None:
    world.endpoint.revocation_errors.append(GrantRevokedError("invalid_grant"))

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DONE
    assert not world.ada.revocation_is_due


def test_a_revocation_that_liveperson_refuses_is_told_and_not_repeated(world: World) -> None:
    world.endpoint.revocation_errors.append(RequestRefusedError("400"))

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.REFUSED
    assert (world.ada.revocation_is_due, world.ada.sealed) == (False, None)


def test_who_must_sign_in_again_has_no_token_to_revoke(world: World) -> None:
    world.table.put(replace(world.ada, status=Status.REAUTHORIZE, slot=None, sealed=None))

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.UNCERTAIN
    assert (world.endpoint.revoked, world.ada.slot, world.ada.status) == ([], None, Status.SIGNED_OUT)


def test_a_revocation_after_an_attempt_of_unknown_end_is_uncertain(world: World) -> None:
    """LivePerson may have rotated the token in that attempt: then it is another one that lives on."""
    world.have(ADA, unsettled=1)

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.UNCERTAIN
    assert (world.endpoint.revoked, world.ada.unsettled) == (["refresh-canary-old"], 0)


@BOTH
def test_a_late_sign_out_does_not_end_the_sign_in_that_came_after_the_first(world: World, scope: Scope) -> None:
    epoch = world.ada.session_epoch
    sign_out(world, scope)
    world.clock.go_on(timedelta(seconds=1))
    world.sign_in_again()
    after = world.ada

    assert world.sign_out.sign_out(ADA, scope=scope, session_epoch=epoch, now=world.clock.now) is Revocation.NOT_ASKED
    assert world.ada == after


def test_a_user_who_signs_in_while_being_revoked_keeps_the_new_sign_in(world: World) -> None:
    world.table.before("finish_revocation", world.sign_in_again)

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DONE
    assert (world.ada.status, world.tokens_of()[1]) == (Status.ACTIVE, "refresh-canary-signed-in")


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
    leave_due(world)

    assert sign_out(world, scope) is Revocation.DONE
    assert (world.endpoint.revoked, world.ada.slot, world.ada.sealed) == (["refresh-canary-old"], None, None)


@BOTH
def test_signing_out_again_never_drops_a_revocation_that_is_due(world: World, scope: Scope) -> None:
    leave_due(world)
    world.endpoint.revocation_errors.append(SentinelUnavailableError("still down"))

    assert sign_out(world, scope) is Revocation.DUE
    assert world.ada.revocation_is_due
    assert world.ada.sign_out_scope is Scope.LIVEPERSON


def test_after_a_local_sign_out_there_is_nothing_left_to_revoke(world: World) -> None:
    sign_out(world, Scope.LOCAL)

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.NOT_ASKED
    assert world.endpoint.revoked == []


# ---- the schedule finishes it ----


def test_the_next_scheduled_message_finishes_a_revocation_that_is_due(world: World) -> None:
    leave_due(world)

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("revoked", "revocation_done", None)
    assert (world.endpoint.revoked, world.ada.slot, world.ada.sealed) == (["refresh-canary-old"], None, None)
    assert world.endpoint.requests == [], "nothing is refreshed"


def test_a_revocation_that_is_refused_by_then_is_done_with(world: World) -> None:
    leave_due(world)
    world.endpoint.revocation_errors.append(RequestRefusedError("400"))

    assert world.work().reason == "revocation_refused"
    assert world.ada.slot is None


@pytest.mark.parametrize(
    ("error", "pause", "error_class"),
    [
        (SentinelUnavailableError("down"), 2 * MINUTE, "transient"),
        (OutcomeUnknownError("broken"), 2 * MINUTE, "unknown_outcome"),
        (limited(600), 10 * MINUTE, "transient"),
        (SealingKeyError("gone"), 2 * MINUTE, "configuration"),
    ],
)
def test_a_revocation_that_fails_again_comes_back(
    world: World, error: Exception, pause: timedelta, error_class: str
) -> None:
    leave_due(world)
    world.endpoint.revocation_errors.append(error)

    result = world.work()

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", error_class, pause)
    assert world.ada.revocation_is_due


def test_a_revocation_waits_for_its_user_however_long_liveperson_is_down(world: World) -> None:
    leave_due(world)
    for _ in range(5):
        world.endpoint.revocation_errors.append(SentinelUnavailableError("down"))
        world.clock.go_on(HALF_AN_HOUR)
        world.work()

    world.clock.go_on(timedelta(days=15))
    assert world.work().outcome == "revoked"


def test_a_new_sign_in_replaces_a_revocation_that_is_due(world: World) -> None:
    leave_due(world)
    world.sign_in_again()
    world.clock.go_on(HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    assert world.work().outcome == "refreshed"
    assert (world.endpoint.revoked, world.ada.revoked_generation) == ([], 7)


# ---- against a refresh under way ----


@BOTH
def test_a_refresh_under_way_never_brings_a_signed_out_user_back(world: World, scope: Scope) -> None:
    world.table.before("save_refresh", lambda: sign_out(world, scope))
    world.endpoint.order(world.answer("late"))

    world.work()
    world.land()

    assert (world.ada.status, world.ada.sealed) == (Status.SIGNED_OUT, None)


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
    world.table.before("rest_idle", lambda: leave_due(world))

    world.work()

    assert world.ada.revocation_is_due
    assert world.work().outcome == "revoked"


def test_nobody_gets_a_token_of_a_signed_out_user(world: World) -> None:
    leave_due(world)

    with pytest.raises(NotSignedInError):
        world.tokens.get(ADA, min_valid=timedelta(), ends_at=NOON + MINUTE)
