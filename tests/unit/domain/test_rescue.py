from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.domain.grants import Renewal, Scope, Sealed, Status
from le_auth.domain.rescue import Landing, read_rescue, rescue_pause, write_rescue
from le_auth.domain.slots import slot_of
from le_auth.errors import (
    SealingKeyError,
    TableUnavailableError,
)
from tests.support.fakes_world import a_renewal
from tests.support.makers import ADA, NOON, a_user

if TYPE_CHECKING:
    from tests.support.fakes_world import World

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EXPIRY = NOON + timedelta(hours=1)


# ---- messages ----


@given(
    st.integers(1, 2**60),
    st.binary(min_size=1, max_size=900),
    st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis wants bounds without zone
    st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
)
def test_a_rescue_is_read_back_as_it_was(
    replaces: int, data: bytes, received_at: datetime, expires_at: datetime | None
) -> None:
    renewal = Renewal(
        user=a_user(42),
        replaces=replaces,
        sealed=Sealed(key_id="k1", generation=replaces + 1, data=data),
        received_at=received_at.replace(microsecond=0, tzinfo=UTC),
        access_expires_at=None if expires_at is None else expires_at.replace(microsecond=0, tzinfo=UTC),
    )

    assert read_rescue(write_rescue(renewal)) == renewal


def test_a_message_fits_into_the_queue_and_has_the_tokens_sealed_only() -> None:
    sealed = Sealed(key_id="k" * 16, generation=2**60, data=b"x" * 1024)
    body = write_rescue(Renewal(user=ADA, replaces=2**60, sealed=sealed, received_at=NOON, access_expires_at=EXPIRY))

    assert len(body) < 2048
    assert json.loads(body).keys() == {
        "rescue",
        "pk",
        "replaces",
        "generation",
        "key_id",
        "sealed",
        "received_at",
        "access_expires_at",
    }


def altered(**changes: Any) -> str:
    return json.dumps({**json.loads(write_rescue(a_renewal())), **changes})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "[]",
        "1",
        "null",
        '"rescue"',
        "{}",
        '{"pk": "1#2", "due_at": 1}',
        altered(rescue=2),
        altered(pk="#scheduler"),
        altered(pk=7),
        altered(replaces=None),
        altered(replaces="seven"),
        altered(generation=float("nan")),
        altered(generation=float("inf")),
        altered(sealed="no base64!"),
        altered(sealed="\u00fc"),
        altered(sealed=7),
        altered(received_at="noon"),
        altered(received_at=1e30),
        altered(access_expires_at=[]),
        "[" * 100_000,
    ],
)
def test_what_is_no_rescue_is_refused(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's and base64's own words for some
        read_rescue(body)


def test_a_rescue_is_tried_every_thirty_seconds_and_later_every_five_minutes_for_days() -> None:
    pauses = [rescue_pause(receives) for receives in range(1, 1001)]

    assert pauses[:200] == [30 * SECOND] * 200
    assert pauses[200:] == [5 * MINUTE] * 800
    assert timedelta(days=2) < sum(pauses, timedelta()) < timedelta(days=14), "before SQS drops the message"


# ---- landing ----


def test_rescued_tokens_are_saved_as_a_refresh_would_have_saved_them(world: World) -> None:
    world.have(ADA, unsettled=2, grace_given=True, failures=3, lease_owner="dead", lease_until=NOON)

    assert world.rescue.land(a_renewal()) is Landing.RESCUED

    found = world.ada
    assert (found.generation, found.refreshed_at, found.access_expires_at) == (8, NOON, EXPIRY)
    assert (found.unsettled, found.grace_given, found.failures, found.lease_owner) == (0, False, 0, None)
    assert world.tokens_of()[1] == "refresh-canary-rescued"


def test_a_rescue_lands_on_a_grant_that_was_given_up(world: World) -> None:
    """Another attempt sent the old token meanwhile; the rescued one is good."""
    world.have(ADA, status=Status.REAUTHORIZE, slot=None, last_error="rotation_lost")

    assert world.rescue.land(a_renewal()) is Landing.RESCUED

    assert (world.ada.status, world.ada.slot, world.ada.last_error) == (Status.ACTIVE, slot_of(ADA), None)


def test_a_rescue_lands_although_somebody_holds_the_lease_and_ends_that(world: World) -> None:
    lease = world.table.lease(ADA, world.refresher.terms(due_at=NOON))

    assert world.rescue.land(a_renewal()) is Landing.RESCUED
    assert not world.table.still_holds(lease)


def test_a_rescue_that_lands_twice_is_rescued_twice(world: World) -> None:
    renewal = a_renewal()
    world.rescue.land(renewal)

    assert world.rescue.land(renewal) is Landing.RESCUED
    assert world.ada.generation == 8


def test_a_rescue_whose_save_was_done_but_not_answered_counts_as_landed(world: World) -> None:
    world.table.lose_answer("save_refresh")

    assert world.rescue.land(a_renewal()) is Landing.RESCUED


def test_a_rescue_onto_a_grant_that_moved_on_is_dropped(world: World) -> None:
    renewal = a_renewal()
    world.sign_in_again()

    assert world.rescue.land(renewal) is Landing.DROPPED
    assert world.tokens_of()[1] == "refresh-canary-signed-in"


def test_a_rescue_of_the_same_generation_with_other_tokens_is_dropped(world: World) -> None:
    world.rescue.land(a_renewal("first"))

    assert world.rescue.land(a_renewal("second")) is Landing.DROPPED
    assert world.tokens_of()[1] == "refresh-canary-first"


def test_a_rescue_for_somebody_who_is_gone_is_dropped(world: World) -> None:
    world.table.grants.clear()

    assert world.rescue.land(a_renewal()) is Landing.DROPPED
    assert world.table.grants == {}


def test_a_rescue_after_a_local_sign_out_is_dropped(world: World) -> None:
    world.leave(ADA, Scope.LOCAL)

    assert world.rescue.land(a_renewal()) is Landing.DROPPED
    assert (world.ada.status, world.ada.sealed, world.endpoint.revoked) == (Status.SIGNED_OUT, None, [])


def test_a_table_that_is_down_keeps_the_rescue(world: World) -> None:
    world.table.fail("save_refresh")

    with pytest.raises(TableUnavailableError):
        world.rescue.land(a_renewal())


def test_a_rescue_that_does_not_open_replaces_nothing(world: World) -> None:
    before, renewal = world.ada, a_renewal()
    world.sealers.known = world.sealers.afresh = ["k9"]

    with pytest.raises(SealingKeyError):
        world.rescue.land(renewal)
    assert (world.ada, world.table.writes) == (before, [])


def test_a_rescue_sealed_with_a_key_that_was_added_since_lands(world: World) -> None:
    world.sealers.known, world.sealers.afresh = ["k0"], ["k0", "k1"]

    assert world.rescue.land(a_renewal()) is Landing.RESCUED
