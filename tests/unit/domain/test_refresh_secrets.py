from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Status
from le_auth.domain.refresh import LEASE_TIME, SAVE_TIME
from le_auth.domain.sentinel_api import POST_DEADLINE
from le_auth.errors import (
    ClientRefusedError,
    SealingKeyError,
    SentinelUnavailableError,
)
from tests.support.fakes import FakeSealer
from tests.support.makers import ADA, NOON, some_tokens

if TYPE_CHECKING:
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

SECOND = timedelta(seconds=1)


def seal_with(world: World, key_id: str) -> None:
    """Have Ada's tokens sealed with another key."""
    sealed = FakeSealer([key_id]).seal_tokens(some_tokens("old"), user=ADA, generation=7)
    world.table.put(replace(world.ada, sealed=sealed))


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
    equipment, terms = world.channel.equip(ADA.account_id), world.refresher.terms(due_at=NOON)
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
