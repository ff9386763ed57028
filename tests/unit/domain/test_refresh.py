from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Refusal, Status
from le_auth.domain.refresh import LEASE_TIME, LONGEST, SAVE_TIME
from le_auth.domain.sentinel_api import POST_DEADLINE
from le_auth.errors import (
    DomainApiUnavailableError,
    GrantMovedError,
    LeAuthError,
    RotationUnsavedError,
    SecretError,
    SecretsUnavailableError,
    SentinelHostError,
    SettingError,
    TableUnavailableError,
)
from tests.support.makers import ADA, CLIENT_ID, NOON

if TYPE_CHECKING:
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

SECOND = timedelta(seconds=1)


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
        world.channel.equip("99999999")


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

    world.rescues.outages = 1000

    with pytest.raises(RotationUnsavedError):
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

    world.rescues.outages = 1000

    with pytest.raises(RotationUnsavedError):
        world.refresh()
    assert world.clock.now + LEASE_CLOCK_SKEW < NOON + LEASE_TIME


def test_a_refresh_that_comes_back_after_a_new_sign_in_does_not_overwrite_it(world: World) -> None:
    world.table.before("save_refresh", world.sign_in_again)
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


# ---- a refused lease is looked at ----


def test_who_lost_the_race_sees_that_the_tokens_are_fresh(world: World) -> None:
    terms = world.refresher.terms(due_at=NOON)
    world.table.before("lease", lambda: world.have(ADA, generation=8, refreshed_at=NOON))

    with pytest.raises(GrantMovedError) as refused:
        world.refresh(terms=terms)
    assert terms.why_refused(refused.value.grant) is Refusal.FRESH
