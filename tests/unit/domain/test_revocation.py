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
    OutcomeUnknownError,
    RequestRefusedError,
    SealingKeyError,
    SentinelUnavailableError,
)
from tests.support.fakes_world import limited
from tests.support.makers import ADA, HALF_AN_HOUR

if TYPE_CHECKING:
    from tests.support.fakes_world import World

NOON_IN_MILLISECONDS = 1_773_057_600_000
MINUTE = timedelta(minutes=1)


def sign_out(world: World, scope: Scope) -> Revocation:
    return world.leave(ADA, scope)


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


def test_a_user_who_signs_in_while_being_revoked_keeps_the_new_sign_in(world: World) -> None:
    world.table.before("finish_revocation", world.sign_in_again)

    assert sign_out(world, Scope.LIVEPERSON) is Revocation.DONE
    assert (world.ada.status, world.tokens_of()[1]) == (Status.ACTIVE, "refresh-canary-signed-in")


# ---- the schedule finishes it ----


def test_the_next_scheduled_message_finishes_a_revocation_that_is_due(world: World) -> None:
    world.leave_due()

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("revoked", "revocation_done", None)
    assert (world.endpoint.revoked, world.ada.slot, world.ada.sealed) == (["refresh-canary-old"], None, None)
    assert world.endpoint.requests == [], "nothing is refreshed"


def test_a_revocation_that_is_refused_by_then_is_done_with(world: World) -> None:
    world.leave_due()
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
    world.leave_due()
    world.endpoint.revocation_errors.append(error)

    result = world.work()

    assert (result.outcome, result.error_class, result.retry_after) == ("failed", error_class, pause)
    assert world.ada.revocation_is_due


def test_a_revocation_waits_for_its_user_however_long_liveperson_is_down(world: World) -> None:
    world.leave_due()
    for _ in range(5):
        world.endpoint.revocation_errors.append(SentinelUnavailableError("down"))
        world.clock.go_on(HALF_AN_HOUR)
        world.work()

    world.clock.go_on(timedelta(days=15))
    assert world.work().outcome == "revoked"


def test_a_new_sign_in_replaces_a_revocation_that_is_due(world: World) -> None:
    world.leave_due()
    world.sign_in_again()
    world.clock.go_on(HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    assert world.work().outcome == "refreshed"
    assert (world.endpoint.revoked, world.ada.revoked_generation) == ([], 7)
