from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.errors import (
    GrantRevokedError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    SentinelUnavailableError,
)
from tests.support.fakes_world import World, a_batch, limited
from tests.support.makers import a_user

if TYPE_CHECKING:
    from le_auth.domain.users import User

SECOND = timedelta(seconds=1)


def some_users(world: World, number: int) -> list[User]:
    users = [a_user(1000 + index) for index in range(number)]
    for user in users:
        world.have(user)
    return users


def test_when_the_first_five_fail_alike_the_rest_is_handed_back_unsent(world: World) -> None:
    users, batch = some_users(world, 8), a_batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert [result.reason for result in results] == ["sentinel_unavailable"] * 5 + ["outage"] * 3
    assert [result.retry_after for result in results[5:]] == [5 * SECOND] * 3
    assert len(world.endpoint.requests) == 5


def test_unknown_outcomes_are_an_outage_too(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.endpoint.order(*[OutcomeUnknownError("broken")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert [result.reason for result in results] == ["outcome_unknown"] * 5 + ["outage"]
    assert results[5].retry_after == 5 * SECOND


def test_the_rest_waits_as_long_as_the_longest_of_the_failed(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.endpoint.order(limited(7), limited(60), limited(None), limited(9), limited(None))

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].retry_after == 60 * SECOND


@pytest.mark.parametrize(
    "odd", [OutcomeUnknownError("broken"), RequestRefusedError("4xx"), GrantRevokedError("gone"), None]
)
def test_one_of_the_first_five_that_ends_otherwise_is_no_outage(world: World, odd: LeAuthError | None) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 2, odd or world.answer())
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 2, world.answer())

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].outcome == "refreshed"


def test_failures_of_two_kinds_are_no_outage(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.table.fail("lease")
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 4, world.answer())

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].outcome == "refreshed"


def test_messages_that_were_left_alone_count_for_no_outage(world: World) -> None:
    users, batch = some_users(world, 6), a_batch()
    world.work(a_user(1), batch=batch)
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].reason == "outage"


def test_the_next_batch_begins_without_prejudice(world: World) -> None:
    users = some_users(world, 6)
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5, world.answer())
    batch = a_batch()
    for user in users[:5]:
        world.work(user, batch=batch)

    assert world.work(users[5], batch=a_batch()).outcome == "refreshed"
