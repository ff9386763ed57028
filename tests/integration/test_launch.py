"""GET /launch: what the redirect to Sentinel carries, and who gets a page instead."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import EVERY_ANSWER, cookies_of, page_of
from tests.support.browser import parameters
from tests.support.installation import (
    ACCOUNT,
    APP,
    BASE_URL,
    CALLBACK_URL,
    OTHER_ACCOUNT,
    OTHER_APP,
    Installation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_launch_redirects_to_the_sentinel_that_the_domain_api_names(browser: Browser) -> None:
    answer = browser.visit("/launch")

    assert answer["statusCode"] == 302
    assert answer["headers"].items() >= EVERY_ANSWER.items()
    location = answer["headers"]["Location"]
    sentinel = browser.installation.simulator.base_url
    assert location.startswith(f"{sentinel}/sentinel/api/account/{ACCOUNT}/authorize?")
    sent = parameters(location)
    state = sent.pop("state")
    assert len(state) == 43
    assert sent == {"v": "1.0", "response_type": "code", "client_id": APP, "redirect_uri": CALLBACK_URL}


def test_the_transaction_cookie_is_named_after_the_state_and_kept_from_scripts_and_other_sites(
    browser: Browser,
) -> None:
    answer = browser.visit("/launch")

    state = parameters(answer["headers"]["Location"])["state"]
    state_hash = hashlib.sha256(state.encode()).hexdigest()
    ((name, (value, attributes)),) = cookies_of(answer).items()
    assert name == f"__Host-le-tx-{state_hash[:8]}"
    assert attributes == {"Max-Age=600", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
    assert state not in value


def test_inside_liveengage_the_transaction_cookie_is_partitioned(installation: Installation, browser: Browser) -> None:
    installation.configure(EmbeddedInLiveEngage="true")

    ((_, attributes),) = cookies_of(browser.visit("/launch")).values()

    assert attributes == {"Max-Age=600", "Path=/", "Secure", "HttpOnly", "SameSite=None", "Partitioned"}


def test_two_launches_never_share_a_state(browser: Browser) -> None:
    states = {parameters(browser.launch())["state"] for _ in range(5)}

    assert len(states) == 5


def test_launch_keeps_the_three_newest_older_transactions_and_clears_the_rest(
    installation: Installation, browser: Browser
) -> None:
    names: list[str] = []
    for _ in range(5):
        known = set(browser.cookies)
        browser.launch()
        names += set(browser.cookies) - known
        installation.go_on(timedelta(seconds=1))

    assert set(browser.cookies) == set(names[1:])

    browser.cookies["__Host-le-tx-00000000"] = "not one of ours"
    browser.launch()

    assert len(browser.cookies) == 4
    assert set(names[2:]) < set(browser.cookies)


def test_launch_serves_each_account_with_its_own_application(browser: Browser) -> None:
    location = browser.launch(f"account_id={OTHER_ACCOUNT}")

    assert f"/account/{OTHER_ACCOUNT}/authorize" in location
    assert parameters(location)["client_id"] == OTHER_APP


@pytest.mark.parametrize(
    "account_id",
    [
        "",
        "le99999999",
        ACCOUNT.upper(),
        f"{ACCOUNT}%20",
        f"{ACCOUNT}%2F..",
        "..%2F..%2Fevil",
        "a" * 33,
        f"{ACCOUNT}&account_id={OTHER_ACCOUNT}",
        f"{ACCOUNT}%00",
    ],
)
def test_an_account_that_is_not_set_up_gets_a_page_and_no_look_up(
    installation: Installation, browser: Browser, account_id: str
) -> None:
    answer = browser.visit(f"/launch?account_id={account_id}")

    assert answer["statusCode"] == 400
    page = page_of(answer)
    assert "account_id" in page.text
    assert page.links == [f"{BASE_URL}/launch"]
    assert not answer["cookies"]
    assert installation.simulator.journal.counts() == {}


@pytest.mark.parametrize(
    "return_to",
    [
        "https://evil.example.net/",
        "//evil.example.net/",
        "/\\evil.example.net",
        "https:evil.example.net",
        "javascript:alert(1)",
        "https://auth.example.com.evil.example.net/",
        "https://auth.example.com@evil.example.net/",
        "",
        "/" + "a" * 512,
    ],
)
def test_a_hostile_return_to_gets_a_page_and_no_look_up(
    installation: Installation, browser: Browser, return_to: str
) -> None:
    answer = browser.visit(f"/launch?return_to={return_to}")

    assert answer["statusCode"] == 400
    assert "return_to" in page_of(answer).text
    assert installation.simulator.journal.counts() == {}


def test_with_pkce_each_launch_sends_a_challenge_of_its_own(installation: Installation, browser: Browser) -> None:
    installation.configure(UsePkce="true")

    sent = [parameters(browser.launch()) for _ in range(2)]

    assert [each["code_challenge_method"] for each in sent] == ["S256", "S256"]
    assert len({each["code_challenge"] for each in sent}) == 2
    assert all(len(each["code_challenge"]) == 43 for each in sent)


def test_without_a_public_base_url_the_callback_is_at_api_gateways_own_address(
    installation: Installation, browser: Browser
) -> None:
    installation.configure(PublicBaseUrl="")

    sent = parameters(browser.launch())

    assert sent["redirect_uri"] == "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/callback"


def test_at_a_domain_name_of_ones_own_the_callback_is_there_and_at_api_gateways_address_still_there(
    installation: Installation, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both redirect URIs are registered while LivePerson changes over from one to the other."""
    installation.configure(PublicBaseUrl="", DomainName="auth.example.com")
    before = parameters(browser.launch())
    monkeypatch.setattr("tests.support.api_events.DOMAIN_NAME", "auth.example.com")

    after = parameters(browser.launch())

    assert after["redirect_uri"] == "https://auth.example.com/callback"
    assert before["redirect_uri"] == "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/callback"


@pytest.mark.parametrize("headers", [{"sec_purpose": "prefetch;prerender"}, {"purpose": "prefetch"}])
def test_a_prefetch_begins_no_sign_in(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser.visit("/launch", **headers)

    assert answer["statusCode"] == 503
    assert not answer["cookies"]
    assert "Location" not in answer["headers"]


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_other_methods_than_get_begin_no_sign_in(browser: Browser, method: str) -> None:
    answer = browser.visit("/launch", method=method)

    assert answer["statusCode"] == 405
    assert answer["headers"]["Allow"] == "GET"
    assert not answer["cookies"]


def test_a_function_that_is_set_up_wrongly_says_so_without_details(
    installation: Installation, new_browser: Callable[[], Browser], capsys: pytest.CaptureFixture[str]
) -> None:
    installation.configure(AppInstalls="nonsense")

    answer = new_browser().visit("/launch")

    assert answer["statusCode"] == 500
    assert "APP_INSTALLS" not in answer["body"]
    assert "APP_INSTALLS" in capsys.readouterr().out
