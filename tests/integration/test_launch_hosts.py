"""The host to which GET /launch redirects: looked up at the Domain API, kept, and checked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.answers import page_of
from tests.support.installation import ACCOUNT, BASE_URL, Installation

if TYPE_CHECKING:
    from tests.support.browser import Browser

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_the_host_is_looked_up_once_an_hour(installation: Installation, browser: Browser) -> None:
    for _ in range(3):
        browser.launch()
    installation.go_on(HOUR - timedelta(seconds=1))
    browser.launch()
    assert installation.simulator.journal.counts() == {"domain": 1}

    installation.go_on(timedelta(seconds=1))
    browser.launch()

    assert installation.simulator.journal.counts() == {"domain": 2}


def test_a_warm_launch_asks_nobody_anything(installation: Installation, browser: Browser) -> None:
    browser.launch()
    installation.simulator.stop()

    browser.launch()

    assert installation.calls.made == []


def test_while_the_domain_api_fails_yesterdays_host_serves(installation: Installation, browser: Browser) -> None:
    location = browser.launch()
    installation.simulator.faults.order("domain", "status", status=500, times=None)

    installation.go_on(DAY)

    assert browser.launch().partition("?")[0] == location.partition("?")[0]


def test_a_failed_look_up_is_repeated_only_after_a_minute(installation: Installation, browser: Browser) -> None:
    browser.launch()
    fault = installation.simulator.faults.order("domain", "status", status=500, times=None)
    installation.go_on(2 * HOUR)
    for _ in range(3):
        browser.launch()
    assert fault.fired == 1

    installation.go_on(timedelta(minutes=1))
    browser.launch()

    assert fault.fired == 2


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 404}),
        ("status", {"status": 302, "headers": {"Location": "https://evil.example.net/"}}),
        ("drop-before", {}),
        ("malformed-body", {}),
        ("wrong-content", {"content_type": "application/json", "body": "[]"}),
        ("wrong-content", {"content_type": "application/json", "body": '{"baseURIs": []}'}),
        ("fields", {"fields": {"baseURI": 7}}),
    ],
)
def test_without_any_host_there_is_a_page_that_says_try_again(
    installation: Installation, browser: Browser, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("domain", kind, **details)

    answer = browser.visit("/launch")

    assert answer["statusCode"] == 503
    page = page_of(answer)
    assert "Try again" in page.text
    assert page.links == [f"{BASE_URL}/launch"]
    assert not answer["cookies"]
    installation.go_on(timedelta(seconds=5))
    browser.launch()


def test_whoever_comes_right_after_a_failed_look_up_does_not_wait_for_another(
    installation: Installation, browser: Browser
) -> None:
    fault = installation.simulator.faults.order("domain", "status", status=500, times=None)

    statuses = [browser.visit("/launch")["statusCode"] for _ in range(3)]

    assert statuses == [503] * 3
    assert fault.fired == 1


def test_a_host_older_than_a_day_is_not_used(installation: Installation, browser: Browser) -> None:
    browser.launch()
    installation.simulator.faults.order("domain", "status", status=500)
    installation.go_on(DAY + timedelta(seconds=1))

    assert browser.visit("/launch")["statusCode"] == 503


def test_nobody_is_sent_to_a_host_that_is_not_allowed(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.sentinel_hosts = {ACCOUNT: "evil.example.net"}

    answer = browser.visit("/launch")

    assert answer["statusCode"] == 500
    assert "evil" not in answer["body"]


def test_the_list_form_of_the_domain_api_serves_too(installation: Installation, browser: Browser) -> None:
    body = (
        '{"baseURIs": [{"service": "agentVep", "account": "x", "baseURI": "evil.example.net"},'
        f' {{"service": "sentinel", "account": "x", "baseURI": "{installation.simulator.host}"}}]}}'
    )
    installation.simulator.faults.order("domain", "wrong-content", content_type="application/json", body=body)

    assert browser.launch().startswith(installation.simulator.base_url)


def test_a_pinned_host_is_never_looked_up(installation: Installation, browser: Browser) -> None:
    installation.configure(SentinelDomain=installation.simulator.host)

    assert browser.launch().startswith(installation.simulator.base_url)
    assert installation.simulator.journal.counts() == {}
