"""People, grants, tokens and answers as the unit tests need them; all secrets are canaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from le_auth.domain.grants import Grant, Lease, LeaseTerms, Sealed, Status
from le_auth.domain.id_token import Identity
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.secret import Secret
from le_auth.domain.sentinel_api import Sentinel
from le_auth.domain.slots import slot_of
from le_auth.domain.tokens import TokenAnswer, Tokens
from le_auth.domain.users import AppInstalls, User

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
BASE_URL = "https://auth.example.com"
REDIRECT_URI = f"{BASE_URL}/callback"

ACCOUNT, OTHER_ACCOUNT = "13099967", "le12345678"
CLIENT_ID, OTHER_CLIENT_ID = "75588e18-0213-4e33-8174-883acac7e3c4", "0b9a3c6e-5a3c-4c5e-9d0e-2f1a7c4b8d11"
ADA = User(account_id=ACCOUNT, user_id="3677470410")
BOB = User(account_id=ACCOUNT, user_id="3677470411")
CAROL = User(account_id=OTHER_ACCOUNT, user_id="42")
APP_INSTALLS = AppInstalls(client_ids={ACCOUNT: CLIENT_ID, OTHER_ACCOUNT: OTHER_CLIENT_ID})
SENTINEL = Sentinel(base="https://va.sentinel.liveperson.net", host="va.sentinel.liveperson.net")


def a_user(number: int, *, account_id: str = ACCOUNT) -> User:
    return User(account_id=account_id, user_id=str(number))


def some_tokens(name: str = "new", *, at: datetime = NOON, expires_at: datetime | None = None) -> Tokens:
    return Tokens(
        access_token=Secret(f"access-canary-{name}"),
        refresh_token=Secret(f"refresh-canary-{name}"),
        received_at=at,
        expires_at=expires_at,
    )


def an_identity(user: User = ADA, *, is_admin: bool = False, is_lpa: bool = False) -> Identity:
    return Identity(user=user, is_admin=is_admin, is_lpa=is_lpa)


def an_answer(name: str = "new", *, at: datetime = NOON, identity: Identity | None = None) -> TokenAnswer:
    return TokenAnswer(tokens=some_tokens(name, at=at), identity=identity)


def a_grant(user: User = ADA, *, sealed: Sealed | None = None, **changes: Any) -> Grant:
    """Make an active grant, signed in two hours before noon and last refreshed half an hour before it."""
    grant = Grant(
        user=user,
        status=Status.ACTIVE,
        generation=7,
        session_epoch=1000,
        issued_at=NOON - timedelta(hours=2),
        refreshed_at=NOON - HALF_AN_HOUR,
        last_used_at=NOON - timedelta(hours=2),
        is_admin=False,
        is_lpa=False,
        slot=slot_of(user),
        sealed=sealed,
    )
    return replace(grant, **changes)


def some_terms(owner: str = "owner-1", **changes: Any) -> LeaseTerms:
    return replace(LeaseTerms(owner=owner, now=NOON, until=NOON + LEASE_TIME, time_left=lambda: LEASE_TIME), **changes)


def a_lease(grant: Grant | None = None, *, left: timedelta = LEASE_TIME, unsettled: int = 1) -> Lease:
    return Lease(
        grant=grant or a_grant(),
        owner="owner-1",
        until=NOON + left,
        time_left=lambda: left,
        unsettled=unsettled,
        grace_given=False,
    )


def an_event(
    *, method: str = "GET", query: str = "", cookies: list[str] | None = None, **headers: str
) -> dict[str, Any]:
    """Make an event of an HTTP API, payload format 2.0; in header names `_` stands for `-`."""
    return {
        "version": "2.0",
        "rawQueryString": query,
        "cookies": cookies or [],
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {
            "http": {"method": method},
            "domainName": "abc123.execute-api.eu-west-1.amazonaws.com",
            "requestId": "request-1",
        },
    }
