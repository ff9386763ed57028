from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Refusal, Status
from le_auth.domain.refresh import LEASE_TIME, LONGEST, POST_DEADLINE, SAVE_TIME
from le_auth.errors import (
    ClientRefusedError,
    DomainApiUnavailableError,
    GrantMovedError,
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
from tests.support.fakes import FakeSealer
from tests.support.makers import ADA, BOB, CLIENT_ID, HALF_AN_HOUR, NOON, a_user, an_answer, an_identity, some_tokens

if TYPE_CHECKING:
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

SECOND = timedelta(seconds=1)


def sign_in_again(world: World) -> None:
    """Ada signs in in another browser."""
    tokens = some_tokens("signed-in", at=world.clock.now)
    sealed = FakeSealer(["k1"]).seal_tokens(tokens, user=ADA, generation=1_000)
    world.table.save_sign_in(an_identity(), tokens, sealed, session_epoch=5)


def seal_with(world: World, key_id: str) -> None:
    """Have Ada's tokens sealed with another key."""
    sealed = FakeSealer([key_id]).seal_tokens(some_tokens("old"), user=ADA, generation=7)
    world.table.put(replace(world.ada, sealed=sealed))


# ---- what a refresh does ----


def test_a_refresh_spends_the_stored_token_once_and_saves_what_comes_back(world: World) -> None:
    world.endpoint.order(world.answer("new"))

    world.refresh()

    [request] = world.endpoint.requests
    assert request.refresh_token == "refresh-canary-old"
    assert (request.client.account_id, request.client.client_id) == (ADA.account_id, CLIENT_ID)
    assert world.tokens_of() == ("access-canary-new", "refresh-canary-new")
    assert world.ada.generation == 8


def test_a_save_clears_all_that_earlier_attempts_left(world: World) -> None:
    world.have(ADA, unsettled=2, failures=4, last_error="outcome_unknown", grace_given=True)
    world.endpoint.order(world.answer())

    world.refresh()

    found = world.ada
    assert (found.lease_owner, found.lease_until, found.unsettled) == (None, None, 0)
    assert (found.grace_given, found.failures, found.last_error) == (False, 0, None)


def test_a_refresh_is_one_lease_and_one_save(world: World) -> None:
    world.endpoint.order(world.answer())

    world.refresh()

    assert world.table.writes == ["lease", "save_refresh"]


def test_each_attempt_has_an_owner_and_an_end_of_its_own(world: World) -> None:
    first, second = world.refresher.terms(due_at=NOON), world.refresher.terms(generation=3, used_since=NOON)

    assert first.owner != second.owner
    assert (first.now, first.until, first.due_at) == (NOON, NOON + LEASE_TIME, NOON)
    assert (second.generation, second.used_since) == (3, NOON)


def test_the_times_of_a_lease_fit_into_one_another() -> None:
    assert POST_DEADLINE + SAVE_TIME + LEASE_CLOCK_SKEW <= LEASE_TIME
    assert LEASE_TIME - LEASE_CLOCK_SKEW <= LONGEST


# ---- what is missed before any token is spent ----


def test_an_account_without_app_install_is_missed_before_the_lease(world: World) -> None:
    with pytest.raises(SettingError, match="APP_INSTALLS"):
        world.refresher.equip("99999999")


@pytest.mark.parametrize(
    "error",
    [SecretError("malformed"), SecretsUnavailableError("down"), DomainApiUnavailableError(), SentinelHostError()],
)
def test_what_cannot_be_had_is_missed_before_the_lease(world: World, error: LeAuthError) -> None:
    if isinstance(error, SecretError | SecretsUnavailableError):
        world.secrets.error = error
    else:
        world.sentinels.error = error

    with pytest.raises(type(error)):
        world.refresh()
    assert (world.table.writes, world.endpoint.requests) == ([], [])


def test_sealing_keys_are_in_memory_before_the_lease(world: World) -> None:
    world.sealers.known = []

    with pytest.raises(SecretsUnavailableError):
        world.refresh()
    assert world.table.writes == []


def test_a_table_that_cannot_be_written_costs_no_token(world: World) -> None:
    world.table.fail("lease")

    with pytest.raises(TableUnavailableError):
        world.refresh()
    assert world.endpoint.requests == []


# ---- who else was first ----


def test_a_lease_held_by_another_sends_nothing(world: World) -> None:
    world.have(ADA, lease_owner="another", lease_until=NOON + SECOND)

    with pytest.raises(GrantMovedError) as refused:
        world.refresh()
    assert refused.value.grant == world.ada
    assert world.endpoint.requests == []


def test_a_lease_that_has_run_out_is_taken_over(world: World) -> None:
    world.have(ADA, lease_owner="another", lease_until=NOON - SECOND)
    world.endpoint.order(world.answer())

    assert world.refresh().unsettled == 1


def test_a_lease_whose_answer_was_lost_is_ours(world: World) -> None:
    world.table.lose_answer("lease")
    world.endpoint.order(world.answer())

    lease = world.refresh()

    assert lease.unsettled == 1
    assert world.ada.generation == 8


def test_an_on_demand_refresh_takes_the_generation_that_was_read_and_no_other(world: World) -> None:
    with pytest.raises(GrantMovedError):
        world.refresh(terms=world.refresher.terms(generation=6))

    world.endpoint.order(world.answer())
    world.refresh(terms=world.refresher.terms(generation=7))

    assert world.ada.generation == 8


# ---- saving ----


def test_a_save_whose_answer_was_lost_is_success(world: World) -> None:
    world.table.lose_answer("save_refresh")
    world.endpoint.order(world.answer())

    world.refresh()

    assert world.tokens_of() == ("access-canary-new", "refresh-canary-new")


def test_a_save_is_tried_again_after_a_second_until_the_table_is_back(world: World) -> None:
    world.table.fail("save_refresh", times=3)
    world.endpoint.order(world.answer())

    world.refresh()

    assert world.clock.pauses == [SECOND] * 3
    assert world.tokens_of()[1] == "refresh-canary-new"


def test_a_save_is_tried_only_while_the_lease_lasts_and_its_loss_is_told(world: World) -> None:
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())

    with pytest.raises(RotationLostError):
        world.refresh()
    last_begun = world.clock.now
    assert last_begun + LEASE_CLOCK_SKEW < NOON + LEASE_TIME
    assert len(world.clock.pauses) >= SAVE_TIME // SECOND
    assert world.ada.status is Status.ACTIVE


def test_a_slow_answer_leaves_less_time_to_save(world: World) -> None:
    def slow(_request: Request) -> TokenAnswer:
        world.clock.go_on(POST_DEADLINE)
        return world.answer()

    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(slow)

    with pytest.raises(RotationLostError):
        world.refresh()
    assert world.clock.now + LEASE_CLOCK_SKEW < NOON + LEASE_TIME


def test_a_refresh_that_comes_back_after_a_new_sign_in_does_not_overwrite_it(world: World) -> None:
    world.table.before("save_refresh", lambda: sign_in_again(world))
    world.endpoint.order(world.answer("late"))

    with pytest.raises(GrantMovedError):
        world.refresh()
    assert world.tokens_of()[1] == "refresh-canary-signed-in"


def test_a_refresh_of_a_user_who_is_gone_saves_nothing(world: World) -> None:
    world.table.before("save_refresh", world.table.grants.clear)
    world.endpoint.order(world.answer())

    with pytest.raises(GrantMovedError) as refused:
        world.refresh()
    assert refused.value.grant is None
    assert world.table.grants == {}


# ---- secrets and keys ----


def test_with_two_secrets_the_older_is_tried_when_the_newer_is_refused(world: World) -> None:
    world.secrets.known = ["secret-canary-new", "secret-canary-old"]
    world.endpoint.order(ClientRefusedError("refused"), world.answer())

    world.refresh()

    assert world.endpoint.secrets_tried == ["secret-canary-new", "secret-canary-old"]
    assert world.ada.generation == 8


def test_a_refused_secret_is_read_afresh_once_and_nobody_is_signed_out(world: World) -> None:
    world.secrets.afresh = ["secret-canary-2"]
    world.endpoint.order(ClientRefusedError("refused"), ClientRefusedError("refused"))

    with pytest.raises(ClientRefusedError):
        world.refresh()
    assert world.endpoint.secrets_tried == ["secret-canary", "secret-canary-2"]
    assert world.secrets.reads_afresh == 1
    assert (world.ada.status, world.ada.failures, world.ada.last_error) == (Status.ACTIVE, 0, "client_refused")


def test_no_further_secret_is_tried_when_the_lease_would_not_outlast_it(world: World) -> None:
    def slow(_request: Request) -> TokenAnswer:
        world.clock.go_on(LEASE_TIME)
        raise ClientRefusedError("refused")

    world.secrets.known = ["secret-canary-new", "secret-canary-old"]
    world.endpoint.order(slow)

    with pytest.raises(SentinelUnavailableError, match="too far gone"):
        world.refresh()
    assert len(world.endpoint.requests) == 1


def test_a_post_begins_only_while_the_lease_outlasts_it_and_the_saving(world: World) -> None:
    equipment, terms = world.refresher.equip(ADA.account_id), world.refresher.terms(due_at=NOON)
    world.clock.go_on(LEASE_TIME - LEASE_CLOCK_SKEW - POST_DEADLINE - SAVE_TIME + SECOND)

    with pytest.raises(SentinelUnavailableError, match="too far gone"):
        world.refresher.refresh(ADA, terms, equipment)
    assert world.endpoint.requests == []
    assert (world.ada.lease_owner, world.ada.unsettled) == (None, 0)


def test_tokens_sealed_with_a_newly_added_key_make_the_keys_be_read_afresh(world: World) -> None:
    seal_with(world, "k2")
    world.sealers.afresh = ["k2", "k1"]
    world.endpoint.order(world.answer())

    world.refresh()

    assert (world.sealers.reads_afresh, world.ada.generation) == (1, 8)


def test_tokens_that_do_not_open_are_for_an_operator_and_sign_nobody_out(world: World) -> None:
    seal_with(world, "k9")

    with pytest.raises(SealingKeyError):
        world.refresh()
    assert (world.ada.status, world.ada.unsettled, world.ada.lease_owner) == (Status.ACTIVE, 0, None)
    assert world.endpoint.requests == []


def test_a_grant_without_tokens_is_for_an_operator(world: World) -> None:
    world.table.put(replace(world.ada, sealed=None))

    with pytest.raises(SealingKeyError, match="no tokens"):
        world.refresh()
    assert world.endpoint.requests == []


# ---- failures: the lease is given back ----

SETTLED = [SentinelUnavailableError("5xx"), RequestRefusedError("4xx"), ClientRefusedError("401")]


@pytest.mark.parametrize("error", SETTLED)
def test_a_failure_that_rotated_nothing_is_settled_and_gives_the_lease_back(world: World, error: LeAuthError) -> None:
    world.have(ADA, unsettled=1)
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
    world.table.before("give_back", lambda: sign_in_again(world))
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
    assert (found.status, found.slot, found.sealed, found.last_error) == (
        Status.REAUTHORIZE,
        None,
        None,
        "invalid_grant",
    )
    assert found.generation == 7


def test_invalid_grant_after_an_attempt_of_unknown_end_is_a_lost_rotation(world: World) -> None:
    world.have(ADA, unsettled=1)
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
    world.table.before("end_grant", lambda: sign_in_again(world))
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantMovedError):
        world.refresh()
    assert (world.ada.status, world.tokens_of()[1]) == (Status.ACTIVE, "refresh-canary-signed-in")


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

    with pytest.raises(GrantRevokedError, match="three intervals"):
        refuse(world)
    assert (world.ada.status, world.ada.last_error) == (Status.REAUTHORIZE, "request_refused")


def test_three_refusals_in_a_row_end_nothing_where_nobody_of_the_account_was_refreshed(world: World) -> None:
    for failures in (1, 2, 3, 4):
        with pytest.raises(RequestRefusedError):
            refuse(world)
        assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, failures)
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
    world.have(ADA, failures=2, last_error="request_refused")
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    with pytest.raises(RequestRefusedError):
        refuse(world)
    assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, 1)


# ---- a refused lease is looked at ----


def test_who_lost_the_race_sees_that_the_tokens_are_fresh(world: World) -> None:
    terms = world.refresher.terms(due_at=NOON)
    world.table.before("lease", lambda: world.have(ADA, generation=8, refreshed_at=NOON))

    with pytest.raises(GrantMovedError) as refused:
        world.refresh(terms=terms)
    assert terms.why_refused(refused.value.grant) is Refusal.FRESH
