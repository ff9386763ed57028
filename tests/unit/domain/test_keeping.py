from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Scope, Status
from le_auth.domain.keeping import RESCUE_TIME
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.sentinel_api import POST_DEADLINE
from le_auth.errors import GrantMovedError, RotationUnsavedError
from tests.support.makers import ADA, NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

SECOND = timedelta(seconds=1)
LONGEST_WRITE = 12 * SECOND
LAST_MOMENT = NOON + LEASE_TIME - LEASE_CLOCK_SKEW
"""After it nothing of a refresh may be written any more."""


def slow_answer(world: World) -> Callable[[Request], TokenAnswer]:
    """Make an answer that comes as late as it may."""

    def answer(_: Request) -> TokenAnswer:
        world.clock.go_on(POST_DEADLINE)
        return world.answer()

    return answer


def never_saved(world: World, *, takes: timedelta = timedelta()) -> None:
    """Let no save succeed, and each take its time."""

    def take_time() -> None:
        world.clock.go_on(takes)

    world.table.fail("save_refresh", times=1000, first=take_time)


def never_rescued(world: World, *, takes: timedelta = timedelta()) -> None:
    world.rescues.outages = 1000
    world.rescues.before_send = lambda: world.clock.go_on(takes)


def out_of_liveperson(world: World) -> Callable[[], object]:
    return lambda: world.leave(ADA, Scope.LIVEPERSON)


# ---- saved, or rescued ----


def test_tokens_that_are_saved_are_not_rescued(world: World) -> None:
    world.endpoint.order(world.answer())

    world.refresh()

    assert (world.rescues.sends, world.clock.pauses) == (0, [])


def test_a_save_is_tried_until_just_enough_of_the_lease_is_left_to_rescue(world: World) -> None:
    never_saved(world)
    world.endpoint.order(world.answer())

    world.refresh()

    last_save = LAST_MOMENT - RESCUE_TIME - LONGEST_WRITE
    assert world.clock.now == last_save
    assert world.table.writes.count("save_refresh") == 1 + (last_save - NOON) / SECOND
    assert [renewal.replaces for renewal in world.rescues.waiting] == [7]


def test_what_is_rescued_is_what_would_have_been_saved(world: World) -> None:
    never_saved(world)
    world.endpoint.order(world.answer())

    world.refresh()

    [renewal] = world.rescues.waiting
    assert (renewal.user, renewal.sealed.generation, renewal.received_at) == (ADA, 8, NOON)
    access_token, refresh_token = world.sealers.get(now=NOON).open_tokens(renewal.sealed, user=ADA)
    assert (access_token.reveal(), refresh_token.reveal()) == ("access-canary-new", "refresh-canary-new")


def test_rescued_tokens_count_as_refreshed_and_as_unsettled(world: World) -> None:
    never_saved(world)
    world.endpoint.order(world.answer())

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("refreshed", "rescue_queued", None)
    assert (world.ada.unsettled, world.ada.lease_until) == (1, NOON + LEASE_TIME)


def test_a_rescue_is_tried_again_until_the_queue_is_back(world: World) -> None:
    never_saved(world)
    world.rescues.outages = 3
    world.endpoint.order(world.answer())

    world.refresh()

    assert (world.rescues.sends, len(world.rescues.waiting)) == (4, 1)


def test_a_rescue_is_tried_until_the_lease_is_nearly_over_and_then_the_loss_is_told(world: World) -> None:
    never_saved(world)
    never_rescued(world)
    world.endpoint.order(world.answer())

    with pytest.raises(RotationUnsavedError):
        world.refresh()

    assert world.clock.now == LAST_MOMENT - LONGEST_WRITE
    assert world.rescues.sends == 1 + RESCUE_TIME / SECOND
    assert world.ada.status is Status.ACTIVE


@pytest.mark.parametrize("is_rescued", [True, False])
def test_however_slow_all_is_nothing_is_written_in_the_leases_last_minute(world: World, *, is_rescued: bool) -> None:
    never_saved(world, takes=LONGEST_WRITE)
    never_rescued(world, takes=LONGEST_WRITE)
    world.rescues.outages = 0 if is_rescued else 1000
    world.table.before("lease", lambda: world.clock.go_on(10 * SECOND))
    world.endpoint.order(slow_answer(world))

    result = world.work()

    assert result.reason == ("rescue_queued" if is_rescued else "rotation_lost")
    assert world.clock.now <= LAST_MOMENT
    assert world.rescues.sends >= 1


# ---- a write whose answer was lost ----


def test_a_save_that_was_done_and_then_looked_refused_is_success(world: World) -> None:
    world.table.lose_answer("save_refresh")
    world.endpoint.order(world.answer())

    assert world.work().reason == "refreshed"
    assert world.rescues.sends == 0


def test_a_save_that_was_done_but_never_answered_is_rescued_and_lands_as_such(world: World) -> None:
    world.table.do_but_fail("save_refresh")
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())

    assert world.work().reason == "rescue_queued"
    world.table.orders.clear()

    assert world.land() == ["rescued"]
    assert (world.ada.generation, world.tokens_of()[1]) == (8, "refresh-canary-new")


# ---- the user signed out or in meanwhile ----


def test_tokens_that_come_after_a_sign_out_from_liveperson_are_queued_to_be_revoked(world: World) -> None:
    world.table.before("save_refresh", out_of_liveperson(world))
    world.endpoint.order(world.answer("late"))

    with pytest.raises(GrantMovedError) as moved:
        world.refresh()

    assert moved.value.late == "revocation_queued"
    assert (world.ada.status, world.endpoint.revoked) == (Status.SIGNED_OUT, ["refresh-canary-old"])
    assert world.land() == ["revoked"]
    assert world.endpoint.revoked == ["refresh-canary-old", "refresh-canary-late"]


def test_late_tokens_of_a_user_who_signed_in_again_are_left_to_lapse(world: World) -> None:
    def out_and_in() -> None:
        out_of_liveperson(world)()
        world.sign_in_again()

    world.table.before("save_refresh", out_and_in)
    world.endpoint.order(world.answer("late"))

    result = world.work()

    assert (result.outcome, result.reason, result.retry_after) == ("left", "left_to_lapse", None)
    assert world.rescues.sends == 0
    assert world.tokens_of()[1] == "refresh-canary-signed-in"


def test_late_tokens_are_left_to_lapse_where_the_user_signs_in_again_while_they_wait(world: World) -> None:
    world.table.before("save_refresh", out_of_liveperson(world))
    world.endpoint.order(world.answer("late"))
    world.work()
    world.sign_in_again()

    assert world.land() == ["dropped"]
    assert world.endpoint.revoked == ["refresh-canary-old"]


def test_tokens_that_come_after_a_local_sign_out_are_neither_kept_nor_revoked(world: World) -> None:
    world.table.before("save_refresh", lambda: world.leave(ADA, Scope.LOCAL))
    world.endpoint.order(world.answer("late"))

    result = world.work()

    assert (result.outcome, result.reason) == ("left", "not_active")
    assert (world.rescues.sends, world.endpoint.revoked, world.ada.sealed) == (0, [], None)


def test_tokens_newer_than_a_sign_out_from_liveperson_are_none_of_its_business(world: World) -> None:
    out_of_liveperson(world)()
    world.sign_in_again()
    world.clock.go_on(timedelta(hours=1))
    world.table.before("save_refresh", lambda: world.leave(ADA, Scope.LOCAL))
    world.endpoint.order(world.answer("late"))

    with pytest.raises(GrantMovedError) as moved:
        world.refresh()

    assert (moved.value.late, world.rescues.sends) == (None, 0)


def test_late_tokens_that_the_queue_does_not_take_are_revoked_by_the_next_scheduled_message(world: World) -> None:
    never_rescued(world)
    world.table.before("save_refresh", out_of_liveperson(world))
    world.endpoint.order(world.answer("late"))

    assert world.work().reason == "revocation_queued"
    assert world.ada.revocation_is_due

    assert world.work().reason == "revocation_done"
    assert world.endpoint.revoked == ["refresh-canary-old", "refresh-canary-late"]
    assert (world.ada.slot, world.ada.sealed) == (None, None)


def test_late_tokens_that_neither_table_nor_queue_takes_are_no_lost_rotation(world: World) -> None:
    never_rescued(world)
    world.table.fail("remember_revocation", times=1000)
    world.table.before("save_refresh", out_of_liveperson(world))
    world.endpoint.order(world.answer("late"))

    with pytest.raises(GrantMovedError) as moved:
        world.refresh()

    assert moved.value.late == "left_to_lapse"
    assert world.clock.now <= LAST_MOMENT


# ---- by a clock that is set meanwhile ----


@pytest.mark.parametrize("off", [timedelta(minutes=-5), timedelta(minutes=5)])
def test_saving_and_rescuing_are_tried_for_just_as_long_though_the_clock_is_set_meanwhile(
    world: World, off: timedelta
) -> None:
    def answer(_: Request) -> TokenAnswer:
        world.clock.is_off = off
        return world.answer()

    never_saved(world)
    never_rescued(world)
    world.endpoint.order(answer)

    with pytest.raises(RotationUnsavedError):
        world.refresh()

    assert LAST_MOMENT - LONGEST_WRITE - 2 * SECOND <= world.clock.now <= LAST_MOMENT


def test_the_refresh_token_is_sent_though_the_clock_was_set_ahead_since_the_lease_was_taken(world: World) -> None:
    world.table.before("lease", lambda: setattr(world.clock, "is_off", timedelta(minutes=5)))
    world.endpoint.order(world.answer())

    world.refresh()

    assert world.tokens_of()[1] == "refresh-canary-new"
