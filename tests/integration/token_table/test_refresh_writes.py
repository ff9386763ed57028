"""What a refresh writes at its end, on the emulator and on Amazon's own engine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.slots import slot_of
from le_auth.errors import GrantMovedError
from tests.support.installation import ADA, NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.adapters.token_table import TokenTable

from tests.support.table_writes import HALF_PAST, SECOND, item, new_tokens, save, sign_in, terms


def test_a_refresh_is_saved_as_the_next_generation_and_ends_its_lease(table: TokenTable) -> None:
    sign_in(table)

    save(table, table.lease(ADA, terms()))

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.generation, grant.refreshed_at, grant.issued_at) == (8, HALF_PAST, NOON)
    assert grant.sealed is not None
    assert grant.sealed.generation == 8
    assert not {"lease_owner", "lease_until", "unsettled", "failures", "last_error"} & item(table).keys()


def test_a_refresh_is_not_saved_twice(table: TokenTable) -> None:
    sign_in(table)
    lease = table.lease(ADA, terms())
    save(table, lease)

    with pytest.raises(GrantMovedError):
        save(table, lease)


def test_a_refresh_is_not_saved_over_a_new_sign_in(table: TokenTable) -> None:
    sign_in(table, 7)
    lease = table.lease(ADA, terms())
    sign_in(table, 900)
    before = item(table)

    with pytest.raises(GrantMovedError) as refused:
        save(table, lease)

    assert refused.value.grant == table.find(ADA)
    assert item(table) == before


def test_a_refresh_is_saved_after_its_lease_went_to_another(table: TokenTable) -> None:
    sign_in(table)
    lease = table.lease(ADA, terms())
    table.lease(ADA, terms("owner-2", now=lease.until + SECOND))

    save(table, lease)

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.generation, grant.lease_owner) == (8, None)


def test_a_refresh_is_not_saved_for_somebody_who_is_gone(table: TokenTable) -> None:
    sign_in(table)
    lease = table.lease(ADA, terms())
    table.client.delete_item(TableName=table.name, Key={"pk": {"S": ADA.pk}})

    with pytest.raises(GrantMovedError) as refused:
        save(table, lease)

    assert refused.value.grant is None
    assert item(table) == {}


# ---- giving back, ending ----


def test_a_settled_failure_gives_the_lease_back_as_if_it_had_never_been(table: TokenTable) -> None:
    sign_in(table)

    table.give_back(table.lease(ADA, terms()), settled=True, failures=1, last_error="sentinel_unavailable")

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.lease_owner, grant.lease_until, grant.unsettled) == (None, None, 0)
    assert (grant.failures, grant.last_error) == (1, "sentinel_unavailable")
    assert table.lease(ADA, terms("owner-2")).unsettled == 1


def test_an_unknown_outcome_stays_counted(table: TokenTable) -> None:
    sign_in(table)

    table.give_back(table.lease(ADA, terms()), settled=False, failures=1, last_error="outcome_unknown")

    assert table.lease(ADA, terms("owner-2")).unsettled == 2


def test_a_grace_that_the_lease_found_is_put_back(table: TokenTable) -> None:
    sign_in(table)
    table.client.update_item(
        TableName=table.name,
        Key={"pk": {"S": ADA.pk}},
        UpdateExpression="SET grace_given = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )

    lease = table.lease(ADA, terms())
    assert lease.grace_given
    assert "grace_given" not in item(table)

    table.give_back(lease, settled=True, failures=1, last_error="sentinel_unavailable")
    assert table.lease(ADA, terms("owner-2")).grace_given


@pytest.mark.parametrize("write", ["give_back", "end_grant"])
@pytest.mark.parametrize("meanwhile", ["leased by another", "signed in again", "gone"])
def test_a_failure_of_an_attempt_that_is_over_changes_nothing(table: TokenTable, write: str, meanwhile: str) -> None:
    sign_in(table, 7)
    lease = table.lease(ADA, terms())
    if meanwhile == "leased by another":
        table.lease(ADA, terms("owner-2", now=lease.until + SECOND))
    elif meanwhile == "signed in again":
        sign_in(table, 900)
    else:
        table.client.delete_item(TableName=table.name, Key={"pk": {"S": ADA.pk}})
    before = item(table)

    writes: dict[str, Callable[[], None]] = {
        "give_back": lambda: table.give_back(lease, settled=True, failures=1, last_error="sentinel_unavailable"),
        "end_grant": lambda: table.end_grant(lease, reason="invalid_grant"),
    }
    with pytest.raises(GrantMovedError):
        writes[write]()

    assert item(table) == before


def test_an_ended_grant_has_no_tokens_and_goes_after_a_month(table: TokenTable) -> None:
    sign_in(table)

    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    assert not {"sealed", "lease_owner", "unsettled", "failures", "refused_since"} & item(table).keys()
    grant = table.find(ADA)
    assert grant is not None
    assert (grant.status, grant.generation, grant.last_error) == (Status.REAUTHORIZE, 7, "invalid_grant")
    expires_at = HALF_PAST + LEASE_TIME + timedelta(days=30)
    assert item(table)["expires_at"] == {"N": str(int(expires_at.timestamp()))}


def test_an_ended_grant_stays_in_the_schedule_until_its_end_is_told(table: TokenTable) -> None:
    sign_in(table)
    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")
    before = item(table)
    assert before["slot"] == {"N": str(slot_of(ADA))}

    table.note_loss_told(ADA)

    assert item(table) == {name: value for name, value in before.items() if name != "slot"}


def test_an_idle_grant_that_ends_is_told_too(table: TokenTable) -> None:
    sign_in(table)
    grant = table.find(ADA)
    assert grant is not None
    table.rest_idle(grant)

    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    assert "slot" in item(table)


def test_who_has_signed_in_again_stays_in_the_schedule_when_the_end_is_told(table: TokenTable) -> None:
    sign_in(table)
    before = item(table)

    with pytest.raises(GrantMovedError):
        table.note_loss_told(ADA)

    assert item(table) == before


def test_since_when_a_grant_is_refused_is_kept_until_something_else_happens(table: TokenTable) -> None:
    sign_in(table)
    since = HALF_PAST - timedelta(minutes=1)
    refused: Any = {"settled": True, "failures": 1, "last_error": "request_refused", "refused_since": since}
    table.give_back(table.lease(ADA, terms()), **refused)
    kept = table.find(ADA)

    table.give_back(table.lease(ADA, terms()), settled=True, failures=2, last_error="sentinel_unavailable")

    assert kept is not None
    assert kept.refused_since == since
    assert "refused_since" not in item(table)


def test_an_idle_grant_leaves_the_schedule_only(table: TokenTable) -> None:
    sign_in(table)
    grant = table.find(ADA)
    assert grant is not None
    before = item(table)

    table.rest_idle(grant)

    assert item(table) == {name: value for name, value in before.items() if name != "slot"}
    assert [key for page in table.due(slot_of(ADA)) for key in page] == []


def test_a_grant_that_was_used_meanwhile_stays_in_the_schedule(table: TokenTable) -> None:
    sign_in(table)
    grant = table.find(ADA)
    assert grant is not None
    sign_in(table, 8, tokens=new_tokens(at=NOON + SECOND))

    with pytest.raises(GrantMovedError):
        table.rest_idle(grant)

    assert "slot" in item(table)
