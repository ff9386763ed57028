"""How a user fares, and what became of a message that was sent for one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from le_auth.domain.grants import Status
from operator_cli.asking import Outcome, read_outcome
from operator_cli.user_records import Condition
from tests.support.operated import NOON, a_record

INTERVAL = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("changes", "minutes", "condition"),
    [
        ({}, 0, Condition.FRESH),
        ({}, 45, Condition.FRESH),
        ({}, 46, Condition.OVERDUE),
        ({"failures": 3, "last_error": "sentinel_unavailable"}, 30, Condition.FRESH),
        ({"is_scheduled": False}, 60 * 24 * 20, Condition.IDLE),
        ({"status": Status.REAUTHORIZE, "is_scheduled": False}, 0, Condition.SIGN_IN_AGAIN),
        ({"status": Status.SIGNED_OUT, "is_scheduled": True}, 60, Condition.SIGNING_OUT),
        ({"status": Status.SIGNED_OUT, "is_scheduled": False}, 60, Condition.SIGNED_OUT),
    ],
)
def test_a_record_tells_how_its_user_fares(changes: dict[str, Any], minutes: int, condition: Condition) -> None:
    now = NOON + timedelta(minutes=minutes)

    assert a_record(**changes).condition(now=now, interval=INTERVAL) is condition


def test_every_condition_has_a_meaning() -> None:
    assert all(condition.meaning for condition in Condition)


SIGNED_OUT: dict[str, Any] = {"status": Status.SIGNED_OUT, "generation": 5}


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ({}, {}, Outcome.PENDING),
        ({}, {"failures": 1, "last_error": "sentinel_unavailable"}, Outcome.PENDING),
        ({}, {"generation": 2}, Outcome.REFRESHED),
        ({}, {"refreshed_at": NOON + timedelta(minutes=10)}, Outcome.REFRESHED),
        ({}, {"is_scheduled": False}, Outcome.IDLE),
        ({}, {"status": Status.REAUTHORIZE, "is_scheduled": False}, Outcome.SIGN_IN_AGAIN),
        ({}, {**SIGNED_OUT, "is_scheduled": False}, Outcome.SIGNED_OUT),
        (SIGNED_OUT, {**SIGNED_OUT, "is_scheduled": True}, Outcome.PENDING),
        (SIGNED_OUT, {**SIGNED_OUT, "is_scheduled": False}, Outcome.REVOKED),
        (SIGNED_OUT, {"generation": 6}, Outcome.REFRESHED),
    ],
)
def test_the_record_afterwards_tells_what_a_message_came_to(
    before: dict[str, Any], after: dict[str, Any], outcome: Outcome
) -> None:
    due_at = NOON + timedelta(minutes=10)

    assert read_outcome(a_record(**before), a_record(**after), due_at=due_at) is outcome


def test_a_user_whose_record_has_gone_counts_as_signed_out() -> None:
    assert read_outcome(a_record(), None, due_at=NOON) is Outcome.SIGNED_OUT
