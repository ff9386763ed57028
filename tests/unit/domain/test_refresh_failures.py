from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Status
from le_auth.domain.refresh import LEASE_TIME, SAVE_TIME
from le_auth.errors import (
    ClientRefusedError,
    GrantMovedError,
    GrantRevokedError,
    IdentityMismatchError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    RotationLostError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.makers import ADA, BOB, NOON, an_answer, an_identity

if TYPE_CHECKING:
    from tests.support.fakes_world import World


# ---- failures: the lease is given back ----

SETTLED = [SentinelUnavailableError("5xx"), RequestRefusedError("4xx"), ClientRefusedError("401")]


@pytest.mark.parametrize("error", SETTLED)
def test_a_failure_that_rotated_nothing_is_settled_and_gives_the_lease_back(world: World, error: LeAuthError) -> None:
    world.have(ADA, unsettled=1, grace_given=True)
    world.endpoint.order(error, error)

    with pytest.raises(type(error)):
        world.refresh()
    assert (world.ada.unsettled, world.ada.lease_owner, world.ada.lease_until) == (1, None, None)
    assert world.tokens_of()[1] == "refresh-canary-old"


def test_an_unknown_outcome_stays_unsettled_and_gives_the_lease_back(world: World) -> None:
    world.endpoint.order(OutcomeUnknownError("broken"), OutcomeUnknownError("broken"))

    for unsettled in (1, 2):
        with pytest.raises(OutcomeUnknownError):
            world.refresh()
        assert (world.ada.unsettled, world.ada.lease_owner) == (unsettled, None)
        assert not world.ada.grace_given, "each attempt of unknown end gets a grace of its own"
        world.have(ADA, unsettled=unsettled, grace_given=True)


@pytest.mark.parametrize("grace_given", [True, False])
def test_giving_back_puts_a_grace_back_as_the_lease_found_it(world: World, *, grace_given: bool) -> None:
    world.have(ADA, grace_given=grace_given)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    assert world.ada.grace_given is grace_given


def test_failures_in_a_row_are_counted_in_the_table_and_told(world: World) -> None:
    for failures in (1, 2, 3):
        world.endpoint.order(SentinelUnavailableError("5xx"))
        with pytest.raises(SentinelUnavailableError) as failed:
            world.refresh()
        assert (failed.value.failures, world.ada.failures) == (failures, failures)
    assert world.ada.last_error == "sentinel_unavailable"


def test_a_wrong_configuration_counts_as_no_failed_attempt(world: World) -> None:
    world.have(ADA, failures=2)
    world.endpoint.order(ClientRefusedError("401"))

    with pytest.raises(ClientRefusedError):
        world.refresh()
    assert world.ada.failures == 2


def test_where_giving_back_fails_the_lease_ends_by_itself(world: World) -> None:
    world.table.fail("give_back")
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError) as failed:
        world.refresh()
    assert failed.value.failures == 1
    assert (world.ada.unsettled, world.ada.lease_until) == (1, NOON + LEASE_TIME)


def test_a_failure_that_comes_after_a_new_sign_in_changes_nothing_of_it(world: World) -> None:
    world.table.before("give_back", world.sign_in_again)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    assert (world.ada.generation, world.ada.failures) == (1_000, 0)


def test_a_failure_that_comes_when_another_holds_the_lease_leaves_it_alone(world: World) -> None:
    world.table.before("give_back", lambda: world.have(ADA, lease_owner="another", lease_until=NOON + LEASE_TIME))
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    assert (world.ada.lease_owner, world.ada.failures) == ("another", 0)


# ---- the authorization is gone ----


def test_invalid_grant_ends_the_grant(world: World) -> None:
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantRevokedError):
        world.refresh()
    found = world.ada
    assert (found.status, found.sealed, found.last_error) == (Status.REAUTHORIZE, None, "invalid_grant")
    assert found.generation == 7
    assert found.loss_is_untold


def test_invalid_grant_after_an_attempt_of_unknown_end_is_a_lost_rotation(world: World) -> None:
    world.have(ADA, unsettled=1, grace_given=True)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(RotationLostError):
        world.refresh()
    assert (world.ada.status, world.ada.last_error) == (Status.REAUTHORIZE, "rotation_lost")


def test_invalid_grant_after_settled_failures_is_no_lost_rotation(world: World) -> None:
    world.endpoint.order(SentinelUnavailableError("5xx"), GrantRevokedError("invalid_grant"))

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    with pytest.raises(GrantRevokedError):
        world.refresh()
    assert world.ada.last_error == "invalid_grant"


def test_a_late_invalid_grant_never_erases_a_new_sign_in(world: World) -> None:
    world.table.before("end_grant", world.sign_in_again)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantMovedError):
        world.refresh()
    assert (world.ada.status, world.tokens_of()[1]) == (Status.ACTIVE, "refresh-canary-signed-in")


def test_the_end_of_a_grant_whose_answer_was_lost_is_stored(world: World) -> None:
    world.table.lose_answer("end_grant")
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantRevokedError):
        world.refresh()
    assert (world.ada.status, world.ada.last_error) == (Status.REAUTHORIZE, "invalid_grant")


def test_the_end_of_a_grant_is_written_again_until_the_table_is_back(world: World) -> None:
    world.table.fail("end_grant", times=3)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantRevokedError):
        world.refresh()
    assert (world.clock.pauses, world.ada.status) == ([timedelta(seconds=1)] * 3, Status.REAUTHORIZE)


def test_the_end_of_a_grant_is_written_only_while_the_lease_lasts(world: World) -> None:
    world.table.fail("end_grant", times=1000)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(TableUnavailableError):
        world.refresh()
    assert len(world.clock.pauses) >= SAVE_TIME / timedelta(seconds=1)
    assert world.clock.now + LEASE_CLOCK_SKEW < NOON + LEASE_TIME


def test_point_23_a_refreshed_id_token_of_another_user_ends_the_grant(world: World) -> None:
    world.endpoint.order(an_answer("bobs", identity=an_identity(BOB)))

    with pytest.raises(IdentityMismatchError):
        world.refresh()
    assert (world.ada.status, world.ada.last_error) == (Status.REAUTHORIZE, "identity_mismatch")
    assert world.ada.sealed is None


def test_point_23_a_refreshed_id_token_of_the_same_user_is_welcome(world: World) -> None:
    world.endpoint.order(an_answer("new", identity=an_identity(ADA)))

    world.refresh()

    assert world.tokens_of()[1] == "refresh-canary-new"
