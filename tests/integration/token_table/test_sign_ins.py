"""Sign-ins and used states in the table, on the emulator and on Amazon's own engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.slots import slot_of
from le_auth.errors import GrantMovedError, TransactionExpiredError
from tests.support.installation import ADA, NOON
from tests.support.table_writes import MINUTE, item, new_tokens, sign_in, terms

if TYPE_CHECKING:
    from le_auth.adapters.token_table import TokenTable


def test_a_sign_in_writes_all_that_a_grant_has(table: TokenTable) -> None:
    expires_at = NOON + timedelta(hours=1)

    assert sign_in(table, tokens=new_tokens(expires_at=expires_at)) == 70

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.status, grant.generation, grant.session_epoch, grant.slot) == (Status.ACTIVE, 7, 70, slot_of(ADA))
    assert grant.issued_at == grant.refreshed_at == grant.last_used_at == NOON
    assert grant.access_expires_at == expires_at
    assert (grant.is_admin, grant.is_lpa) == (True, False)
    assert grant.sealed is not None
    assert grant.sealed.generation == 7


def test_nobody_is_found_where_nobody_signed_in(table: TokenTable) -> None:
    assert table.find(ADA) is None


def test_a_later_sign_in_replaces_the_tokens_and_keeps_the_session_epoch(table: TokenTable) -> None:
    sign_in(table, 7)

    assert sign_in(table, 8) == 70

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.generation, grant.session_epoch) == (8, 70)


@pytest.mark.parametrize("generation", [6, 7])
def test_a_sign_in_never_replaces_a_newer_generation(table: TokenTable, generation: int) -> None:
    sign_in(table, 7)
    before = item(table)

    with pytest.raises(GrantMovedError) as refused:
        sign_in(table, generation)

    assert refused.value.grant == table.find(ADA)
    assert item(table) == before


def test_a_sign_in_clears_what_failed_attempts_left(table: TokenTable) -> None:
    sign_in(table, 7)
    lease = table.lease(ADA, terms())
    table.give_back(lease, settled=False, failures=3, last_error="outcome_unknown")
    table.lease(ADA, terms("owner-2"))

    sign_in(table, 8)

    left = {"lease_owner", "lease_until", "unsettled", "grace_given", "failures", "last_error", "access_expires_at"}
    assert not left & item(table).keys()


def test_a_sign_in_brings_back_who_had_to_sign_in_again(table: TokenTable) -> None:
    sign_in(table, 7)
    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    sign_in(table, 8)

    assert item(table)["status"] == {"S": "active"}
    assert item(table)["slot"] == {"N": str(slot_of(ADA))}
    assert not {"expires_at", "last_error"} & item(table).keys()


def test_a_state_is_consumed_once(table: TokenTable) -> None:
    table.consume_state("a" * 64, now=NOON)

    with pytest.raises(TransactionExpiredError):
        table.consume_state("a" * 64, now=NOON)

    table.consume_state("b" * 64, now=NOON)
    assert item(table, f"state#{'a' * 64}")["expires_at"] == {"N": str(int((NOON + 15 * MINUTE).timestamp()))}


def test_of_many_who_consume_a_state_at_once_one_wins(table: TokenTable) -> None:
    def consume(_: int) -> bool:
        try:
            table.consume_state("a" * 64, now=NOON)
        except TransactionExpiredError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(consume, range(24))) == 1
