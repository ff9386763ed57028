from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Status
from le_auth.domain.refresh import LEASE_TIME, SAVE_TIME
from le_auth.domain.scheduled import class_of
from le_auth.errors import (
    ClientRefusedError,
    GrantMovedError,
    GrantRevokedError,
    IdentityMismatchError,
    LeAuthError,
    OutcomeUnknownError,
    RefusedForGoodError,
    RequestRefusedError,
    RotationLostError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.makers import ADA, BOB, HALF_AN_HOUR, NOON, a_user, an_answer, an_identity

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


# ---- refused three intervals in a row ----


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
