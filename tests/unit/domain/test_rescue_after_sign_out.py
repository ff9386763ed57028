"""Rescued tokens of users who have signed out of LivePerson meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope
from le_auth.domain.rescue import Landing
from le_auth.domain.sign_out import Revocation
from le_auth.errors import (
    ClientRefusedError,
    GrantRevokedError,
    OutcomeUnknownError,
    RequestRefusedError,
    SettingError,
)
from tests.support.fakes_world import a_renewal
from tests.support.makers import ADA, HALF_AN_HOUR, NOON

if TYPE_CHECKING:
    from tests.support.fakes_world import World


def sign_out(world: World) -> None:
    world.leave(ADA, Scope.LIVEPERSON)


def test_a_rescue_after_a_sign_out_from_liveperson_is_revoked_there(world: World) -> None:
    sign_out(world)

    assert world.rescue.land(a_renewal()) is Landing.REVOKED
    assert world.endpoint.revoked == ["refresh-canary-old", "refresh-canary-rescued"]
    assert world.ada.sealed is None


def test_a_rescue_takes_the_place_of_the_stored_tokens_that_it_has_made_void(world: World) -> None:
    world.endpoint.revocation_errors.append(OutcomeUnknownError("down"))
    sign_out(world)

    assert world.rescue.land(a_renewal()) is Landing.REVOKED
    assert world.endpoint.revoked == ["refresh-canary-old", "refresh-canary-rescued"]
    assert not world.ada.revocation_is_due


def test_a_rescue_after_a_second_sign_out_from_liveperson_is_revoked(world: World) -> None:
    sign_out(world)
    world.sign_in_again()
    world.clock.go_on(HALF_AN_HOUR)
    sign_out(world)

    assert world.rescue.land(a_renewal()) is Landing.REVOKED


@pytest.mark.parametrize("error", [GrantRevokedError("unknown to Sentinel"), RequestRefusedError("400")])
def test_a_revocation_that_liveperson_does_not_want_repeated_is_done(world: World, error: Exception) -> None:
    sign_out(world)
    world.endpoint.revocation_errors.append(error)

    assert world.rescue.land(a_renewal()) is Landing.REVOKED


@pytest.mark.parametrize(
    "errors",
    [[OutcomeUnknownError("broken")], [SettingError("unset")], [ClientRefusedError("401")]],
    ids=["outage", "setting", "secret"],
)
def test_a_revocation_that_fails_waits_in_the_item_and_not_in_the_queue(world: World, errors: list[Exception]) -> None:
    """Other users' refreshes wait for the queue to be empty, and must not wait for LivePerson."""
    sign_out(world)
    world.endpoint.revocation_errors.extend(errors)

    assert world.rescue.land(a_renewal()) is Landing.REVOCATION_DUE

    assert world.ada.revocation_is_due
    assert world.tokens_of()[1] == "refresh-canary-rescued"
    world.clock.go_on(timedelta(hours=1))
    assert world.work().reason == "revocation_done"
    assert world.endpoint.revoked[-1] == "refresh-canary-rescued"


def test_a_rescue_whose_remembrance_lost_its_answer_is_revoked_once(world: World) -> None:
    sign_out(world)
    world.table.lose_answer("remember_revocation")

    assert world.rescue.land(a_renewal()) is Landing.REVOKED
    assert world.endpoint.revoked.count("refresh-canary-rescued") == 1


def test_a_revocation_under_way_of_the_older_token_leaves_the_rescued_one(world: World) -> None:
    world.endpoint.revocation_errors.extend([OutcomeUnknownError("down")] * 2)
    sign_out(world)
    older = world.ada
    assert world.rescue.land(a_renewal()) is Landing.REVOCATION_DUE

    assert world.sign_out.finish_revocation(older, now=NOON) is Revocation.DONE

    assert world.tokens_of()[1] == "refresh-canary-rescued"
    assert world.ada.revocation_is_due


def test_a_rescue_older_than_the_one_remembered_does_not_take_its_place(world: World) -> None:
    world.endpoint.revocation_errors.extend([OutcomeUnknownError("down")] * 2)
    world.have(ADA, generation=9)
    sign_out(world)
    newer, older = a_renewal(replaces=9), a_renewal("older", replaces=7)
    assert world.rescue.land(newer) is Landing.REVOCATION_DUE

    world.rescue.land(older)

    assert world.endpoint.revoked[-1] == world.endpoint.revoked[-2] == "refresh-canary-rescued"
    assert world.table.writes.count("remember_revocation") == 1
