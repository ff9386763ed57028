"""Points 25 and 29: a session is one user's, for a time; what is sealed opens only where it was sealed for."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from functions.callback import app
from le_auth.adapters.sealing import Keyring
from le_auth.domain.grants import Sealed
from le_auth.domain.secret import Secret
from le_auth.domain.sessions import COOKIE, Session
from le_auth.domain.tokens import pack_tokens
from le_auth.domain.users import User
from le_auth.errors import SealingKeyError
from tests.support.breaks import broken_by
from tests.support.installation import ADA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.security.conftest import Sent
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation


# ---- 25: sessions ----


ANSWER = app.answer


def keeps_the_session_that_is_there(signed_in: Any, visit: Any, **options: Any) -> Answer:
    answer = ANSWER(signed_in, visit, **options)
    if COOKIE in visit.request.cookies:
        answer["cookies"] = [cookie for cookie in answer["cookies"] if not cookie.startswith(COOKIE)]
    return answer


def the_same_for_each_sign_in() -> Callable[..., Secret]:
    seal, sealed = Session.seal, dict[User, Secret]()
    return lambda self, sealer: sealed.setdefault(self.user, seal(self, sealer))


@broken_by("the session that is there is kept", {"functions.callback.app.answer": keeps_the_session_that_is_there})
@broken_by("one session for a user", {"le_auth.domain.sessions.Session.seal": the_same_for_each_sign_in()})
def test_point_25_a_new_sign_in_gives_a_new_session_whatever_cookie_was_there(
    browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    attacker = new_browser()
    attacker.sign_in(name="ben")
    browser.cookies[COOKIE] = attacker.cookies[COOKIE]
    browser.sign_in(name="ada")
    first = browser.cookies[COOKIE]
    assert '"1001"' in browser.visit("/session")["body"]

    browser.sign_in(name="ada")

    assert browser.cookies[COOKIE] not in {first, attacker.cookies[COOKIE]}


@broken_by("a session for ever", {"le_auth.domain.sessions.Session.is_in_time": lambda *_, **__: True})
def test_point_25_a_sessions_life_is_limited(installation: Installation, browser: Browser) -> None:
    installation.configure(SessionHours="1")
    browser.sign_in()
    installation.go_on(timedelta(minutes=59, seconds=59))
    assert browser.visit("/session")["statusCode"] == 200

    installation.go_on(timedelta(seconds=1))

    assert browser.visit("/session")["statusCode"] == 401


def set_in_table(installation: Installation, user: User, name: str, value: dict[str, Any]) -> None:
    """Change one attribute of a user's item."""
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": user.pk}},
        UpdateExpression=f"SET #name = :{name}",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={f":{name}": value},
    )


@broken_by("the epoch is not looked at", {"le_auth.domain.sessions.Session.belongs_to": lambda *_: True})
@pytest.mark.parametrize(("name", "value"), [("session_epoch", {"N": "1"}), ("status", {"S": "signed_out"})])
def test_point_25_another_epoch_or_a_sign_out_ends_all_of_a_users_sessions(
    installation: Installation,
    browser: Browser,
    new_browser: Callable[[], Browser],
    name: str,
    value: dict[str, Any],
) -> None:
    browsers = [browser, new_browser()]
    for each in browsers:
        each.sign_in()

    set_in_table(installation, ADA, name, value)

    assert [each.visit("/session")["statusCode"] for each in browsers] == [401, 401]


def without_its_tag(key: bytes, sealed: bytes, additional_data: bytes) -> bytes:
    """Decrypt, but let altered bytes pass."""
    del additional_data
    start = sealed[:12] + b"\0\0\0\2"  # GCM's counter for the first block of the content
    decryptor = Cipher(algorithms.AES(key), modes.CTR(start)).decryptor()
    return decryptor.update(sealed[12:-16])


@broken_by("not authenticated", {"le_auth.adapters.sealing._decrypt": without_its_tag})
def test_point_25_a_session_that_we_did_not_seal_is_none_and_costs_no_read(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    genuine = browser.cookies[COOKIE]
    altered = f"{genuine[:-1]}{'A' if genuine[-1] != 'A' else 'Q'}"
    for value in ("", "0.", "forged", f"0.{'A' * 60}", genuine[:-2], genuine.replace("0.", "1.", 1), altered):
        browser.cookies[COOKIE] = value
        installation.calls.clear()
        answer = browser.visit("/session")
        assert installation.calls.of("GetItem") == []
        assert answer["statusCode"] == 401


# ---- 29: sealed values stay where they belong ----


def bound_to_nothing(generation: int) -> bytes:
    del generation
    return b""


def one_key_for(*, user: bool, purpose: bool) -> Callable[..., bytes]:
    """Derive keys without user or purpose."""
    key = Keyring._key

    def derive(self: Keyring, key_id: str, whose_purpose: str, whose: str) -> bytes:
        return key(self, key_id, "" if purpose else whose_purpose, "" if user else whose)

    return derive


KEY = "le_auth.adapters.sealing.Keyring._key"
BOUND_TO = "le_auth.adapters.sealing._bound_to"


@broken_by("one key for all users", {KEY: one_key_for(user=True, purpose=False)})
def test_point_29_tokens_moved_to_another_users_record_are_not_sent(
    installation: Installation, sent: list[Sent]
) -> None:
    ada, ben = installation.sign_in("1001"), installation.sign_in("1002")
    set_in_table(installation, ben, "sealed", installation.item(ada)["sealed"])
    set_in_table(installation, ben, "sealed_generation", installation.item(ada)["sealed_generation"])
    installation.go_on(timedelta(minutes=30))

    installation.work(installation.due(ben))

    assert [request.form for request in sent if request.form] == []
    assert installation.grant(ben).last_error == "sealing_key"


@broken_by("the generation is not bound in", {BOUND_TO: bound_to_nothing})
def test_point_29_tokens_of_an_older_generation_are_not_sent_as_newer_ones(
    installation: Installation, sent: list[Sent]
) -> None:
    ada = installation.sign_in()
    older = installation.item(ada)["sealed"]
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ada))
    set_in_table(installation, ada, "sealed", older)
    sent.clear()
    installation.go_on(timedelta(minutes=30))

    installation.work(installation.due(ada))

    assert [request.form for request in sent if request.form] == []
    assert installation.grant(ada).last_error == "sealing_key"


ONE_KEY_FOR_ALL = {KEY: one_key_for(user=True, purpose=True), BOUND_TO: bound_to_nothing}


@broken_by("one key for all", ONE_KEY_FOR_ALL)
def test_point_29_stored_tokens_do_not_open_as_a_cookie(installation: Installation) -> None:
    sealed = installation.grant(installation.sign_in()).sealed
    assert sealed is not None
    encoded = base64.urlsafe_b64encode(sealed.data).rstrip(b"=").decode()

    assert not opens(lambda: installation.keyring.open_cookie(f"{sealed.key_id}.{encoded}"))


@broken_by("one key for all", ONE_KEY_FOR_ALL)
def test_point_29_a_cookie_does_not_open_as_stored_tokens(installation: Installation) -> None:
    packed = pack_tokens(Secret("access-token"), Secret("refresh-token"))
    key_id, _, encoded = installation.keyring.seal_cookie(packed).partition(".")
    sealed = Sealed(key_id=key_id, generation=1, data=base64.urlsafe_b64decode(encoded + "=="))

    assert not opens(lambda: installation.keyring.open_tokens(sealed, user=ADA))


def opens(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except SealingKeyError:
        return False
    return True
