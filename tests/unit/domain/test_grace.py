"""After an attempt of unknown end: its token gets time to land before the old one is sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.errors import (
    GraceGivenError,
    GrantMovedError,
    GrantRevokedError,
    OutcomeUnknownError,
    RescuePendingError,
    SentinelUnavailableError,
    TableUnavailableError,
)
from tests.support.makers import ADA, HALF_AN_HOUR, NOON

if TYPE_CHECKING:
    from tests.support.fakes_world import World

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def end_unknown(world: World) -> None:
    """Have an attempt end so that nobody knows whether the token was rotated."""
    world.endpoint.order(OutcomeUnknownError("broken"))
    with pytest.raises(OutcomeUnknownError):
        world.refresh()


def wait_for_grace(world: World) -> None:
    """Have the next attempt give its grace, and that pass."""
    with pytest.raises(GraceGivenError):
        world.refresh()
    world.clock.go_on(LEASE_TIME + GRACE + SECOND)


# ---- the first attempt after it ----


def test_the_first_attempt_after_one_of_unknown_end_sends_nothing(world: World) -> None:
    end_unknown(world)

    with pytest.raises(GraceGivenError) as given:
        world.refresh()

    assert len(world.endpoint.requests) == 1
    assert given.value.until == NOON + LEASE_TIME + GRACE
    assert (world.ada.grace_given, world.ada.lease_until) == (True, NOON + LEASE_TIME + GRACE)
    assert (world.ada.unsettled, world.ada.failures) == (1, 1)
    assert timedelta(seconds=90) == GRACE
    assert world.rescues.counts == 0, "there is nothing to count yet"


def test_its_message_comes_back_when_the_grace_is_over(world: World) -> None:
    end_unknown(world)

    result = world.work()

    assert (result.outcome, result.reason) == ("left", "grace_given")
    assert result.retry_after == LEASE_TIME + GRACE + SECOND


def test_nobody_refreshes_while_the_grace_lasts(world: World) -> None:
    end_unknown(world)
    with pytest.raises(GraceGivenError):
        world.refresh()
    world.clock.go_on(LEASE_TIME + GRACE)

    with pytest.raises(GrantMovedError):
        world.refresh()


def test_a_grace_that_cannot_be_written_sends_nothing_and_is_given_by_the_next_attempt(world: World) -> None:
    end_unknown(world)
    world.table.fail("give_grace")

    with pytest.raises(TableUnavailableError):
        world.refresh()
    assert (world.ada.unsettled, world.ada.grace_given, world.ada.lease_until) == (2, False, NOON + LEASE_TIME)

    world.clock.go_on(LEASE_TIME + SECOND)
    wait_for_grace(world)
    assert (len(world.endpoint.requests), world.ada.unsettled) == (1, 2)


def test_a_grace_whose_answer_was_lost_is_given_once(world: World) -> None:
    end_unknown(world)
    world.table.lose_answer("give_grace")

    with pytest.raises(GraceGivenError):
        world.refresh()

    assert (world.ada.unsettled, world.ada.grace_given) == (1, True)


def test_a_lease_whose_answer_was_lost_gives_a_grace_anew(world: World) -> None:
    end_unknown(world)
    wait_for_grace(world)
    world.table.lose_answer("lease")

    with pytest.raises(GraceGivenError):
        world.refresh()

    assert len(world.endpoint.requests) == 1


def test_a_user_who_signs_in_while_a_grace_is_given_is_not_held_up(world: World) -> None:
    end_unknown(world)
    world.table.before("give_grace", world.sign_in_again)

    with pytest.raises(GrantMovedError):
        world.refresh()
    assert (world.ada.lease_until, world.ada.unsettled, world.ada.grace_given) == (None, 0, False)


def test_without_an_attempt_of_unknown_end_nobody_waits_and_nothing_is_counted(world: World) -> None:
    world.endpoint.order(SentinelUnavailableError("5xx"), world.answer())
    with pytest.raises(SentinelUnavailableError):
        world.refresh()

    world.refresh()

    assert (world.ada.generation, world.rescues.counts) == (8, 0)


# ---- the attempt after the grace ----


def test_after_the_grace_the_old_token_is_sent(world: World) -> None:
    end_unknown(world)
    wait_for_grace(world)
    world.endpoint.order(world.answer())

    world.refresh()

    assert [request.refresh_token for request in world.endpoint.requests] == ["refresh-canary-old"] * 2
    assert (world.ada.generation, world.ada.unsettled, world.ada.grace_given) == (8, 0, False)


def test_after_the_grace_nothing_is_sent_while_rescues_wait(world: World) -> None:
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())
    world.refresh()
    world.table.orders.clear()
    world.clock.go_on(2 * HALF_AN_HOUR)
    wait_for_grace(world)
    before = world.ada

    with pytest.raises(RescuePendingError):
        world.refresh()

    assert len(world.endpoint.requests) == 1
    found = world.ada
    assert (found.lease_owner, found.lease_until) == (None, None)
    assert (found.unsettled, found.grace_given, found.failures) == (before.unsettled, True, before.failures)


def test_its_message_comes_back_uncounted(world: World) -> None:
    world.have(ADA, unsettled=1, grace_given=True, failures=2, last_error="outcome_unknown")
    world.rescues.outages = 1

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("left", "rescue_pending", 2 * MINUTE)
    assert (world.ada.failures, world.ada.last_error, world.ada.grace_given) == (2, "outcome_unknown", True)


def test_a_grace_that_was_kept_is_enough_once_the_queue_is_empty(world: World) -> None:
    world.have(ADA, unsettled=1, grace_given=True)
    world.rescues.outages = 1
    world.work()
    world.endpoint.order(world.answer())

    assert world.work().outcome == "refreshed"


def test_the_lease_is_looked_at_after_the_queue(world: World) -> None:
    """A rescue that left the queue before it was counted has landed by the time that the lease is looked at."""
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())
    world.refresh()
    world.table.orders.clear()
    world.clock.go_on(LEASE_TIME + SECOND)
    wait_for_grace(world)
    world.rescues.before_count = world.land

    with pytest.raises(RescuePendingError):
        world.refresh()

    assert len(world.endpoint.requests) == 1
    assert world.table.writes[-2:] == ["still_holds", "give_back"]
    assert (world.ada.generation, world.ada.unsettled, world.tokens_of()[1]) == (8, 0, "refresh-canary-new")


def test_the_lease_is_not_looked_at_where_rescues_wait(world: World) -> None:
    world.have(ADA, unsettled=1, grace_given=True)
    world.rescues.outages = 1

    with pytest.raises(RescuePendingError):
        world.refresh()

    assert "still_holds" not in world.table.writes


def test_a_table_that_does_not_tell_whose_the_lease_is_sends_nothing(world: World) -> None:
    world.have(ADA, unsettled=1, grace_given=True)
    world.table.fail("still_holds")

    with pytest.raises(RescuePendingError):
        world.refresh()

    assert world.endpoint.requests == []
    assert (world.ada.unsettled, world.ada.grace_given, world.ada.lease_owner) == (1, True, None)


def test_where_giving_back_fails_too_the_next_attempt_gives_a_grace_of_its_own(world: World) -> None:
    world.have(ADA, unsettled=1, grace_given=True)
    world.rescues.outages = 1
    world.table.fail("give_back")
    with pytest.raises(RescuePendingError):
        world.refresh()
    world.clock.go_on(LEASE_TIME + SECOND)

    with pytest.raises(GraceGivenError):
        world.refresh()

    assert world.endpoint.requests == []


# ---- how that attempt ends ----


def test_a_settled_failure_keeps_the_grace_for_the_next_attempt(world: World) -> None:
    end_unknown(world)
    wait_for_grace(world)
    world.endpoint.order(SentinelUnavailableError("5xx"), world.answer())

    with pytest.raises(SentinelUnavailableError):
        world.refresh()
    assert (world.ada.grace_given, world.ada.unsettled) == (True, 1)

    world.refresh()
    assert world.ada.generation == 8


def test_another_unknown_end_needs_another_grace(world: World) -> None:
    end_unknown(world)
    wait_for_grace(world)
    end_unknown(world)

    assert (world.ada.grace_given, world.ada.unsettled) == (False, 2)
    wait_for_grace(world)
    world.endpoint.order(world.answer())
    world.refresh()
    assert (world.ada.generation, len(world.endpoint.requests)) == (8, 3)


def test_a_death_after_the_grace_needs_another_grace(world: World) -> None:
    end_unknown(world)
    wait_for_grace(world)
    world.table.lease(ADA, world.refresher.terms(due_at=world.clock.now))
    world.clock.go_on(LEASE_TIME + SECOND)

    with pytest.raises(GraceGivenError):
        world.refresh()


def test_invalid_grant_after_the_grace_is_a_lost_rotation(world: World) -> None:
    end_unknown(world)
    wait_for_grace(world)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    result = world.work()

    assert (result.error_class, result.reason, world.ada.status) == ("permanent", "rotation_lost", Status.REAUTHORIZE)
