"""POST /logout by scripts, ours and those of allowed origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from le_auth.domain.sessions import COOKIE
from tests.support.answers import json_of
from tests.support.installation import ADA, BASE_URL, Installation

if TYPE_CHECKING:
    from tests.support.browser import Browser
from tests.support.sign_outs import FRONT_END, form_token_of, signed_in


@pytest.mark.parametrize("origin", [BASE_URL, FRONT_END])
def test_a_script_of_ours_or_of_an_allowed_origin_signs_out(
    installation: Installation, browser: Browser, origin: str
) -> None:
    ada = signed_in(browser)
    answer = ada.call("/logout", origin=origin)

    assert answer["statusCode"] == 200
    assert json_of(answer) == {"status": "signed_out"}
    assert COOKIE not in ada.cookies
    assert installation.item(ADA)["status"] == {"S": "signed_out"}
    assert answer["headers"].get("Access-Control-Allow-Origin") == (None if origin == BASE_URL else FRONT_END)
    assert answer["headers"]["Vary"] == "Origin"


def test_a_script_may_end_the_session_at_liveperson_too(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    answer = ada.call("/logout?scope=liveperson", origin=FRONT_END, accept="application/json")

    assert json_of(answer) == {"status": "signed_out"}
    assert installation.simulator.journal.counts()["revoke"] == 1


def test_a_script_without_a_session_is_told_so(browser: Browser, installation: Installation) -> None:
    installation.configure(ReturnOrigins=FRONT_END)

    answer = browser.call("/logout", origin=FRONT_END)

    assert answer["statusCode"] == 401
    assert json_of(answer)["error"] == "not_signed_in"
    assert answer["headers"]["Access-Control-Allow-Origin"] == FRONT_END
    assert answer["cookies"] == []


def test_a_script_may_send_the_forms_token_in_place_of_an_origin(browser: Browser) -> None:
    ada = signed_in(browser)
    token = form_token_of(ada.visit("/"))

    answer = ada.call(
        "/logout", body=f"form_token={token}", content_type="application/x-www-form-urlencoded", accept="*/*"
    )

    assert json_of(answer) == {"status": "signed_out"}
