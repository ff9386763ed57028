"""Points 21, 23 and 24: what the token endpoint answers is believed only as far as it makes sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from le_auth.domain.grants import Status
from le_auth.domain.secret import Secret
from le_auth.domain.token_answer import read_json_object, read_tokens
from le_auth.errors import OutcomeUnknownError
from tests.support.breaks import broken_by
from tests.support.installation import ACCOUNT
from tests.support.refreshes import token_at_liveperson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from le_auth.domain.tokens import Tokens
    from le_auth.domain.users import User
    from tests.support.browser import Browser
    from tests.support.installation import Installation

READ_TOKENS = "le_auth.adapters.sentinel.read_tokens"
KNOWN = {"access_token", "token_type", "refresh_token", "id_token", "expires_in"}


def users(installation: Installation) -> list[str]:
    return [pk for pk in installation.items() if "state#" not in pk]


def refresh(installation: Installation, user: User) -> None:
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(user))


# ---- 21: read strictly where it matters, and not where it does not ----


def refuses_unknown_fields(answer: Mapping[str, Any], **options: Any) -> Tokens:
    if answer.keys() - KNOWN:
        raise OutcomeUnknownError("an unknown field")
    return read_tokens(answer, **options)


@broken_by("refused", {READ_TOKENS: refuses_unknown_fields})
def test_point_21_fields_that_nobody_knows_are_ignored(installation: Installation, browser: Browser) -> None:
    fields = {"scope": "x", "issued_token_type": 7, "__proto__": {"admin": True}, "": None, "nested": {"a": [1]}}
    installation.simulator.faults.order("token-code", "fields", fields=fields)

    assert browser.visit(browser.come_back())["statusCode"] == 303


def any_token_type(answer: Mapping[str, Any], **options: Any) -> Tokens:
    return read_tokens({**answer, "token_type": "Bearer"}, **options)


@broken_by("taken as Bearer", {READ_TOKENS: any_token_type})
def test_point_21_another_token_type_than_bearer_is_refused(installation: Installation, browser: Browser) -> None:
    for number, token_type in enumerate(("mac", "DPoP", "N_A", "", None, 7, ["Bearer"], "Bearer ")):
        user = installation.sign_in(f"200{number}")
        before = installation.tokens(user)
        for endpoint in ("token-code", "token-refresh"):
            fields = {"token_type": token_type}
            installation.simulator.faults.order(endpoint, "fields", fields=fields)

        assert browser.visit(browser.come_back())["statusCode"] == 502
        refresh(installation, user)
        assert installation.tokens(user) == before
        installation.simulator.faults.clear()

    assert f"{ACCOUNT}#1001" not in users(installation)


@broken_by("any size", {"le_auth.adapters.http.LONGEST_BODY": 10**9})
def test_point_21_a_larger_answer_than_64_kilobytes_is_not_read(installation: Installation, browser: Browser) -> None:
    for size in (64 * 1024 + 1, 2_000_000):
        installation.simulator.faults.order("token-code", "oversized-body", size=size)

        assert browser.visit(browser.come_back())["statusCode"] == 502

    assert users(installation) == []


def form_too(body: bytes) -> Mapping[str, Any]:
    return dict(parse_qsl(body.decode())) if b"access_token=" in body else read_json_object(body)


@broken_by("a form serves too", {"le_auth.adapters.sentinel.read_json_object": form_too})
def test_point_21_what_is_no_json_object_is_refused(installation: Installation, browser: Browser) -> None:
    for body in (
        "access_token=a&token_type=Bearer&refresh_token=b",
        "<html></html>",
        '["access_token"]',
        '"access_token"',
        "null",
        '{"access_token": "a"} {"b": 1}',
        "[" * 50_000,
        "\ufeff{}",
        "",
    ):
        installation.simulator.faults.order("token-code", "wrong-content", body=body, content_type="application/json")

        assert browser.visit(browser.come_back())["statusCode"] == 502

    assert users(installation) == []


def any_lifetime(expires_in: Any, *, received_at: datetime) -> datetime:
    return received_at + timedelta(seconds=float(expires_in))


@broken_by("believed", {"le_auth.domain.token_answer._read_expiry": any_lifetime})
def test_point_21_a_nonsensical_lifetime_is_ignored(installation: Installation, browser: Browser) -> None:
    for expires_in in (-1, 0, 10**12, True, 1.5, "soon", "-3600", "1e3", [3600], {"seconds": 3600}, None):
        installation.simulator.faults.order("token-code", "fields", fields={"expires_in": expires_in})

        assert browser.visit(browser.come_back())["statusCode"] == 303
        (pk,) = users(installation)
        assert "access_expires_at" not in installation.items()[pk], expires_in


# ---- 23: a refreshed id token ----


@broken_by("not looked at", {"le_auth.adapters.sentinel._read_refreshed_identity": lambda *_: None})
def test_point_23_a_refreshed_id_token_of_another_user_is_refused(installation: Installation) -> None:
    installation.simulator.settings.id_token_at_refresh = True
    user = installation.sign_in()
    refresh(installation, user)
    generation = installation.grant(user).generation
    installation.simulator.faults.order("token-refresh", "other-user", user_id="1002")

    refresh(installation, user)

    grant = installation.grant(user)
    assert (grant.generation, grant.status, grant.sealed) == (generation, Status.REAUTHORIZE, None)
    assert grant.last_error == "identity_mismatch"
    assert users(installation) == [user.pk]


# ---- 24: the refresh token that is kept ----


def keeps_the_old(answer: Mapping[str, Any], *, previous_refresh_token: Secret, **options: Any) -> Tokens:
    tokens = read_tokens(answer, previous_refresh_token=previous_refresh_token, **options)
    return replace(tokens, refresh_token=previous_refresh_token)


def writes_what_comes(answer: Mapping[str, Any], **options: Any) -> Tokens:
    return replace(read_tokens(answer, **options), refresh_token=Secret(answer.get("refresh_token") or ""))


def state_of(installation: Installation, token: str) -> str:
    found = token_at_liveperson(installation, token)
    return "unknown" if found is None else found.state


@broken_by("the old one is kept", {READ_TOKENS: keeps_the_old})
def test_point_24_a_new_refresh_token_replaces_the_old_one(installation: Installation) -> None:
    user = installation.sign_in()
    _, old = installation.tokens(user)

    refresh(installation, user)

    _, new = installation.tokens(user)
    assert new != old
    assert (state_of(installation, old), state_of(installation, new)) == ("void", "live")


@broken_by("an empty one is written", {READ_TOKENS: writes_what_comes})
def test_point_24_without_a_new_one_the_old_one_is_kept(installation: Installation) -> None:
    user = installation.sign_in()
    access, old = installation.tokens(user)
    for kind, details in (
        ("missing-fields", {"names": ["refresh_token"]}),
        ("empty-refresh-token", {}),
        ("fields", {"fields": {"refresh_token": None}}),
    ):
        installation.simulator.settings.rotates = False
        installation.simulator.faults.order("token-refresh", kind, **details)

        refresh(installation, user)

        new_access, kept = installation.tokens(user)
        assert (kept, new_access != access) == (old, True), kind
        access = new_access


def needs_none(answer: Mapping[str, Any], **options: Any) -> Tokens:
    return read_tokens({**answer, "refresh_token": answer.get("refresh_token") or "none"}, **options)


@broken_by("stored without", {READ_TOKENS: needs_none})
def test_point_24_a_sign_in_without_a_refresh_token_stores_nothing(
    installation: Installation, browser: Browser
) -> None:
    for fields in ({"refresh_token": None}, {"refresh_token": ""}, {"refresh_token": 7}):
        installation.simulator.faults.order("token-code", "fields", fields=fields)

        assert browser.visit(browser.come_back())["statusCode"] == 502

    assert users(installation) == []
