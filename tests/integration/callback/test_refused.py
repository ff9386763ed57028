"""GET /callback that is refused before the exchange: the right status, a page with the way back, nothing stored."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import page_of
from tests.support.browser import parameters
from tests.support.installation import BASE_URL, OTHER_ACCOUNT, Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser
from tests.support.callback_pages import RETURN, STATE, assert_leads_back, assert_nothing_was_stored, start_again_link


def test_whoever_denies_is_told_so_and_can_try_again(installation: Installation, browser: Browser) -> None:
    answer = browser.visit(browser.come_back(RETURN, action="deny"))

    assert answer["statusCode"] == 400
    assert_leads_back(answer)
    assert "The user denied access." in page_of(answer).text
    assert installation.items() == {}


def test_what_sentinel_says_is_escaped_and_cut(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.callback_parameters = {
        "code": None,
        "error": "server_error",
        "error_description": "<script>alert(1)</script>\x1b[31m" + "x" * 1000,
    }

    answer = browser.visit(browser.come_back())

    assert answer["statusCode"] == 400
    assert "<script>" not in answer["body"]
    assert "<script>alert(1)</script>[31m" in page_of(answer).text
    assert "x" * 201 not in answer["body"]


def test_an_error_with_a_foreign_state_is_not_repeated_to_anybody(browser: Browser) -> None:
    answer = browser.visit(f"/callback?state={STATE}&error=canary-words&error_description=canary-words")

    assert answer["statusCode"] == 400
    assert "canary-words" not in answer["body"]


def test_a_callback_in_another_browser_costs_no_call_and_no_write(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    callback = browser.come_back()
    installation.simulator.journal.clear()
    installation.calls.clear()

    answer = new_browser().visit(callback)

    assert answer["statusCode"] == 400
    assert start_again_link(answer) == f"{BASE_URL}/launch"
    assert installation.simulator.journal.counts() == {}
    assert installation.calls.made == []
    assert browser.visit(callback)["statusCode"] == 303


def test_a_cookie_of_another_launch_does_not_serve(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    (name,) = browser.cookies
    other = json.loads(_decoded(browser.cookies[name]))
    browser.cookies[name] = _encoded({**other, "s": other["s"][:8] + "0" * 56})
    installation.calls.clear()

    assert browser.visit(callback)["statusCode"] == 400
    assert installation.calls.made == []


@pytest.mark.parametrize("minutes", [-6, 11])
def test_a_transaction_out_of_its_ten_minutes_is_refused(
    installation: Installation, browser: Browser, minutes: int
) -> None:
    callback = browser.come_back(RETURN)
    installation.go_on(timedelta(minutes=minutes))
    installation.simulator.journal.clear()

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert start_again_link(answer) == f"{BASE_URL}/launch"
    assert installation.simulator.journal.counts() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"a": "le99999999"},
        {"a": "../../evil"},
        {"a": None},
        {"r": "https://evil.example.net/"},
        {"r": "//evil.example.net"},
        {"r": ["/"]},
        {"t": "soon"},
        {"t": 10**30},
        {"s": None},
        {"v": "short"},
    ],
)
def test_what_the_cookie_says_is_validated_again(
    installation: Installation, browser: Browser, change: dict[str, object]
) -> None:
    callback = browser.come_back()
    (name,) = browser.cookies
    browser.cookies[name] = _encoded({**json.loads(_decoded(browser.cookies[name])), **change})
    installation.simulator.journal.clear()
    installation.calls.clear()

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert "evil" not in start_again_link(answer)
    assert installation.simulator.journal.counts() == {}
    assert installation.calls.made == []


def _decoded(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("cookie", ["", "%%%", "e30", "W10", "bnVsbA", "a" * 3000, "W1tbW1tbW1tb"])
def test_a_cookie_that_is_none_of_ours_is_refused(browser: Browser, cookie: str) -> None:
    callback = browser.come_back()
    (name,) = browser.cookies
    browser.cookies[name] = cookie

    assert browser.visit(callback)["statusCode"] == 400


def test_one_accounts_transaction_is_not_finished_for_another(installation: Installation, browser: Browser) -> None:
    code = parameters(browser.come_back())["code"]
    state = parameters(browser.launch(f"account_id={OTHER_ACCOUNT}"))["state"]

    answer = browser.visit(f"/callback?state={state}&code={code}")

    assert answer["statusCode"] == 400
    assert_nothing_was_stored(installation)


def test_an_issuer_that_names_another_identity_service_is_refused(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.callback_parameters = {"iss": "https://evil.example.net"}
    callback = browser.come_back()
    installation.simulator.journal.clear()

    assert browser.visit(callback)["statusCode"] == 400
    assert "token-code" not in installation.simulator.journal.counts()
    assert installation.items() == {}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=canary-code",
        f"state={STATE}",
        "state=&code=canary-code",
        f"state={STATE}&code=",
        f"state={STATE[:-1]}&code=canary-code",
        f"state={STATE}x&code=canary-code",
        f"state={STATE[:-1]}%21&code=canary-code",
        f"state={STATE}&state={STATE}&code=canary-code",
        f"state={STATE}&code=canary-code&code=canary-code",
        f"state={STATE}&code=canary-code&error=access_denied",
        f"state={STATE}&error=",
        f"state={STATE}&error=a&error=b",
        f"state={STATE}&error={'e' * 65}",
        f"state={STATE}&code={'c' * 2049}",
        f"state={STATE}&code=canary-code&iss={'i' * 257}",
        f"state={STATE}&error=a&error_description={'d' * 2049}",
        f"state={STATE}&code=%FF%FE",
        "&".join(f"p{number}=1" for number in range(21)),
    ],
)
def test_missing_repeated_and_oversized_parameters_cost_no_call(
    installation: Installation, browser: Browser, query: str
) -> None:
    browser.launch()
    installation.simulator.journal.clear()
    installation.calls.clear()

    answer = browser.visit(f"/callback?{query}")

    assert answer["statusCode"] == 400
    assert start_again_link(answer) == f"{BASE_URL}/launch"
    assert installation.simulator.journal.counts() == {}
    assert installation.calls.made == []
