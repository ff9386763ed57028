"""The lease on a user's grant, on the emulator and on Amazon's own engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Refusal
from le_auth.domain.refresh import LEASE_TIME
from le_auth.errors import GrantMovedError
from tests.support.installation import ADA, NOON
from tests.support.table_writes import HALF_PAST, SECOND, item, refusal, save, sign_in, terms

if TYPE_CHECKING:
    from le_auth.adapters.token_table import TokenTable


def test_a_lease_shows_the_grant_as_it_was_and_counts_itself(table: TokenTable) -> None:
    sign_in(table)
    before = table.find(ADA)

    lease = table.lease(ADA, terms())

    assert lease.grant == before
    assert (lease.owner, lease.until, lease.unsettled) == ("owner-1", HALF_PAST + LEASE_TIME, 1)
    stored = table.find(ADA)
    assert stored is not None
    assert (stored.lease_owner, stored.lease_until, stored.unsettled) == ("owner-1", lease.until, 1)


def test_a_lease_that_is_held_is_refused_until_it_has_ended(table: TokenTable) -> None:
    sign_in(table)
    until = table.lease(ADA, terms()).until

    asked = terms("owner-2", now=until)
    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, asked)
    assert refusal(refused, asked) is Refusal.HELD

    assert table.lease(ADA, terms("owner-2", now=until + SECOND)).unsettled == 2


def test_of_many_who_ask_at_once_one_gets_the_lease(table: TokenTable) -> None:
    sign_in(table)

    def lease(number: int) -> bool:
        try:
            table.lease(ADA, terms(f"owner-{number}"))
        except GrantMovedError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lease, range(24))) == 1


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"due_at": NOON}, Refusal.FRESH),
        ({"due_at": NOON - SECOND}, Refusal.FRESH),
        ({"generation": 6}, Refusal.FRESH),
        ({"used_since": NOON + SECOND}, Refusal.IDLE),
    ],
)
def test_terms_that_are_not_met_change_nothing(table: TokenTable, conditions: dict[str, Any], reason: Refusal) -> None:
    sign_in(table)
    before = item(table)
    asked = terms(**conditions)

    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, asked)

    assert refusal(refused, asked) is reason
    assert item(table) == before


@pytest.mark.parametrize(
    "conditions", [{"due_at": NOON + SECOND}, {"generation": 7}, {"used_since": NOON}, {"due_at": None}]
)
def test_terms_that_are_met_give_the_lease(table: TokenTable, conditions: dict[str, Any]) -> None:
    sign_in(table)

    assert table.lease(ADA, terms(**conditions)).grant.generation == 7


def test_a_lease_on_nobody_makes_no_item(table: TokenTable) -> None:
    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, terms())

    assert refused.value.grant is None
    assert item(table) == {}


def test_who_must_sign_in_again_is_not_leased(table: TokenTable) -> None:
    sign_in(table)
    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    asked = terms("owner-2", now=HALF_PAST + timedelta(hours=1))
    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, asked)

    assert refusal(refused, asked) is Refusal.NOT_ACTIVE


def test_ones_own_lease_whose_answer_was_lost_is_held(table: TokenTable) -> None:
    sign_in(table)
    table.lease(ADA, terms())

    again = table.lease(ADA, terms())

    assert (again.owner, again.unsettled, again.grant.generation) == ("owner-1", 1, 7)
    save(table, again)
