"""A back end that asks for Ada's token, and how old that is, in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.refresh import LEASE_TIME
from tests.support.fakes import until
from tests.support.makers import ADA, HALF_AN_HOUR, NOON

if TYPE_CHECKING:
    from le_auth.domain.on_demand import Vended
    from tests.support.fakes_world import World

SECOND = timedelta(seconds=1)


def vend(world: World, *, min_valid: timedelta = timedelta(), left: timedelta = 90 * SECOND) -> Vended:
    time_left = until(world.clock.now + left, by=world.clock)
    return world.tokens.get(ADA, min_valid=min_valid, time_left=time_left)


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
