"""GET / and GET /session called by pages of other origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation


FRONT_END = "https://app.example.com"


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_front_end_of_an_allowed_origin_may_read_who_is_signed_in(
    installation: Installation, browser: Browser, *, signed_in: bool
) -> None:
    installation.configure(ReturnOrigins=f"https://other.example.com,{FRONT_END}")
    if signed_in:
        browser.sign_in()

    answer = browser.call("/session", method="GET", origin=FRONT_END)

    assert answer["statusCode"] == (200 if signed_in else 401)
    assert cors_of(answer) == {
        "Access-Control-Allow-Origin": FRONT_END,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.com.evil.example"])
def test_a_page_of_any_other_origin_may_not(installation: Installation, browser: Browser, origin: str) -> None:
    installation.configure(ReturnOrigins=FRONT_END)
    browser.sign_in()

    assert cors_of(browser.call("/session", method="GET", origin=origin)) == {"Vary": "Origin"}


def test_a_front_end_may_read_what_is_wrong_too(installation: Installation, browser: Browser) -> None:
    installation.configure(ReturnOrigins=FRONT_END)
    browser.sign_in()
    installation.calls.order("GetItem", code="InternalServerError")

    answer = browser.call("/session", method="GET", origin=FRONT_END)

    assert answer["statusCode"] == 503
    assert cors_of(answer)["Access-Control-Allow-Origin"] == FRONT_END


def test_pages_are_shared_with_nobody(installation: Installation, browser: Browser) -> None:
    installation.configure(ReturnOrigins=FRONT_END)

    assert cors_of(browser.call("/", method="GET", origin=FRONT_END)) == {}


def cors_of(answer: Answer) -> dict[str, str]:
    return {
        name: value for name, value in answer["headers"].items() if name == "Vary" or name.startswith("Access-Control")
    }
