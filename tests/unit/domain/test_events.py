from __future__ import annotations

from datetime import timedelta

import pytest

from le_auth.domain.events import authorization_lost, authorizations_lost, user_signed_in, user_signed_out
from le_auth.domain.grants import Scope
from le_auth.domain.scheduled import Result
from tests.support.makers import ADA, BOB, CAROL, NOON, an_identity

WHO_AND_WHEN = {"version": 1, "account_id": ADA.account_id, "user_id": ADA.user_id, "time": int(NOON.timestamp())}


def test_a_sign_in_tells_who_when_and_with_which_rights() -> None:
    event = user_signed_in(an_identity(ADA, is_admin=True))

    assert event.kind == "UserSignedIn"
    assert event.detail(at=NOON) == WHO_AND_WHEN | {"is_admin": True, "is_lpa": False}


def test_livepersons_own_staff_are_told_apart() -> None:
    assert user_signed_in(an_identity(is_lpa=True)).facts == {"is_admin": False, "is_lpa": True}


def test_a_lost_authorization_tells_why() -> None:
    event = authorization_lost(ADA, reason="invalid_grant")

    assert event.kind == "AuthorizationLost"
    assert event.detail(at=NOON) == WHO_AND_WHEN | {"reason": "invalid_grant"}


@pytest.mark.parametrize("scope", Scope)
def test_a_sign_out_tells_how_far_it_reaches(scope: Scope) -> None:
    event = user_signed_out(ADA, scope=scope)

    assert event.kind == "UserSignedOut"
    assert event.detail(at=NOON) == WHO_AND_WHEN | {"scope": scope.value}


def test_the_time_is_told_in_whole_seconds() -> None:
    later = NOON + timedelta(microseconds=999_999)

    assert authorization_lost(ADA, reason="invalid_grant").detail(at=later)["time"] == int(NOON.timestamp())


def test_of_a_batch_those_are_told_whose_authorization_was_lost() -> None:
    results = [
        Result(user=ADA, outcome="failed", reason="rotation_lost", error_class="permanent"),
        Result(user=BOB, outcome="failed", reason="rotation_lost", error_class="unknown_outcome"),
        Result(user=BOB, outcome="refreshed", reason="refreshed"),
        Result(user=CAROL, outcome="failed", reason="invalid_grant", error_class="permanent"),
    ]

    assert authorizations_lost(results) == [
        authorization_lost(ADA, reason="rotation_lost"),
        authorization_lost(CAROL, reason="invalid_grant"),
    ]
