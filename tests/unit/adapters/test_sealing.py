from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.adapters import sealing
from le_auth.adapters.sealing import Keyring
from le_auth.domain.grants import Sealed
from le_auth.domain.secret import Secret
from le_auth.errors import SealingKeyError
from tests.support.makers import ADA, BOB, some_tokens

OLD, NEW = Secret("canary-old".ljust(64, "o")), Secret("canary-new".ljust(64, "n"))
KEYRING = Keyring(keys={"1": NEW, "0": OLD})
SEALED = KEYRING.seal_tokens(some_tokens("ada"), user=ADA, generation=8)


def test_tokens_are_sealed_with_the_newest_key_and_open_again() -> None:
    access_token, refresh_token = KEYRING.open_tokens(SEALED, user=ADA)

    assert (SEALED.key_id, SEALED.generation) == ("1", 8)
    assert (access_token.reveal(), refresh_token.reveal()) == ("access-canary-ada", "refresh-canary-ada")


def test_what_an_older_key_sealed_opens_while_that_is_listed() -> None:
    sealed = Keyring(keys={"0": OLD}).seal_tokens(some_tokens(), user=ADA, generation=1)

    assert KEYRING.open_tokens(sealed, user=ADA)[1].reveal() == "refresh-canary-new"


def test_no_token_stands_in_what_is_sealed() -> None:
    assert b"canary" not in SEALED.data
    assert b"canary".hex().encode() not in SEALED.data


def test_the_same_tokens_are_never_sealed_alike_twice() -> None:
    assert KEYRING.seal_tokens(some_tokens("ada"), user=ADA, generation=8).data != SEALED.data


@pytest.mark.parametrize("generation", [7, 9, 88, 0])
def test_point_29_a_value_moved_to_another_generation_does_not_open(generation: int) -> None:
    with pytest.raises(SealingKeyError):
        KEYRING.open_tokens(replace(SEALED, generation=generation), user=ADA)


def test_point_29_a_value_moved_to_another_user_does_not_open() -> None:
    for user in (BOB, replace(ADA, account_id="le12345678"), replace(ADA, user_id=ADA.user_id + "0")):
        with pytest.raises(SealingKeyError):
            KEYRING.open_tokens(SEALED, user=user)


def test_point_29_a_cookie_does_not_open_as_tokens_nor_tokens_as_a_cookie() -> None:
    key_id, _, encoded = KEYRING.seal_cookie(b"content").partition(".")
    data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    cookie = f"1.{base64.urlsafe_b64encode(SEALED.data).decode()}"

    with pytest.raises(SealingKeyError):
        KEYRING.open_tokens(Sealed(key_id=key_id, generation=8, data=data), user=ADA)
    with pytest.raises(SealingKeyError):
        KEYRING.open_cookie(cookie)


@given(st.integers(0, len(SEALED.data) - 1), st.integers(1, 255))
def test_a_value_altered_in_any_byte_does_not_open(place: int, difference: int) -> None:
    altered = bytearray(SEALED.data)
    altered[place] ^= difference

    with pytest.raises(SealingKeyError):
        KEYRING.open_tokens(replace(SEALED, data=bytes(altered)), user=ADA)


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27, 28])
def test_a_value_that_is_cut_does_not_open(length: int) -> None:
    with pytest.raises(SealingKeyError):
        KEYRING.open_tokens(replace(SEALED, data=SEALED.data[:length]), user=ADA)


def test_a_key_that_is_not_listed_is_told() -> None:
    with pytest.raises(SealingKeyError, match="does not list"):
        Keyring(keys={"0": OLD}).open_tokens(SEALED, user=ADA)


def test_another_key_under_the_same_id_does_not_open() -> None:
    with pytest.raises(SealingKeyError):
        Keyring(keys={"1": OLD}).open_tokens(SEALED, user=ADA)


def test_sealed_content_of_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "pack_tokens", lambda *_: b"another form")
    sealed = KEYRING.seal_tokens(some_tokens(), user=ADA, generation=1)

    with pytest.raises(SealingKeyError, match="unknown form"):
        KEYRING.open_tokens(sealed, user=ADA)


@given(st.binary(max_size=300))
def test_a_cookie_opens_as_it_was_sealed(content: bytes) -> None:
    assert KEYRING.open_cookie(KEYRING.seal_cookie(content)) == content


def test_a_cookie_holds_no_character_that_cookies_cannot_hold() -> None:
    cookie = KEYRING.seal_cookie(bytes(range(256)))

    assert cookie.replace("-", "").replace("_", "").replace(".", "").isalnum()


@pytest.mark.parametrize(
    "value", ["", ".", "1", "1.", "1.!!", "1.A", "1.é", "9.AAAA", "1.AAAA", ".AAAA", "1." + "A" * 64]
)
def test_a_forged_cookie_does_not_open(value: str) -> None:
    with pytest.raises(SealingKeyError):
        KEYRING.open_cookie(value)


def test_keys_are_not_printed() -> None:
    assert "canary" not in repr(KEYRING) + repr(SEALED)
