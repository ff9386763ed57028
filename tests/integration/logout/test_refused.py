"""POST /logout by whom it is not meant for, and what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.answers import json_of, page_of
from tests.support.installation import BASE_URL, Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser
    from tests.support.installation import Answer
from tests.support.sign_outs import FORM, form_token_of, is_signed_in, signed_in


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "accept": "application/json"},
        {"origin": "null", **FORM},
        {"origin": "https://evil.example", **FORM},
        {"origin": BASE_URL + ".evil.example"},
        {"referer": f"{BASE_URL}/"},
        {"host": "auth.example.com", "x_forwarded_host": "auth.example.com", "sec_fetch_site": "same-origin"},
    ],
    ids=str,
)
def test_point_26_without_token_and_trusted_origin_nothing_is_asked_or_changed(
    installation: Installation, browser: Browser, headers: dict[str, str]
) -> None:
    ada = signed_in(browser)
    installation.calls.clear()

    answer = ada.call("/logout", **headers)

    assert answer["statusCode"] == 403
    assert answer["cookies"] == []
    assert installation.calls.made == []
    assert "Access-Control-Allow-Origin" not in answer["headers"]
    assert is_signed_in(ada)


def test_point_26_a_token_of_another_session_is_refused(browser: Browser, new_browser: Callable[[], Browser]) -> None:
    ada = signed_in(browser)
    mallory = new_browser()
    mallory.sign_in(name="ben")

    answer = ada.submit(mallory.visit("/"))

    assert answer["statusCode"] == 403
    assert answer["cookies"] == []
    assert page_of(answer).links == [f"{BASE_URL}/"]
    assert is_signed_in(ada)
    assert is_signed_in(mallory)


@pytest.mark.parametrize("token", ["A" * 43, "x", "\N{SNOWMAN}"])
def test_point_26_a_made_up_token_is_refused(browser: Browser, token: str) -> None:
    ada = signed_in(browser)
    assert ada.submit(ada.visit("/"), form_token=token)["statusCode"] == 403
    assert is_signed_in(ada)


def test_point_26_a_right_token_sent_by_another_sites_page_is_refused(browser: Browser) -> None:
    ada = signed_in(browser)
    token = form_token_of(ada.visit("/"))

    answer = ada.call("/logout", body=f"form_token={token}", origin="https://evil.example", **FORM)

    assert answer["statusCode"] == 403
    assert is_signed_in(ada)


def test_point_26_another_sites_form_that_comes_without_the_cookie_does_not_clear_it(browser: Browser) -> None:
    """A browser leaves the cookie out of such a request, but would obey a Set-Cookie of its answer."""
    answer = browser.call("/logout", body="form_token=" + "A" * 43, origin="null", **FORM)

    assert answer["statusCode"] == 303
    assert answer["cookies"] == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_point_26_a_sign_out_is_a_post(installation: Installation, browser: Browser, method: str) -> None:
    ada = signed_in(browser)
    event = ada.event("/logout?scope=liveperson", method=method, origin=BASE_URL) | {"routeKey": "POST /logout"}
    answer: Answer = installation.invoke("session", event)

    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST")
    assert is_signed_in(ada)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("scope=everything", ""),
        ("scope=", ""),
        ("scope=local&scope=liveperson", ""),
        ("", "form_token=a&form_token=b"),
        ("", "form_token=%ff"),
        ("", "x" * 5000),
    ],
)
def test_point_07_what_cannot_be_read_is_refused_before_anything_is_asked(
    installation: Installation, browser: Browser, query: str, body: str
) -> None:
    ada = signed_in(browser)
    installation.calls.clear()

    answer = ada.call(f"/logout?{query}", body=body, origin=BASE_URL, **{**FORM, "accept": "*/*"})

    assert answer["statusCode"] == 400
    assert json_of(answer)["error"] == "bad_request"
    assert installation.calls.made == []
