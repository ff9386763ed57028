"""The launch transaction: what the browser carries from launch to callback in a cookie.

Launch has no table and no key, so the cookie is only the browser's word: it proves that this browser began the
launch, and whatever else stands in it is validated again. It holds the hash of the state, never the state itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from le_auth.domain.secret import Secret
from le_auth.errors import TransactionExpiredError

if TYPE_CHECKING:
    from collections.abc import Mapping

COOKIE_PREFIX = "__Host-le-tx-"
LIFETIME = timedelta(minutes=10)
CLOCK_SKEW = timedelta(minutes=5)
KEPT_BESIDE_A_NEW_ONE = 3
STATE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_COOKIE = 2048
_STATE_HASH = re.compile(r"[0-9a-f]{64}")
_VERIFIER = re.compile(r"[A-Za-z0-9_-]{43}")


def new_random() -> Secret:
    """Draw 256 random bits as 43 URL-safe characters: a state (RFC 6749 10.12) or code verifier (RFC 7636 4.1)."""
    return Secret(secrets.token_urlsafe(32))


def hash_state(state: Secret) -> str:
    """Give the 64 hex characters by which a state is stored and compared."""
    return hashlib.sha256(state.reveal().encode()).hexdigest()


def code_challenge(verifier: Secret) -> str:
    """Give the S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return _base64url(hashlib.sha256(verifier.reveal().encode()).digest())


def cookie_name(state_hash: str) -> str:
    """Name the cookie after its state, so that two launches in one browser do not disturb each other."""
    return COOKIE_PREFIX + state_hash[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One launch of one browser.

    Args:
        state_hash: SHA-256 of the state, 64 hex characters.
        return_to: as asked for, unresolved; None: the default landing place.
        code_verifier: set where PKCE is switched on.
    """

    state_hash: str = field(repr=False)
    account_id: str
    return_to: str | None
    issued_at: datetime
    code_verifier: Secret | None = None

    @property
    def cookie_name(self) -> str:
        return cookie_name(self.state_hash)

    def write(self) -> str:
        """Give the cookie's value."""
        content = {
            "s": self.state_hash,
            "a": self.account_id,
            "r": self.return_to,
            "t": int(self.issued_at.timestamp()),
            "v": self.code_verifier.reveal() if self.code_verifier else None,
        }
        return _base64url(json.dumps(content, separators=(",", ":")).encode())

    @classmethod
    def read(cls, value: str) -> Self:
        """Read a cookie's value.

        Raises:
            TransactionExpiredError: it is not one that launch wrote.
        """
        try:
            return cls._read(value)
        except (ValueError, KeyError, TypeError, OSError, OverflowError, RecursionError) as error:
            raise TransactionExpiredError("The sign-in cookie of this browser cannot be read.") from error

    @classmethod
    def _read(cls, value: str) -> Self:
        if len(value) > _LONGEST_COOKIE:
            raise ValueError
        content = json.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True))
        state_hash, account_id, return_to = content["s"], content["a"], content["r"]
        issued_at, verifier = content["t"], content["v"]
        if not (isinstance(account_id, str) and type(issued_at) is int and _STATE_HASH.fullmatch(state_hash)):
            raise TypeError
        if not (return_to is None or isinstance(return_to, str)):
            raise TypeError
        if verifier is not None and not _VERIFIER.fullmatch(verifier):
            raise ValueError
        return cls(
            state_hash=state_hash,
            account_id=account_id,
            return_to=return_to,
            issued_at=datetime.fromtimestamp(issued_at, UTC),
            code_verifier=None if verifier is None else Secret(verifier),
        )


def find_transaction(cookies: Mapping[str, str], *, state: Secret, now: datetime) -> Transaction:
    """Find the transaction that a callback's state belongs to.

    Raises:
        TransactionExpiredError: this browser has no cookie for the state, or it is older than ten minutes.
    """
    state_hash = hash_state(state)
    value = cookies.get(cookie_name(state_hash))
    if value is None:
        raise TransactionExpiredError("This sign-in was not begun in this browser, or it was finished before.")
    transaction = Transaction.read(value)
    if not hmac.compare_digest(transaction.state_hash.encode(), state_hash.encode()):
        raise TransactionExpiredError("This sign-in was not begun in this browser.")
    if not -CLOCK_SKEW <= now - transaction.issued_at <= LIFETIME:
        raise TransactionExpiredError("This sign-in was begun more than ten minutes ago.")
    return transaction


def surplus_cookies(cookies: Mapping[str, str]) -> list[str]:
    """Name the transaction cookies that a new launch clears: all but the newest few, and any that cannot be read.

    API Gateway refuses requests whose headers exceed 10,240 bytes, so they must not pile up.
    """
    issued: dict[str, float] = {}
    for name, value in cookies.items():
        if name.startswith(COOKIE_PREFIX):
            try:
                issued[name] = Transaction.read(value).issued_at.timestamp()
            except TransactionExpiredError:
                issued[name] = float("-inf")
    newest_first = sorted(issued, key=lambda name: issued[name], reverse=True)
    kept = [name for name in newest_first if issued[name] > float("-inf")][:KEPT_BESIDE_A_NEW_ONE]
    return [name for name in newest_first if name not in kept]


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
