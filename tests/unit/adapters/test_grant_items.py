from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from le_auth.adapters.grant_items import key_of, read_grant, write_values
from le_auth.domain.grants import Grant, Sealed, Status
from tests.support.makers import ADA, NOON

NOON_SECONDS = str(int(NOON.timestamp()))
ITEM: dict[str, Any] = {
    "pk": {"S": ADA.pk},
    "status": {"S": "active"},
    "generation": {"N": "7"},
    "session_epoch": {"N": "1773057600000"},
    "issued_at": {"N": NOON_SECONDS},
    "refreshed_at": {"N": NOON_SECONDS},
    "last_used_at": {"N": NOON_SECONDS},
    "is_admin": {"BOOL": True},
    "is_lpa": {"BOOL": False},
}


def test_an_item_with_what_is_always_there_is_a_grant() -> None:
    assert read_grant(ITEM) == Grant(
        user=ADA,
        status=Status.ACTIVE,
        generation=7,
        session_epoch=1_773_057_600_000,
        issued_at=NOON,
        refreshed_at=NOON,
        last_used_at=NOON,
        is_admin=True,
        is_lpa=False,
    )


def test_an_item_with_all_that_may_be_there_is_read_whole() -> None:
    grant = read_grant(
        ITEM
        | {
            "slot": {"N": "0"},
            "access_expires_at": {"N": str(int(NOON_SECONDS) + 60)},
            "sealed": {"B": b"sealed"},
            "key_id": {"S": "k1"},
            "sealed_generation": {"N": "6"},
            "lease_owner": {"S": "owner"},
            "lease_until": {"N": NOON_SECONDS},
            "unsettled": {"N": "2"},
            "grace_given": {"BOOL": True},
            "failures": {"N": "3"},
            "last_error": {"S": "outcome_unknown"},
            "expires_at": {"N": "1"},
        }
    )

    assert (grant.slot, grant.access_expires_at) == (0, NOON + timedelta(minutes=1))
    assert grant.sealed == Sealed(key_id="k1", generation=6, data=b"sealed")
    assert (grant.lease_owner, grant.lease_until, grant.unsettled) == ("owner", NOON, 2)
    assert (grant.grace_given, grant.failures, grant.last_error) == (True, 3, "outcome_unknown")


def test_an_item_whose_tokens_were_removed_has_none() -> None:
    assert read_grant(ITEM | {"key_id": {"S": "k1"}, "sealed_generation": {"N": "6"}}).sealed is None


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, {"BOOL": True}),
        (1_773_057_600_000, {"N": "1773057600000"}),
        (NOON + timedelta(milliseconds=999), {"N": NOON_SECONDS}),
        (b"x", {"B": b"x"}),
        ("x", {"S": "x"}),
        (Status.REAUTHORIZE, {"S": "reauthorize"}),
    ],
)
def test_plain_values_are_written_as_attribute_values(value: object, written: object) -> None:
    [found] = write_values({"a": value}).values()

    assert found == written
    assert all(type(content) in {bool, str, bytes} for content in dict(found).values())


@pytest.mark.parametrize("value", [None, 1.5, ["x"], {"a": 1}])
def test_another_value_is_a_mistake_of_ours(value: object) -> None:
    with pytest.raises(TypeError, match="no attribute value"):
        write_values({"a": value})


def test_a_key_is_the_partition_key_alone() -> None:
    assert key_of(ADA.pk) == {"pk": {"S": ADA.pk}}
