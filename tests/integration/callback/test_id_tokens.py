"""GET /callback with id tokens and lifetimes that are not as they should be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.installation import APP, Installation

if TYPE_CHECKING:
    from tests.support.browser import Browser
from tests.support.callback_pages import RETURN, assert_leads_back, assert_nothing_was_stored


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("id-claims", {"claims": {"iss": "Sentine1"}}),
        ("id-claims", {"claims": {"aud": "another-app"}}),
        ("id-claims", {"claims": {"aud": [APP, "another-app"]}}),
        ("id-claims", {"claims": {"exp": 4_076_740_800 - 121}}),
        ("id-claims", {"claims": {"iat": 4_076_740_800 + 121}}),
        ("id-claims", {"claims": {"exp": None}}),
        ("id-claims", {"claims": {"iat": "4076740800"}}),
        ("id-claims", {"claims": {"sub": None}}),
        ("id-claims", {"claims": {"sub": "1001#1002"}}),
        ("id-claims", {"claims": {"sub": ""}}),
        ("id-claims", {"claims": {"sub": 1001}}),
        ("missing-fields", {"names": ["id_token"]}),
        ("fields", {"fields": {"id_token": None}}),
    ],
)
def test_an_id_token_that_does_not_prove_who_signed_in_stores_nothing(
    installation: Installation, browser: Browser, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("token-code", kind, **details)

    answer = browser.visit(browser.come_back(RETURN))

    assert answer["statusCode"] == 400
    assert_leads_back(answer)
    assert_nothing_was_stored(installation)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "sentinel"},
        {"aud": [APP]},
        {"exp": 4_076_740_800 - 119},
        {"iat": 4_076_740_800 + 119},
        {"is_admin": "true", "is_lpa": 1},
    ],
)
def test_small_differences_of_the_id_token_are_borne(
    installation: Installation, browser: Browser, claims: dict[str, object]
) -> None:
    installation.simulator.faults.order("token-code", "id-claims", claims=claims)

    browser.sign_in(name="ben")

    session = json.loads(browser.visit("/session")["body"])
    assert (session["user_id"], session["is_admin"], session["is_lpa"]) == ("1002", False, False)


@pytest.mark.parametrize("value", ["none", "HS256", "foreign-key"])
def test_where_a_key_is_configured_a_badly_signed_id_token_is_refused(
    installation: Installation, browser: Browser, value: str
) -> None:
    installation.configure(IdTokenPublicKey=installation.simulator.public_key_pem)
    installation.simulator.faults.order("token-code", "id-signature", value=value)

    assert browser.visit(browser.come_back())["statusCode"] == 400
    assert_nothing_was_stored(installation)


@pytest.mark.parametrize("expires_in", [-1, 0, "soon", 10**12, None, True, 1.5, [3600]])
def test_a_nonsensical_lifetime_is_ignored(installation: Installation, browser: Browser, expires_in: object) -> None:
    installation.simulator.faults.order("token-code", "fields", fields={"expires_in": expires_in})

    browser.sign_in()

    (item,) = (item for pk, item in installation.items().items() if not pk.startswith("state#"))
    assert "access_expires_at" not in item
