"""What reads bytes that others wrote. Each check takes any bytes and fails where a parser does what it must not.

A parser gives a value that is in bounds, or raises the one error that it documents, without quoting what it read.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from le_auth import web
from le_auth.adapters import domain_api, secret_store
from le_auth.adapters.sealing import Keyring
from le_auth.adapters.signatures import read_public_key
from le_auth.domain.grants import Sealed
from le_auth.domain.id_token import check_times, read_claims, read_identity
from le_auth.domain.refusals import read_refusal
from le_auth.domain.rescue import read_rescue
from le_auth.domain.scheduled import DueToken
from le_auth.domain.secret import Secret
from le_auth.domain.sentinel_api import SentinelHostRule
from le_auth.domain.sessions import Session
from le_auth.domain.token_answer import read_json_object, read_tokens
from le_auth.domain.tokens import unpack_tokens
from le_auth.domain.transactions import Transaction
from le_auth.domain.users import ACCOUNT_ID, USER_ID
from le_auth.errors import (
    DomainApiUnavailableError,
    IdTokenError,
    LeAuthError,
    OutcomeUnknownError,
    RequestError,
    SealingKeyError,
    SecretError,
    SentinelHostError,
    TransactionExpiredError,
)
from local.simulator.id_token import public_key_pem
from tests.support.installation import ACCOUNT, ADA, APP, SEALING_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
KEYRING = Keyring(keys={"0": Secret(SEALING_KEY)})
PLANTED = "canary!planted"
RULE = SentinelHostRule(suffixes=(".liveperson.net",), local=False)


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def assert_untold(error: Exception) -> None:
    """An error's text never holds what was read."""
    assert PLANTED not in str(error)


def token_answer(body: bytes) -> None:
    for previous in (None, Secret("previous")):
        try:
            tokens = read_tokens(read_json_object(body), received_at=NOW, previous_refresh_token=previous)
        except OutcomeUnknownError as error:
            assert_untold(error)
            continue
        for token in (tokens.access_token, tokens.refresh_token):
            assert 1 <= len(token.reveal()) <= 4096
            assert token.reveal().isascii()
        assert tokens.expires_at is None or NOW < tokens.expires_at <= NOW + timedelta(days=30)


def refusal(body: bytes) -> None:
    status = 300 + sum(body[:2]) % 300
    error = read_refusal(status, {"Retry-After": text_of(body[2:20])}, body)
    assert isinstance(error, LeAuthError)
    assert_untold(error)


def id_token(raw: bytes) -> None:
    try:
        claims = read_claims(text_of(raw))
        check_times(claims, now=NOW)
        identity = read_identity(claims, account_id=ACCOUNT, client_id=APP)
    except IdTokenError as error:
        assert_untold(error)
        return
    assert identity.user.account_id == ACCOUNT
    assert USER_ID.fullmatch(identity.user.user_id)
    assert claims["aud"] in (APP, [APP])
    assert {type(identity.is_admin), type(identity.is_lpa)} == {bool}


CHECK_SIGNATURE = read_public_key(public_key_pem())


def signature(raw: bytes) -> None:
    try:
        CHECK_SIGNATURE(text_of(raw))
    except IdTokenError as error:
        assert_untold(error)
    else:
        raise AssertionError("somebody without the key signed an id token")


def sealed_cookie(raw: bytes) -> None:
    try:
        KEYRING.open_cookie(text_of(raw))
    except SealingKeyError as error:
        assert_untold(error)
    else:
        raise AssertionError("a cookie opened that we did not seal")


def sealed_tokens(raw: bytes) -> None:
    try:
        KEYRING.open_tokens(Sealed(key_id="0", generation=1, data=raw), user=ADA)
    except SealingKeyError as error:
        assert_untold(error)
    else:
        raise AssertionError("tokens opened that we did not seal")


def packed_tokens(raw: bytes) -> None:
    with suppress(ValueError):
        for token in unpack_tokens(raw):
            token.reveal().encode()


def session(raw: bytes) -> None:
    try:
        read = Session.read(raw)
    except ValueError:
        return
    assert ACCOUNT_ID.fullmatch(read.user.account_id)
    read.is_in_time(lifetime=timedelta(hours=1), now=NOW)


def transaction(raw: bytes) -> None:
    try:
        read = Transaction.read(text_of(raw))
    except TransactionExpiredError as error:
        assert_untold(error)
        return
    assert len(read.state_hash) == 64
    assert read.write()


def host(body: bytes) -> None:
    try:
        sentinel = RULE.check(domain_api._read_host(body))
    except (DomainApiUnavailableError, SentinelHostError) as error:
        assert_untold(error)
        return
    assert urlsplit(sentinel.token_url(account_id=ACCOUNT, version="2.0")).netloc == sentinel.host
    assert sentinel.host.endswith(".liveperson.net")


def bare_host(raw: bytes) -> None:
    host(json.dumps({"service": "sentinel", "baseURI": raw.decode("latin-1")}).encode())


def app_install_secret(raw: bytes) -> None:
    try:
        secrets = secret_store._read_app_install(Secret(text_of(raw)), APP)
    except SecretError as error:
        assert_untold(error)
        return
    assert secrets
    assert all(secret == Secret(secret.reveal()) for secret in secrets)


def sealing_key_secret(raw: bytes) -> None:
    try:
        keyring = secret_store._read_keyring(Secret(text_of(raw)))
    except SecretError as error:
        assert_untold(error)
        return
    assert keyring.open_cookie(keyring.seal_cookie(b"x")) == b"x"


def scheduled_message(raw: bytes) -> None:
    try:
        due = DueToken.read(text_of(raw))
    except ValueError:
        return
    assert DueToken.read(due.write()).user == due.user


def rescue_message(raw: bytes) -> None:
    try:
        renewal = read_rescue(text_of(raw))
    except ValueError:
        return
    assert renewal.sealed.generation == renewal.replaces + 1


def query(raw: bytes) -> None:
    context = {"domainName": "x", "http": {"method": "GET"}}
    try:
        request = web.Request.read({"rawQueryString": text_of(raw), "requestContext": context})
        for name in ("state", "code", "account_id", "return_to"):
            value = request.one(name, longest=43)
            assert value is None or 1 <= len(value) <= 43
    except RequestError as error:
        assert_untold(error)


PARSERS: dict[str, Callable[[bytes], None]] = {
    check.__name__: check
    for check in (
        token_answer,
        refusal,
        id_token,
        signature,
        sealed_cookie,
        sealed_tokens,
        packed_tokens,
        session,
        transaction,
        host,
        bare_host,
        app_install_secret,
        sealing_key_secret,
        scheduled_message,
        rescue_message,
        query,
    )
}
