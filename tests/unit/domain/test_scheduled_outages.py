from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from le_auth.errors import (
    ClientRefusedError,
    GrantRevokedError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    SentinelUnavailableError,
)
from tests.support.fakes import FakeClock
from tests.support.fakes_world import World, limited
from tests.support.makers import BOB, NOON, a_user
from tests.support.template import properties

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.scheduled import Batch, Result
    from le_auth.domain.users import User

SECOND = timedelta(seconds=1)


def some_users(world: World, number: int) -> list[User]:
    users = [a_user(1000 + index) for index in range(number)]
    for user in users:
        world.have(user)
    return users


def test_when_the_first_five_fail_alike_the_rest_is_handed_back_unsent(world: World) -> None:
    users, batch = some_users(world, 8), world.batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert [result.reason for result in results] == ["sentinel_unavailable"] * 5 + ["outage"] * 3
    assert [result.retry_after for result in results[5:]] == [5 * SECOND] * 3
    assert len(world.endpoint.requests) == 5


def test_unknown_outcomes_are_an_outage_too(world: World) -> None:
    users, batch = some_users(world, 6), world.batch()
    world.endpoint.order(*[OutcomeUnknownError("broken")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert [result.reason for result in results] == ["outcome_unknown"] * 5 + ["outage"]
    assert results[5].retry_after == 5 * SECOND


def test_the_rest_waits_as_long_as_the_longest_of_the_failed(world: World) -> None:
    users, batch = some_users(world, 6), world.batch()
    world.endpoint.order(limited(7), limited(60), limited(None), limited(9), limited(None))

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].retry_after == 60 * SECOND


@pytest.mark.parametrize(
    "odd", [OutcomeUnknownError("broken"), RequestRefusedError("4xx"), GrantRevokedError("gone"), None]
)
def test_one_of_the_first_five_that_ends_otherwise_is_no_outage(world: World, odd: LeAuthError | None) -> None:
    users, batch = some_users(world, 6), world.batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 2, odd or world.answer())
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 2, world.answer())

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].outcome == "refreshed"


def test_failures_of_two_kinds_are_no_outage(world: World) -> None:
    users, batch = some_users(world, 6), world.batch()
    world.table.fail("lease")
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 4, world.answer())

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].outcome == "refreshed"


def test_messages_that_were_left_alone_count_for_no_outage(world: World) -> None:
    users, batch = some_users(world, 6), world.batch()
    world.work(a_user(1), batch=batch)
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)

    results = [world.work(user, batch=batch) for user in users]

    assert results[5].reason == "outage"


def test_the_next_batch_begins_without_prejudice(world: World) -> None:
    users = some_users(world, 6)
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5, world.answer())
    batch = world.batch()
    for user in users[:5]:
        world.work(user, batch=batch)

    assert world.work(users[5], batch=world.batch()).outcome == "refreshed"


# ---- SQS gives up a message that was received too often ----

LONGEST_INTERVAL = timedelta(minutes=60)
DUE = NOON - timedelta(seconds=3)


def an_outage(world: World) -> Batch:
    """A batch whose first five have failed at their first attempt."""
    batch = world.batch()
    world.endpoint.order(*[SentinelUnavailableError("5xx")] * 5)
    for user in some_users(world, 5):
        world.work(user, batch=batch)
    return batch


def receives(world: World, work: Callable[[], Result]) -> int:
    """Have a message come back whenever it is time, until it is dropped; gives how often it was received."""
    for number in count(1):
        pause = work().retry_after
        if pause is None:
            return number
        world.clock.go_on(pause)
    raise AssertionError


def most_receives() -> int:
    return int(properties("RefreshQueue")["RedrivePolicy"]["maxReceiveCount"])


def test_a_message_that_is_always_handed_back_does_not_use_up_its_receives() -> None:
    world = World(interval=LONGEST_INTERVAL)

    assert receives(world, lambda: world.work(due_at=DUE, batch=an_outage(world))) < most_receives()


def test_nor_does_one_that_is_tried_after_each_time_that_it_is_handed_back() -> None:
    world = World(interval=LONGEST_INTERVAL)
    turns = count()

    def work() -> Result:
        if next(turns) % 2:
            return world.work(due_at=DUE, batch=an_outage(world))
        world.endpoint.order(SentinelUnavailableError("5xx"))
        return world.work(due_at=DUE)

    assert receives(world, work) < most_receives()


def test_a_young_message_comes_back_as_soon_as_those_that_were_tried(world: World) -> None:
    result = world.work(due_at=DUE, batch=an_outage(world))

    assert (result.reason, result.retry_after) == ("outage", 5 * SECOND)


def test_nor_does_one_that_meets_only_workers_whose_wait_for_its_account_is_nearly_over() -> None:
    clock = FakeClock()
    world = World(interval=LONGEST_INTERVAL, clock=clock)

    def work() -> Result:
        worker = World(interval=LONGEST_INTERVAL, clock=clock)
        worker.have(BOB)
        clock.go_on(-119 * SECOND)
        worker.fails_with(ClientRefusedError("401"), BOB)
        clock.go_on(119 * SECOND)
        return worker.work(due_at=DUE)

    assert receives(world, work) < most_receives()
