"""Requests of which nobody knows whether LivePerson has rotated the token."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.users import User
from tests.support.refreshes import refreshes

if TYPE_CHECKING:
    from tests.support.installation import Installation, Record


def wait_for_grace(installation: Installation, records: list[Record]) -> None:
    """Let the attempt after one of unknown end pass: it sends nothing, and gives a rescue time to land."""
    sent = refreshes(installation)
    assert installation.work(records) == records
    assert refreshes(installation) == sent
    assert installation.grant(User.read_pk(json.loads(records[0]["body"])["pk"])).grace_given
    installation.go_on(LEASE_TIME + GRACE + timedelta(seconds=1))


def test_a_request_that_broke_before_it_was_processed_is_repeated(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("token-refresh", "drop-before")
    records = installation.due(ada)

    assert len(installation.work(records)) == 1
    grant = installation.grant(ada)
    assert (grant.unsettled, grant.failures, grant.lease_owner) == (1, 1, None)
    assert installation.pauses() == [5]

    wait_for_grace(installation, records)
    assert installation.work(records) == []
    assert installation.grant(ada).unsettled == 0


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("drop-after", {}),
        ("malformed-body", {}),
        ("truncated-body", {}),
        ("oversized-body", {}),
        ("wrong-content", {}),
        ("missing-fields", {"names": ["access_token"]}),
        ("token-type", {}),
    ],
)
def test_a_rotation_whose_answer_is_lost_is_reported_as_such(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str], kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("token-refresh", kind, **details)
    records = installation.due(ada)

    assert len(installation.work(records)) == 1
    assert installation.grant(ada).unsettled == 1
    assert installation.grant(ada).last_error == "outcome_unknown"
    assert '"error_class":"unknown_outcome"' in capsys.readouterr().out

    wait_for_grace(installation, records)
    assert installation.work(records) == []
    assert installation.grant(ada).status is Status.REAUTHORIZE
    assert installation.grant(ada).last_error == "rotation_lost"
    assert '"RotationLost":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_without_an_answer_leaves_the_outcome_open(
    installation: Installation, ada: User, status: int
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=status)

    assert len(installation.work(installation.due(ada))) == 1

    assert installation.grant(ada).unsettled == 1
    assert installation.pauses() == [5]
