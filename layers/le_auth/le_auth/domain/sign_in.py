"""The callback: from Sentinel's answer in the browser to a stored grant and a session.

In this order: find the browser's own transaction, validate what it says, hear Sentinel's error, get ready all that the
end needs, consume the state, exchange the code, check who signed in, save.

Source: RFC 6749 sections 4.1.2 to 4.1.4; RFC 9700 sections 4.4 and 4.7; design, State and sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from le_auth.domain.client_secrets import with_each_secret
from le_auth.domain.grants import Grant, Status
from le_auth.domain.sessions import Session
from le_auth.domain.transactions import Transaction, find_transaction
from le_auth.domain.users import Client
from le_auth.errors import (
    ConsentDeniedError,
    GrantMovedError,
    IdTokenError,
    LeAuthError,
    RequestError,
    TableUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from le_auth.domain.id_token import Identity
    from le_auth.domain.ports import ClientSecrets, Sealer, SealerSource, SentinelFinder, SignInStore, TokenEndpoint
    from le_auth.domain.return_to import ReturnRule
    from le_auth.domain.secret import Secret
    from le_auth.domain.sentinel_api import Sentinel
    from le_auth.domain.tokens import TokenAnswer, Tokens
    from le_auth.domain.users import AppInstalls

_LONGEST_DESCRIPTION = 200
_REFRESHES_MEANWHILE = 2
"""At most, between a sign-in's write and its repetition: one by schedule, and one for a back end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackQuery:
    """What Sentinel sent by way of the browser: a code or an error, and the state."""

    state: Secret
    code: Secret | None
    error: str | None
    error_description: str | None
    iss: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A finished sign-in.

    Args:
        return_to: the absolute URL to go to; None: the default landing place.
        session_cookie: the sealed session.
    """

    identity: Identity
    transaction: Transaction
    return_to: str | None
    session_cookie: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Finishes sign-ins."""

    app_installs: AppInstalls
    sentinels: SentinelFinder
    secrets: ClientSecrets
    sealers: SealerSource
    endpoint: TokenEndpoint
    store: SignInStore

    def finish(
        self,
        query: CallbackQuery,
        cookies: Mapping[str, str],
        *,
        return_rule: ReturnRule,
        redirect_uri: str,
        now: datetime,
    ) -> SignedIn:
        """Turn a callback into a stored grant and a session.

        Raises:
            StartAgainError, TryLaterError, MisconfiguredError: with account and return path of the transaction
            where that is genuine, so that the person can start again at the same place.
        """
        transaction = find_transaction(cookies, state=query.state, now=now)
        self.app_installs.choose_account(transaction.account_id)
        return_to = None if transaction.return_to is None else return_rule.resolve(transaction.return_to)
        try:
            return self._finish(query, transaction, return_to=return_to, redirect_uri=redirect_uri, now=now)
        except LeAuthError as error:
            error.account_id, error.return_to = transaction.account_id, transaction.return_to
            raise

    def _finish(
        self, query: CallbackQuery, transaction: Transaction, *, return_to: str | None, redirect_uri: str, now: datetime
    ) -> SignedIn:
        sentinel = self.sentinels.find(transaction.account_id, now=now)
        if query.iss is not None and not sentinel.is_issuer(query.iss):
            raise RequestError("The callback's iss names another identity service than the one of this sign-in.")
        if query.error is not None:
            raise ConsentDeniedError(_describe_denial(query))
        client_id = self.app_installs.client_ids[transaction.account_id]
        sealer = self.sealers.get(now=now)
        self.secrets.get(client_id, now=now)  # what cannot be had is missed before the state and the code are spent
        self.store.consume_state(transaction.state_hash, now=now)
        identity, tokens = self._exchange(query, transaction, sentinel, redirect_uri=redirect_uri, now=now)
        epoch = self._save(identity, tokens, sealer, now=now)
        session = Session(user=identity.user, epoch=epoch, issued_at=now)
        return SignedIn(
            identity=identity, transaction=transaction, return_to=return_to, session_cookie=session.seal(sealer)
        )

    def _exchange(
        self, query: CallbackQuery, transaction: Transaction, sentinel: Sentinel, *, redirect_uri: str, now: datetime
    ) -> tuple[Identity, Tokens]:
        code = query.code
        if code is None:
            raise RequestError("The callback has neither code nor error.")
        account_id, client_id = transaction.account_id, self.app_installs.client_ids[transaction.account_id]

        def send(secret: Secret) -> TokenAnswer:
            return self.endpoint.exchange(
                sentinel,
                Client(account_id=account_id, client_id=client_id, client_secret=secret),
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=transaction.code_verifier,
            )

        answer = with_each_secret(client_id, self.secrets, send, now=now)
        if answer.identity is None:
            raise IdTokenError("The token endpoint's answer has no id token.")
        return answer.identity, answer.tokens

    def _save(self, identity: Identity, tokens: Tokens, sealer: Sealer, *, now: datetime) -> int:
        """Store the sign-in under a generation that was never used before, and give the session epoch.

        The number is drawn from the clock, so that it is known before sealing and grows even where the item was
        removed meanwhile; where the stored one is ahead of the clock, the next number after it is taken.
        """
        generation = drawn = int(now.timestamp() * 1000)
        for _ in range(2):
            sealed = sealer.seal_tokens(tokens, user=identity.user, generation=generation)
            try:
                return self.store.save_sign_in(identity, tokens, sealed, session_epoch=drawn)
            except GrantMovedError as error:
                if error.grant is None:
                    continue
                if error.grant.sealed == sealed or _was_refreshed_since(error.grant, tokens, generation):
                    return error.grant.session_epoch  # our own write: only its answer was lost
                generation = max(drawn, error.grant.generation + 1)
        raise TableUnavailableError("This user's record changed twice while it was being saved.")


def _was_refreshed_since(grant: Grant, tokens: Tokens, generation: int) -> bool:
    """Tell whether a stored grant is this very sign-in, refreshed since: the newer token is not overwritten.

    Another sign-in of that second could look the same, where the clock drew its number next to this one's. Then that
    one stays: it is the same person's, and as good. Which token is newer is not read from the times: the worker's
    clock may be behind this one.
    """
    same_sign_in = grant.issued_at == tokens.received_at.replace(microsecond=0) and grant.status is Status.ACTIVE
    return same_sign_in and 0 < grant.generation - generation <= _REFRESHES_MEANWHILE


def _describe_denial(query: CallbackQuery) -> str:
    """Say what Sentinel gave as its reason: its words, cut, and without control characters (RFC 6749 4.1.2.1)."""
    words = f"{query.error}: {query.error_description}" if query.error_description else f"{query.error}"
    printable = "".join(character for character in words if character.isprintable())
    return f"LivePerson did not sign you in. It says: {printable[:_LONGEST_DESCRIPTION]}"
