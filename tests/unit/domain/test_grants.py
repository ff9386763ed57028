from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Grant, Refusal, Sealed, Status
from tests.support.makers import NOON, a_grant, a_lease, some_terms

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("grant", "terms", "refusal"),
    [
        (None, {}, Refusal.GONE),
        (a_grant(status=Status.REAUTHORIZE), {}, Refusal.NOT_ACTIVE),
        (a_grant(status=Status.SIGNED_OUT), {}, Refusal.NOT_ACTIVE),
        (a_grant(refreshed_at=NOON), {"due_at": NOON}, Refusal.FRESH),
        (a_grant(refreshed_at=NOON + SECOND), {"due_at": NOON}, Refusal.FRESH),
        (a_grant(refreshed_at=NOON - SECOND), {"due_at": NOON}, Refusal.HELD),
        (a_grant(generation=8), {"generation": 7}, Refusal.FRESH),
        (a_grant(generation=7), {"generation": 7}, Refusal.HELD),
        (a_grant(last_used_at=NOON - SECOND), {"used_since": NOON}, Refusal.IDLE),
        (a_grant(last_used_at=NOON), {"used_since": NOON}, Refusal.HELD),
        (a_grant(refreshed_at=NOON, last_used_at=NOON - SECOND), {"due_at": NOON, "used_since": NOON}, Refusal.FRESH),
        (a_grant(lease_until=NOON), {}, Refusal.HELD),
    ],
)
def test_why_a_lease_was_refused_is_read_from_the_item(
    grant: Grant | None, terms: dict[str, Any], refusal: Refusal
) -> None:
    assert some_terms(**terms).why_refused(grant) is refusal


def test_a_lease_outlasts_what_ends_sixty_seconds_before_it_does() -> None:
    lease = a_lease(left=LEASE_CLOCK_SKEW + 10 * SECOND)

    assert lease.outlasts(10 * SECOND)
    assert not lease.outlasts(10 * SECOND + timedelta(milliseconds=1))


def test_sealed_tokens_are_not_printed() -> None:
    assert "canary" not in repr(a_grant(sealed=Sealed(key_id="0", generation=1, data=b"canary")))
