"""Codes, tokens and the grants that they belong to. Tokens are kept as SHA-256 hashes only."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import RLock
from typing import Literal

from local.simulator.errors import RefusedError, invalid_grant
from local.simulator.grant import Code, Grant, Tokens, TokenState, sha256_hex
from local.simulator.settings import Settings


@dataclass(slots=True, kw_only=True)
class _StoredToken:
    kind: Literal["access", "refresh"]
    grant: Grant
    generation: int
    expires_at: datetime | None
    used: bool = False


@dataclass(slots=True, kw_only=True)
class _StoredCode:
    code: Code
    expires_at: datetime
    grant: Grant | None = None
    used: bool = False


class Grants:
    """Issues, rotates and ends; each call is atomic."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = RLock()
        self._codes: dict[str, _StoredCode] = {}
        self._tokens: dict[str, _StoredToken] = {}
        self._grants: dict[str, Grant] = {}

    def add_code(self, code: Code, now: datetime) -> str:
        """Issue a code, good once and for a short while."""
        value = self._draw(64)
        expires_at = now + timedelta(seconds=self._settings.code_seconds)
        with self._lock:
            self._codes[sha256_hex(value)] = _StoredCode(code=code, expires_at=expires_at)
        return value

    def exchange(
        self, value: str, *, account: str, client_id: str, check: Callable[[Code], None], now: datetime
    ) -> Tokens:
        """Give tokens for a code; whether it succeeds or not, the code is used.

        Args:
            check: raises what else is wrong with the request.

        Raises:
            RefusedError: unknown, expired, another client's, or used before: then what it gave is void as well.

        Source: RFC 6749 section 4.1.2.
        """
        with self._lock:
            stored = self._codes.get(sha256_hex(value))
            if stored is None or (stored.code.account, stored.code.client_id) != (account, client_id):
                raise invalid_grant("The code is not known.")
            if stored.used:
                raise self._code_reuse(stored)
            stored.used = True
            if now >= stored.expires_at:
                raise invalid_grant("The code has expired.")
            check(stored.code)
            tokens = self.start(account=account, client_id=client_id, user_id=stored.code.user_id, now=now)
            stored.grant = self._grants[tokens.grant.id]
            return tokens

    def start(self, *, account: str, client_id: str, user_id: str, now: datetime) -> Tokens:
        """Begin a grant."""
        with self._lock:
            grant = Grant(id=f"g{len(self._grants) + 1:06}", account=account, client_id=client_id, user_id=user_id)
            self._grants[grant.id] = grant
            return self._issue(grant, now)

    def refresh(self, token: str, *, account: str, client_id: str, now: datetime) -> Tokens:
        """Rotate a refresh token.

        Raises:
            RefusedError: unknown, another client's, void, expired, or used before: then, in the strict mode, the
                whole grant ends, the newer token with it.

        Source: RFC 6749 section 6, RFC 9700 section 4.14.2.
        """
        with self._lock:
            stored = self._tokens.get(sha256_hex(token))
            if stored is None or stored.kind != "refresh" or not _belongs(stored.grant, account, client_id):
                raise invalid_grant("The refresh token is not known.")
            grant = stored.grant
            if stored.used:
                if self._settings.reuse == "strict":
                    grant.end("reuse")
                raise invalid_grant("The refresh token was used before.", grant=grant.id, reuse=True)
            if not grant.live:
                raise invalid_grant("The refresh token was revoked.", grant=grant.id)
            if _is_over(stored, now):
                raise invalid_grant("The refresh token has expired.", grant=grant.id)
            stored.used = self._settings.rotates
            grant.generation += 1
            return self._issue(grant, now, keeping=None if self._settings.rotates else token)

    def revoke(self, token: str, *, account: str, client_id: str) -> Grant | None:
        """End what a refresh token stands for; None where it no longer stands for anything.

        Raises:
            RefusedError: it is another client's.

        Source: RFC 7009 sections 2.1 and 2.2.
        """
        with self._lock:
            stored = self._tokens.get(sha256_hex(token))
            if stored is None or stored.kind != "refresh":
                return None
            grant = stored.grant
            if not _belongs(grant, account, client_id):
                raise invalid_grant("The token is another application's.")
            if stored.used or not grant.live:
                return None
            if self._settings.revocation == "user":
                self.end_user(grant.account, grant.user_id, by="revocation")
            grant.end("revocation")
            return replace(grant)

    def end_user(self, account: str, user_id: str, *, by: str = "operator") -> int:
        """End all live grants of a user, and say how many they were."""
        with self._lock:
            live = [g for g in self._grants.values() if g.live and (g.account, g.user_id) == (account, user_id)]
            for grant in live:
                grant.end(by)
            return len(live)

    def find_token(self, sha256: str, now: datetime) -> TokenState | None:
        with self._lock:
            stored = self._tokens.get(sha256)
            if stored is None:
                return None
            state: Literal["live", "void", "expired"] = "expired" if _is_over(stored, now) else "live"
            if stored.used or not stored.grant.live:
                state = "void"
            return TokenState(kind=stored.kind, state=state, generation=stored.generation, grant=replace(stored.grant))

    def find_grant_id(self, sha256: str) -> str | None:
        with self._lock:
            stored = self._tokens.get(sha256)
            return stored.grant.id if stored else None

    def all(self, account: str | None = None, user_id: str | None = None) -> list[Grant]:
        with self._lock:
            return [
                replace(grant)
                for grant in self._grants.values()
                if account in (None, grant.account) and user_id in (None, grant.user_id)
            ]

    def clear(self) -> None:
        with self._lock:
            for kept in (self._codes, self._tokens, self._grants):
                kept.clear()

    @staticmethod
    def _code_reuse(stored: _StoredCode) -> RefusedError:
        if stored.grant is not None:
            stored.grant.end("code-reuse")
        grant = stored.grant.id if stored.grant else None
        return invalid_grant("The code was used before.", grant=grant, reuse=True)

    def _issue(self, grant: Grant, now: datetime, *, keeping: str | None = None) -> Tokens:
        settings, access_token = self._settings, self._draw(64)
        refresh_token = keeping or self._draw(settings.refresh_token_length)
        self._store("access", access_token, grant, now + timedelta(seconds=settings.access_token_seconds))
        lifetime = settings.refresh_token_seconds
        self._store("refresh", refresh_token, grant, None if lifetime is None else now + timedelta(seconds=lifetime))
        return Tokens(access_token=access_token, refresh_token=refresh_token, grant=replace(grant))

    def _draw(self, length: int) -> str:
        """Draw so many hex characters, the prefix included."""
        return (self._settings.token_prefix + secrets.token_hex((length + 1) // 2))[:length]

    def _store(self, kind: Literal["access", "refresh"], token: str, grant: Grant, expires_at: datetime | None) -> None:
        self._tokens[sha256_hex(token)] = _StoredToken(
            kind=kind, grant=grant, generation=grant.generation, expires_at=expires_at
        )


def _belongs(grant: Grant, account: str, client_id: str) -> bool:
    return (grant.account, grant.client_id) == (account, client_id)


def _is_over(stored: _StoredToken, now: datetime) -> bool:
    return stored.expires_at is not None and now >= stored.expires_at
