"""What the tests of POST /logout share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.outline import Outline

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.installation import Answer


FRONT_END = "https://app.example.com"
FORM = {"accept": "text/html", "content_type": "application/x-www-form-urlencoded"}


def signed_in(browser: Browser) -> Browser:
    """Ada's browser; a front end elsewhere may call."""
    browser.installation.configure(ReturnOrigins=FRONT_END)
    browser.sign_in()
    return browser


def is_signed_in(browser: Browser) -> bool:
    return bool(browser.visit("/session")["statusCode"] == 200)


def form_token_of(page: Answer) -> str:
    [field] = Outline(page["body"]).named("input")
    return field["value"] or ""
