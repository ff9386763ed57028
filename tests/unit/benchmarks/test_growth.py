"""The tables that growth is measured on."""

from __future__ import annotations

import pytest

from le_auth.domain.slots import slot_of
from tests.benchmarks.growth import DUE, DUE_SLOTS, item_of, users
from tests.benchmarks.scale import ITEM_BYTES
from tests.support.item_size import item_size


@pytest.mark.parametrize("stored", [1_000, 10_000])
def test_however_many_are_stored_as_many_are_due(stored: int) -> None:
    everybody = list(users(stored))

    assert len({user.pk for user in everybody}) == stored
    assert sum(slot_of(user) in DUE_SLOTS for user in everybody) == DUE


def test_everybody_else_is_spread_over_all_other_slots() -> None:
    assert {slot_of(user) for user in users(10_000)} == set(range(60))


def test_an_item_is_as_large_as_that_of_a_user_with_the_longest_tokens() -> None:
    user = next(users(1_000))

    assert item_size(item_of(user)) == pytest.approx(ITEM_BYTES, rel=0.1)
