"""Sentinel's token endpoint over HTTP.

Source: RFC 6749 sections 4.1.3, 4.1.4, 5 and 6; LivePerson, token and refresh request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from le_auth.adapters.http import BrokenError, HttpAnswer, HttpClient, NotSentError
from le_auth.domain.id_token import Identity, check_times, read_claims, read_identity, read_subject
from le_auth.domain.refusals import read_refusal
from le_auth.domain.sentinel_api import POST_DEADLINE
from le_auth.domain.token_answer import read_json_object, read_tokens
from le_auth.domain.tokens import TokenAnswer
from le_auth.errors import (
    CodeRefusedError,
    GrantRevokedError,
    IdTokenError,
    OutcomeUnknownError,
    RequestRefusedError,
    SentinelUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from le_auth.domain.ports import Clock
    from le_auth.domain.secret import Secret
    from le_auth.domain.sentinel_api import Sentinel
    from le_auth.domain.users import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelTokenEndpoint:
    """The token endpoint.

    Args:
        check_signature: raises IdTokenError where the signature is wrong; None where no public key is configured.
    """

    http: HttpClient
    clock: Clock
    version: str
    check_signature: Callable[[str], None] | None

    def exchange(
        self, sentinel: Sentinel, client: Client, *, code: Secret, redirect_uri: str, code_verifier: Secret | None
    ) -> TokenAnswer:
        """Exchange an authorization code (RFC 6749 section 4.1.3).

        Raises:
            CodeRefusedError: start again.
            IdTokenError: whoever signed in cannot be told.
            ClientRefusedError, SentinelUnavailableError, OutcomeUnknownError.
        """
        form = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": redirect_uri}
        if code_verifier is not None:
            form["code_verifier"] = code_verifier.reveal()
        try:
            content = self._post(sentinel, client, form)
        except (GrantRevokedError, RequestRefusedError) as error:
            raise CodeRefusedError("LivePerson did not accept the sign-in code.") from error
        tokens = read_tokens(content, received_at=self.clock(), previous_refresh_token=None)
        claims = self._read_id_token(content.get("id_token"))
        check_times(claims, now=self.clock())
        identity = read_identity(claims, account_id=client.account_id, client_id=client.client_id)
        return TokenAnswer(tokens=tokens, identity=identity)

    def refresh(self, sentinel: Sentinel, client: Client, *, refresh_token: Secret) -> TokenAnswer:
        """Spend a refresh token (RFC 6749 section 6).

        The old refresh token is spent by then, so what comes back is not thrown away for an id token that cannot be
        read, or for a signing key that LivePerson changed; only one that names another user is refused.

        Raises:
            GrantRevokedError: invalid_grant.
            RequestRefusedError, ClientRefusedError, SentinelUnavailableError, OutcomeUnknownError.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        content = self._post(sentinel, client, form)
        tokens = read_tokens(content, received_at=self.clock(), previous_refresh_token=refresh_token)
        return TokenAnswer(tokens=tokens, identity=_read_refreshed_identity(content.get("id_token"), client))

    def revoke(self, sentinel: Sentinel, client: Client, *, refresh_token: Secret) -> None:
        """Revoke a refresh token, and with it the user's session in all LivePerson applications (RFC 7009).

        Raises:
            GrantRevokedError: Sentinel no longer knows the token.
            RequestRefusedError, ClientRefusedError, SentinelUnavailableError, OutcomeUnknownError.
        """
        url = sentinel.revocation_url(account_id=client.account_id)
        answer = self._send(url, client, {"token": refresh_token.reveal()})
        if answer.status != 200:
            raise read_refusal(answer.status, answer.headers, answer.body)

    def _read_id_token(self, id_token: object) -> Mapping[str, Any]:
        claims = read_claims(id_token)
        if self.check_signature is not None and isinstance(id_token, str):
            self.check_signature(id_token)
        return claims

    def _post(self, sentinel: Sentinel, client: Client, form: Mapping[str, str]) -> Mapping[str, Any]:
        url = sentinel.token_url(account_id=client.account_id, version=self.version)
        answer = self._send(url, client, form)
        if answer.status != 200:
            raise read_refusal(answer.status, answer.headers, answer.body)
        return read_json_object(answer.body)

    def _send(self, url: str, client: Client, form: Mapping[str, str]) -> HttpAnswer:
        credentials = {"client_id": client.client_id, "client_secret": client.client_secret.reveal()}
        try:
            return self.http.post_form(url, {**form, **credentials}, deadline=POST_DEADLINE.total_seconds())
        except NotSentError as error:
            raise SentinelUnavailableError("Sentinel cannot be reached.") from error
        except BrokenError as error:
            raise OutcomeUnknownError("Sentinel's answer did not arrive.") from error


def _read_refreshed_identity(id_token: object, client: Client) -> Identity | None:
    """Read whom a refreshed id token names; None where there is none, or none that can be read."""
    try:
        return read_subject(read_claims(id_token), account_id=client.account_id)
    except IdTokenError:
        return None
