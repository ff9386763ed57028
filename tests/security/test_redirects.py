"""Points 14 and 15: where a person is sent after signing in, by the functions' own answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from functions.callback import app
from tests.support.breaks import broken_by
from tests.support.browser import parameters
from tests.support.forged import change_transaction
from tests.support.hostile_urls import hostile_urls
from tests.support.installation import BASE_URL
from tests.support.loose_rules import RESOLVE, any_of_that_host, any_path, any_that_begins_so

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation

ANSWER = "functions.callback.app.answer"
FRONT = "https://front.example.com"


# ---- 14: no open redirect ----


@broken_by("any path", {RESOLVE: any_path})
@broken_by("any prefix", {RESOLVE: any_that_begins_so})
@broken_by("the host that Python sees", {RESOLVE: any_of_that_host})
def test_point_14_no_hostile_return_to_gets_past_launch_and_callback(
    installation: Installation, browser: Browser
) -> None:
    installation.configure(ReturnOrigins=FRONT)
    values = [*hostile_urls(BASE_URL), *hostile_urls(FRONT)]
    assert len(set(values)) >= 300
    accepted = [value for value in values if lands(browser, value) is not None]

    assert len(accepted) >= 100, "what merely looks hostile is let through: the test sees both"


def lands(browser: Browser, return_to: str) -> str | None:
    """Give where a sign-in that asks for this ends; None: launch refuses it. It must be a place of ours."""
    browser.cookies.clear()
    answer = browser.visit(f"/launch?return_to={quote(return_to, safe='')}")
    if answer["statusCode"] == 400:
        return None
    location: str = browser.visit(browser.log_in(answer["headers"]["Location"]))["headers"]["Location"]
    assert location.startswith(tuple(f"{origin}{end}" for origin in (BASE_URL, FRONT) for end in "/?#")) or (
        location in {BASE_URL, FRONT}
    ), return_to
    assert location.isascii()
    assert location.isprintable()
    assert not set(location) & set(' \\"<>^`{|}')
    return location


@broken_by("any path", {RESOLVE: any_path})
@broken_by("any prefix", {RESOLVE: any_that_begins_so})
def test_point_14_nor_in_a_cookie_that_the_browser_made_up(installation: Installation, browser: Browser) -> None:
    installation.configure(ReturnOrigins=FRONT)
    values = [value for value in hostile_urls(BASE_URL)[::7] if len(value) < 256]
    for value in values:
        browser.cookies.clear()
        callback = browser.come_back()
        change_transaction(browser, r=value)
        answer = browser.visit(callback)
        location = answer["headers"].get("Location", BASE_URL)
        assert f"{location}/".startswith((f"{BASE_URL}/", f"{BASE_URL}?", f"{BASE_URL}#")), value


# ---- 15: no code or state in the address that the browser ends at ----


WHOLE_ANSWER = app.answer


def with_the_query(signed_in: Any, visit: Any, **options: Any) -> Answer:
    answer = WHOLE_ANSWER(signed_in, visit, **options)
    query = urlencode({name: values[0] for name, values in visit.request.query.items()})
    answer["headers"]["Location"] += f"?{query}"
    return answer


def with_status(status: int) -> Any:
    return lambda *args, **options: {**WHOLE_ANSWER(*args, **options), "statusCode": status}


def shows_the_page_at_once(*_: object, **__: object) -> Answer:
    return {"statusCode": 200, "headers": {}, "cookies": [], "body": "Signed in"}


@broken_by("the query is handed on", {ANSWER: with_the_query})
@broken_by("307", {ANSWER: with_status(307)})
@broken_by("a page at the callback's own address", {ANSWER: shows_the_page_at_once})
def test_point_15_after_the_exchange_comes_a_303_to_an_address_without_code_and_state(
    installation: Installation, browser: Browser
) -> None:
    for settings, query in (({}, ""), ({"AppUrl": "https://app.example.com/?x=1"}, ""), ({}, "return_to=/app?tab=1")):
        installation.configure(**settings)
        callback = browser.come_back(query)
        answer = browser.visit(callback)

        assert answer["statusCode"] == 303
        for secret in parameters(callback).values():
            assert secret not in json.dumps(answer)
        assert answer["body"] == ""


def repeats_the_query(base_url: str, *_: object) -> str:
    return f"{base_url}/launch?state={'s' * 43}"


@broken_by("the state is handed on", {"le_auth.error_answers.launch_url": repeats_the_query})
def test_point_15_nor_does_an_error_page_lead_on_with_them(installation: Installation, browser: Browser) -> None:
    for kind in ("status", "drop-after"):
        installation.simulator.faults.order("token-code", kind)
        callback = browser.come_back("return_to=/app")
        answer = browser.visit(callback)

        assert answer["statusCode"] == 502
        assert "state=" not in answer["body"]
        for secret in parameters(callback).values():
            assert secret not in json.dumps(answer)
