"""Point 26: who may have a person signed out."""

from __future__ import annotations

import hmac

import pytest

from le_auth.adapters.sealing import Keyring
from le_auth.domain.csrf import check_form_token, check_origin, form_token
from le_auth.domain.secret import Secret
from le_auth.errors import CrossSiteError, SealingKeyError

OURS, FRONT_END = "https://auth.example.com", "https://app.example.com"
TRUSTED = frozenset({OURS, FRONT_END})
OLD, NEW = Secret("canary-old".ljust(64, "o")), Secret("canary-new".ljust(64, "n"))
BEFORE, AFTER = Keyring(keys={"0": OLD}), Keyring(keys={"1": NEW, "0": OLD})
COOKIE = BEFORE.seal_cookie(b"session")
OTHER_COOKIE = BEFORE.seal_cookie(b"session")


def test_point_26_a_form_token_is_of_one_session_cookie() -> None:
    token = form_token(COOKIE, BEFORE)

    check_form_token(token, expected=form_token(COOKIE, BEFORE))
    with pytest.raises(CrossSiteError, match="out of date"):
        check_form_token(token, expected=form_token(OTHER_COOKIE, BEFORE))


def test_point_26_a_form_token_is_no_part_of_the_cookie_and_prints_as_stars() -> None:
    token = form_token(COOKIE, BEFORE)

    assert len(token.reveal()) == 43
    assert token.reveal()[:8] not in COOKIE
    assert str(token) == "***"


def test_an_open_page_outlives_a_change_of_the_sealing_key() -> None:
    assert form_token(COOKIE, AFTER) == form_token(COOKIE, BEFORE)


def test_a_page_ends_with_the_key_that_sealed_its_session() -> None:
    with pytest.raises(SealingKeyError):
        form_token(COOKIE, Keyring(keys={"1": NEW}))


def test_another_stacks_keys_give_another_token() -> None:
    assert form_token(COOKIE, BEFORE) != form_token(COOKIE, Keyring(keys={"0": NEW}))


def test_point_09_form_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)

    check_form_token(Secret("given"), expected=Secret("expected"))

    assert compared == [(b"given", b"expected")]


@pytest.mark.parametrize("given", ["", "A" * 43, "\N{SNOWMAN}" * 43])
def test_point_26_a_made_up_token_is_refused(given: str) -> None:
    with pytest.raises(CrossSiteError):
        check_form_token(Secret(given), expected=form_token(COOKIE, BEFORE))


@pytest.mark.parametrize("origin", [OURS, FRONT_END])
@pytest.mark.parametrize("has_form_token", [True, False])
def test_point_26_scripts_of_trusted_origins_are_let_in(*, origin: str, has_form_token: bool) -> None:
    check_origin(origin, trusted=TRUSTED, has_form_token=has_form_token)


@pytest.mark.parametrize("origin", [None, "null"])
def test_point_26_where_the_origin_says_nothing_a_form_token_is_needed(origin: str | None) -> None:
    check_origin(origin, trusted=TRUSTED, has_form_token=True)
    with pytest.raises(CrossSiteError, match="neither"):
        check_origin(origin, trusted=TRUSTED, has_form_token=False)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://auth.example.com",
        "https://auth.example.com:444",
        "https://auth.example.com.evil.example",
        "https://evil-auth.example.com",
        "https://auth.example.com/",
        "HTTPS://AUTH.EXAMPLE.COM",
        "https://auth.example.com, https://evil.example",
        "https://*.example.com",
        "*",
        "Null",
        "",
    ],
)
@pytest.mark.parametrize("has_form_token", [True, False])
def test_point_26_any_other_origin_is_refused_whatever_it_sends(*, origin: str, has_form_token: bool) -> None:
    with pytest.raises(CrossSiteError, match="may not sign anybody out"):
        check_origin(origin, trusted=TRUSTED, has_form_token=has_form_token)
