"""Sign-ins, leases and refreshes as the tests of the table write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from le_auth.adapters.sealing import Keyring
from le_auth.domain.grants import Lease, LeaseTerms, Refusal, Renewal, Sealed
from le_auth.domain.id_token import Identity
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.secret import Secret
from le_auth.domain.tokens import Tokens
from le_auth.domain.users import User
from tests.support.installation import ADA, NOON, SEALING_KEY

if TYPE_CHECKING:
    import pytest

    from le_auth.adapters.token_table import TokenTable
    from le_auth.errors import GrantMovedError

BEN = User(account_id="le12345678", user_id="1002")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HALF_PAST = NOON + 30 * MINUTE


def new_tokens(name: str = "new", *, at: datetime = NOON, expires_at: datetime | None = None) -> Tokens:
    access, refresh = Secret(f"canary-access-{name}"), Secret(f"canary-refresh-{name}")
    return Tokens(access_token=access, refresh_token=refresh, received_at=at, expires_at=expires_at)


def seal(tokens: Tokens, generation: int, user: User = ADA) -> Sealed:
    return Keyring(keys={"0": Secret(SEALING_KEY)}).seal_tokens(tokens, user=user, generation=generation)


def sign_in(table: TokenTable, generation: int = 7, *, user: User = ADA, tokens: Tokens | None = None) -> int:
    tokens = tokens or new_tokens(str(generation))
    identity = Identity(user=user, is_admin=True, is_lpa=False)
    return table.save_sign_in(identity, tokens, seal(tokens, generation, user), session_epoch=generation * 10)


def terms(owner: str = "owner-1", *, now: datetime = HALF_PAST, **conditions: object) -> LeaseTerms:
    return replace(LeaseTerms(owner=owner, now=now, until=now + LEASE_TIME, time_left=lambda: LEASE_TIME), **conditions)  # type: ignore[arg-type]


def save(table: TokenTable, lease: Lease, *, at: datetime = HALF_PAST) -> None:
    tokens = new_tokens("refreshed", at=at)
    renewal = Renewal(
        user=lease.grant.user,
        replaces=lease.grant.generation,
        sealed=seal(tokens, lease.grant.generation + 1),
        received_at=tokens.received_at,
        access_expires_at=tokens.expires_at,
    )
    table.save_refresh(renewal)


def item(table: TokenTable, pk: str = ADA.pk) -> dict[str, object]:
    answer = table.client.get_item(TableName=table.name, Key={"pk": {"S": pk}}, ConsistentRead=True)
    return dict(answer.get("Item", {}))


def refusal(refused: pytest.ExceptionInfo[GrantMovedError], asked: LeaseTerms) -> Refusal:
    return asked.why_refused(refused.value.grant)
