from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope, Status
from le_auth.domain.on_demand import LONGEST_ASKED_WAIT, retry_after
from le_auth.domain.refresh import GRACE, LEASE_TIME, LONGEST
from le_auth.domain.slots import slot_of
from le_auth.errors import (
    ClientRefusedError,
    DomainApiUnavailableError,
    GraceGivenError,
    GrantMovedError,
    GrantRevokedError,
    LeAuthError,
    NotSignedInError,
    OutcomeUnknownError,
    RefreshUnderWayError,
    RequestRefusedError,
    RescuePendingError,
    RotationUnsavedError,
    SealingKeyError,
    SentinelUnavailableError,
    TableUnavailableError,
    TryLaterError,
)
from tests.support.fakes_world import limited
from tests.support.makers import ADA, BOB, HALF_AN_HOUR, NOON

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.on_demand import Vended
    from le_auth.domain.tokens import TokenAnswer
    from tests.support.fakes import Request
    from tests.support.fakes_world import World

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
JUST_SHORT = HALF_AN_HOUR - SECOND


def vend(world: World, *, min_valid: timedelta = timedelta(), ends_at: datetime | None = None) -> Vended:
    return world.tokens.get(ADA, min_valid=min_valid, ends_at=ends_at or world.clock.now + 90 * SECOND)


def has_token(world: World, *, age: timedelta, valid_for: timedelta | None = None, **changes: object) -> None:
    """Give Ada tokens so old, used half an hour ago."""
    expires_at = None if valid_for is None else NOON + valid_for
    world.have(
        ADA, refreshed_at=NOON - age, access_expires_at=expires_at, **{"last_used_at": NOON - HALF_AN_HOUR, **changes}
    )


def refreshed_by_another(world: World) -> None:
    world.have(ADA, generation=8, refreshed_at=world.clock.now, last_used_at=NOON - HALF_AN_HOUR)


def held_by_another(world: World, *, age: timedelta = HALF_AN_HOUR) -> None:
    has_token(world, age=age, lease_owner="another", lease_until=NOON + LEASE_TIME, unsettled=1)


# ---- a fresh token ----


def test_a_fresh_token_costs_one_read_and_no_write(world: World) -> None:
    has_token(world, age=JUST_SHORT)

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-old"
    assert (vended.refreshed, vended.failure) == (None, None)
    assert (vended.user, vended.issued_at, vended.refreshed_at) == (ADA, NOON - 2 * HOUR, NOON - JUST_SHORT)
    assert world.table.writes == ["find"]


def test_point_27_a_refresh_token_never_leaves(world: World) -> None:
    has_token(world, age=JUST_SHORT)
    shown = repr(vend(world))
    world.clock.go_on(HOUR)
    world.endpoint.order(world.answer())
    shown += repr(vend(world))

    assert "canary" not in shown


def test_a_token_without_a_lifetime_is_fresh_whatever_is_asked(world: World) -> None:
    has_token(world, age=JUST_SHORT)

    assert vend(world, min_valid=24 * HOUR).refreshed is None


@pytest.mark.parametrize(("min_valid", "is_refreshed"), [(9, False), (10, True), (11, True)])
def test_a_token_must_be_valid_for_as_long_as_is_asked(world: World, min_valid: int, *, is_refreshed: bool) -> None:
    has_token(world, age=5 * MINUTE, valid_for=10 * MINUTE)
    world.endpoint.order(world.answer())

    assert (vend(world, min_valid=min_valid * MINUTE).refreshed is not None) is is_refreshed


@pytest.mark.parametrize(("age", "is_refreshed"), [(59, False), (60, True)])
def test_a_token_refreshed_just_now_is_given_whatever_is_asked(world: World, age: int, *, is_refreshed: bool) -> None:
    has_token(world, age=age * SECOND, valid_for=SECOND)
    world.endpoint.order(world.answer())

    assert (vend(world, min_valid=24 * HOUR).refreshed is not None) is is_refreshed


# ---- a stale token ----


def test_a_stale_token_is_refreshed_and_the_new_one_given(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-new"
    assert (vended.issued_at, vended.refreshed_at) == (NOON - 2 * HOUR, NOON)
    assert vended.refreshed is not None
    assert vended.refreshed.is_saved
    assert world.table.writes == ["find", "lease", "save_refresh"]


def test_tokens_that_had_to_be_rescued_are_given_all_the_same(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.fail("save_refresh", times=1000)
    world.endpoint.order(world.answer())

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-new"
    assert vended.refreshed is not None
    assert not vended.refreshed.is_saved
    assert len(world.rescues.waiting) == 1


def test_the_lease_begins_when_all_is_at_hand(world: World) -> None:
    """A slow look-up must not eat up the lease."""
    has_token(world, age=HALF_AN_HOUR)
    world.sentinels.clock, world.sentinels.takes = world.clock, 20 * SECOND
    world.endpoint.order(world.answer())

    assert vend(world).refreshed is not None


def test_no_refresh_is_begun_that_the_invocation_could_not_finish(world: World) -> None:
    has_token(world, age=2 * HALF_AN_HOUR)

    with pytest.raises(TryLaterError):
        vend(world, ends_at=NOON + LONGEST - SECOND)
    assert world.table.writes == ["find"]


def test_time_that_getting_ready_took_counts(world: World) -> None:
    has_token(world, age=2 * HALF_AN_HOUR)
    world.sentinels.clock, world.sentinels.takes = world.clock, 31 * SECOND

    with pytest.raises(TryLaterError):
        vend(world, ends_at=NOON + 90 * SECOND)
    assert world.table.writes == ["find"]


def test_a_refresh_is_begun_when_there_is_just_time_enough(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(world.answer())

    assert vend(world, ends_at=NOON + LONGEST).refreshed is not None


# ---- somebody else refreshes ----


def test_whoever_finds_another_refreshing_waits_and_gets_the_new_token(world: World) -> None:
    held_by_another(world)
    world.table.before("find", *[lambda: None] * 3, lambda: refreshed_by_another(world))

    vended = vend(world)

    assert (vended.refreshed, vended.refreshed_at) == (None, NOON + 3 * timedelta(milliseconds=200))
    assert world.endpoint.requests == []
    assert world.clock.pauses == [timedelta(milliseconds=200)] * 3


def test_whoever_loses_the_race_for_the_lease_waits_too(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("lease", lambda: held_by_another(world))
    world.table.before("find", lambda: None, lambda: refreshed_by_another(world))

    assert vend(world).refreshed is None
    assert world.endpoint.requests == []


def test_whoever_comes_when_it_is_done_needs_no_wait(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("lease", lambda: refreshed_by_another(world))

    assert vend(world).refreshed_at == NOON
    assert (world.clock.pauses, world.endpoint.requests) == ([], [])


def test_after_five_seconds_of_waiting_a_young_token_serves(world: World) -> None:
    held_by_another(world, age=2 * HALF_AN_HOUR - 6 * SECOND)

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-old"
    assert isinstance(vended.failure, RefreshUnderWayError)
    assert world.clock.now == NOON + 5 * SECOND


def test_after_five_seconds_of_waiting_an_old_token_does_not(world: World) -> None:
    held_by_another(world, age=2 * HALF_AN_HOUR - 5 * SECOND)

    with pytest.raises(RefreshUnderWayError) as failed:
        vend(world)
    assert failed.value.until == NOON + LEASE_TIME
    assert world.clock.now == NOON + 5 * SECOND


def test_nobody_waits_for_a_lease_that_only_waits_itself(world: World) -> None:
    until = NOON + LEASE_TIME + GRACE
    has_token(world, age=HOUR, lease_owner="another", lease_until=until, unsettled=1, grace_given=True)

    with pytest.raises(RefreshUnderWayError) as failed:
        vend(world)
    assert (failed.value.until, world.clock.pauses) == (until, [])


def test_a_refresh_that_was_waited_for_and_failed_is_not_repeated_by_all_who_waited(world: World) -> None:
    held_by_another(world)
    world.table.before("find", lambda: None, lambda: has_token(world, age=HALF_AN_HOUR, failures=1))

    vended = vend(world)

    assert vended.access_token.reveal() == "access-canary-old"
    assert world.endpoint.requests == []


@pytest.mark.parametrize("late", [timedelta(), timedelta(milliseconds=999)])
def test_a_lease_is_held_to_the_end_of_its_last_second(world: World, late: timedelta) -> None:
    has_token(world, age=HALF_AN_HOUR, lease_owner="dead", lease_until=NOON, unsettled=1)
    world.clock.go_on(late)
    world.table.before("find", lambda: None, lambda: refreshed_by_another(world))

    assert vend(world).refreshed is None
    assert "lease" not in world.table.writes


def test_a_lease_that_ended_without_a_word_is_taken_over(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, lease_owner="dead", lease_until=NOON - SECOND)
    world.endpoint.order(world.answer())

    assert vend(world).refreshed is not None


def test_whoever_signs_in_meanwhile_gets_that_token(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("save_refresh", world.sign_in_again)
    world.endpoint.order(world.answer("late"))

    assert vend(world).access_token.reveal() == "access-canary-signed-in"


def test_a_late_token_that_is_left_to_lapse_is_told(world: World) -> None:
    def sign_out_and_in() -> None:
        world.leave(ADA, Scope.LIVEPERSON)
        world.sign_in_again()

    has_token(world, age=HALF_AN_HOUR)
    world.table.before("save_refresh", sign_out_and_in)
    world.endpoint.order(world.answer("late"))

    failure = vend(world).failure

    assert isinstance(failure, GrantMovedError)
    assert failure.late == "left_to_lapse"


def test_whoever_signs_out_meanwhile_gets_none(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.before("save_refresh", lambda: world.leave(ADA, Scope.LOCAL))
    world.endpoint.order(world.answer("late"))

    with pytest.raises(NotSignedInError):
        vend(world)


# ---- no fresh token to be had ----

FAILURES = [SentinelUnavailableError("5xx"), OutcomeUnknownError("broken"), RequestRefusedError("4xx"), limited(7)]


@pytest.mark.parametrize("error", FAILURES)
def test_where_sentinel_fails_a_young_token_serves(world: World, error: LeAuthError) -> None:
    has_token(world, age=2 * HALF_AN_HOUR - SECOND)
    world.endpoint.order(error)

    vended = vend(world)

    assert (vended.access_token.reveal(), vended.refreshed) == ("access-canary-old", None)
    assert vended.failure is error


@pytest.mark.parametrize("error", FAILURES)
def test_where_sentinel_fails_an_old_token_does_not(world: World, error: LeAuthError) -> None:
    has_token(world, age=2 * HALF_AN_HOUR)
    world.endpoint.order(error)

    with pytest.raises(type(error)):
        vend(world)
    assert world.ada.status is Status.ACTIVE


def test_a_token_that_has_run_out_is_not_young(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, valid_for=timedelta())
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        vend(world)


def test_a_token_that_has_not_yet_run_out_serves_where_no_longer_one_is_to_be_had(world: World) -> None:
    has_token(world, age=5 * MINUTE, valid_for=SECOND)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    assert vend(world, min_valid=HOUR).access_token.reveal() == "access-canary-old"


def test_what_a_refresh_needs_may_fail_too(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.sentinels.error = DomainApiUnavailableError("down")

    assert isinstance(vend(world).failure, DomainApiUnavailableError)
    assert world.table.writes == ["find"]


def test_where_the_secret_is_refused_a_young_token_serves_and_nobody_is_signed_out(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(ClientRefusedError("401"))

    assert isinstance(vend(world).failure, ClientRefusedError)
    assert (world.ada.status, world.ada.failures, world.ada.lease_owner) == (Status.ACTIVE, 0, None)


def test_after_an_unknown_end_a_young_token_serves_while_the_grace_is_given(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, unsettled=1)

    assert isinstance(vend(world).failure, GraceGivenError)
    assert isinstance(vend(world).failure, RefreshUnderWayError)
    assert world.endpoint.requests == []


def test_while_rescued_tokens_wait_a_young_token_serves(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR, unsettled=1, grace_given=True)
    world.rescues.outages = 1

    assert isinstance(vend(world).failure, RescuePendingError)
    assert (world.ada.grace_given, world.ada.unsettled, world.ada.failures) == (True, 1, 0)


def test_a_rotation_that_was_lost_is_told_although_a_young_token_serves(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.table.fail("save_refresh", times=1000)
    world.rescues.outages = 1000
    world.endpoint.order(world.answer())

    assert isinstance(vend(world).failure, RotationUnsavedError)


def test_without_the_table_there_is_no_token(world: World) -> None:
    world.table.fail("find")

    with pytest.raises(TableUnavailableError):
        vend(world)


def test_without_the_key_there_is_no_token(world: World) -> None:
    has_token(world, age=JUST_SHORT)
    world.sealers.known = world.sealers.afresh = ["k9"]

    with pytest.raises(SealingKeyError):
        vend(world)


def test_an_item_without_tokens_is_no_crash(world: World) -> None:
    has_token(world, age=JUST_SHORT)
    world.table.put(replace(world.ada, sealed=None))

    with pytest.raises(SealingKeyError):
        vend(world)


# ---- refusals ----


def test_a_refusal_that_a_back_end_meets_again_and_again_ends_nothing(world: World) -> None:
    """Three refusals in a row end a grant, but they have to lie an interval apart."""
    world.have(BOB)
    world.endpoint.order(world.answer())
    world.refresh(BOB)
    world.have(ADA)
    for _ in range(10):
        world.endpoint.order(RequestRefusedError("4xx"))
        vend(world)

    assert (world.ada.status, world.ada.failures) == (Status.ACTIVE, 0)


@pytest.mark.parametrize(
    ("failures", "last_error"), [(2, "sentinel_unavailable"), (2, "request_refused"), (3, "request_refused")]
)
def test_a_refusal_on_demand_leaves_the_schedules_count_alone(world: World, failures: int, last_error: str) -> None:
    world.have(BOB)
    world.endpoint.order(world.answer(), RequestRefusedError("4xx"))
    world.refresh(BOB)
    world.have(ADA, failures=failures, last_error=last_error)

    vend(world)

    assert (world.ada.status, world.ada.failures, world.ada.last_error) == (Status.ACTIVE, failures, last_error)
    assert (world.ada.lease_owner, world.ada.unsettled) == (None, 0)


# ---- who is signed in ----


def test_nobody_is_signed_in_where_there_is_no_item(world: World) -> None:
    world.table.grants.clear()

    with pytest.raises(NotSignedInError):
        vend(world)


@pytest.mark.parametrize(
    ("status", "error"), [(Status.SIGNED_OUT, NotSignedInError), (Status.REAUTHORIZE, GrantRevokedError)]
)
def test_whoever_is_signed_out_gets_no_token_however_fresh_one_is(
    world: World, status: Status, error: type[LeAuthError]
) -> None:
    has_token(world, age=SECOND, status=status)

    with pytest.raises(error):
        vend(world)
    assert world.table.writes == ["find"]


def test_invalid_grant_ends_the_grant_and_no_young_token_is_given(world: World) -> None:
    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(GrantRevokedError("invalid_grant"))

    with pytest.raises(GrantRevokedError):
        vend(world)
    assert world.ada.status is Status.REAUTHORIZE


# ---- use is noted ----


def test_use_is_noted_at_most_once_an_hour(world: World) -> None:
    has_token(world, age=SECOND, last_used_at=NOON - HOUR)

    vend(world)
    vend(world)

    assert world.table.writes == ["find", "note_use", "find"]
    assert world.ada.last_used_at == NOON


def test_an_idle_user_who_is_asked_for_is_refreshed_and_back_in_the_schedule(world: World) -> None:
    has_token(world, age=15 * 24 * HOUR, last_used_at=NOON - timedelta(days=15), slot=None)
    world.endpoint.order(world.answer())

    vend(world)

    assert (world.ada.slot, world.ada.last_used_at) == (slot_of(ADA), NOON)
    world.clock.go_on(HALF_AN_HOUR)
    world.endpoint.order(world.answer("scheduled"))
    assert world.work().outcome == "refreshed"


def test_a_fresh_token_that_left_the_schedule_gets_its_slot_back(world: World) -> None:
    has_token(world, age=SECOND, last_used_at=NOON, slot=None)

    vend(world)

    assert world.ada.slot == slot_of(ADA)


@pytest.mark.parametrize("happens", ["outage", "another's note"])
def test_a_note_that_fails_costs_nobody_the_token(world: World, happens: str) -> None:
    has_token(world, age=SECOND, last_used_at=NOON - HOUR)
    if happens == "outage":
        world.table.fail("note_use")
    else:
        world.table.before("note_use", lambda: has_token(world, age=SECOND, last_used_at=NOON))

    assert vend(world).access_token.reveal() == "access-canary-old"


def test_a_note_never_brings_back_who_signed_out_meanwhile(world: World) -> None:
    has_token(world, age=SECOND, last_used_at=NOON - HOUR)
    world.table.before("note_use", lambda: world.leave(ADA, Scope.LOCAL))

    vend(world)

    assert (world.ada.status, world.ada.slot) == (Status.SIGNED_OUT, None)


def test_a_vend_that_failed_is_no_use(world: World) -> None:
    has_token(world, age=HOUR, last_used_at=NOON - HOUR)
    world.endpoint.order(SentinelUnavailableError("5xx"))

    with pytest.raises(SentinelUnavailableError):
        vend(world)
    assert world.ada.last_used_at == NOON - HOUR


def test_a_slow_sentinel_is_waited_for(world: World) -> None:
    def slow(_: Request) -> TokenAnswer:
        world.clock.go_on(9 * SECOND)
        return world.answer()

    has_token(world, age=HALF_AN_HOUR)
    world.endpoint.order(slow)

    assert vend(world).refreshed_at == NOON + 9 * SECOND


# ---- when to ask again ----


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (GraceGivenError(NOON + 210 * SECOND), 211),
        (RefreshUnderWayError(NOON + LEASE_TIME), 121),
        (RefreshUnderWayError(NOON + timedelta(milliseconds=10)), 1),
        (RefreshUnderWayError(NOON - SECOND), 1),
        (RefreshUnderWayError(None), 5),
        (limited(40), 40),
        (limited(1), 5),
        (limited(None), 5),
        (limited(86_400), LONGEST_ASKED_WAIT),
        (SentinelUnavailableError("5xx"), 5),
        (TableUnavailableError("down"), 5),
        (ClientRefusedError("401"), 5),
    ],
)
def test_whoever_got_none_is_told_when_to_ask_again(error: LeAuthError, seconds: int) -> None:
    assert retry_after(error, now=NOON) == seconds
