"""Points 1, 19 and 20: the redirect URI, the code that is sent once, and the client secret."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from urllib3.util import Retry

from le_auth import observe
from le_auth.adapters.http import HttpAnswer, HttpClient
from le_auth.adapters.sentinel import SentinelTokenEndpoint
from le_auth.domain.client_secrets import with_each_secret
from le_auth.errors import OutcomeUnknownError, SentinelUnavailableError
from tests.support.breaks import broken_by, broken_by_session, broken_by_template
from tests.support.browser import parameters
from tests.support.installation import (
    BASE_URL,
    CALLBACK_URL,
    SECRET,
)
from tests.support.processed_template import properties
from tests.support.secrets_seen import SecretsSeen
from tests.support.template import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    import requests

    from tests.security.conftest import Sent
    from tests.support.browser import Browser
    from tests.support.installation import Installation

EVIL = "evil.example.net"
EXCHANGE = "le_auth.adapters.sentinel.SentinelTokenEndpoint.exchange"


# ---- 1: the redirect URI ----


def from_header(name: str) -> property:
    return property(lambda visit: f"https://{visit.request.headers.get(name, 'absent.example')}/callback")


def exchanges_with_another() -> Callable[..., Any]:
    exchange = SentinelTokenEndpoint.exchange
    return lambda self, *args, **options: exchange(self, *args, **{**options, "redirect_uri": f"{BASE_URL}/other"})


@broken_by("from Host", {"le_auth.browser.Visit.redirect_uri": from_header("host")})
@broken_by("from X-Forwarded-Host", {"le_auth.browser.Visit.redirect_uri": from_header("x-forwarded-host")})
@broken_by(
    "another one in the token request",
    {EXCHANGE: exchanges_with_another()},
)
def test_point_01_the_redirect_uri_is_configuration_and_the_same_in_both_requests(
    browser: Browser, sent: list[Sent]
) -> None:
    forged = {"host": EVIL, "x_forwarded_host": EVIL, "forwarded": f"host={EVIL}", "x_forwarded_proto": "http"}
    location = browser.visit("/launch", **forged)["headers"]["Location"]
    assert parameters(location)["redirect_uri"] == CALLBACK_URL

    browser.visit(browser.log_in(location), **forged)

    assert [request.form["redirect_uri"] for request in sent if request.form] == [CALLBACK_URL]


@broken_by("from Host", {"le_auth.settings.WebSettings.base_url": lambda *_: f"https://{EVIL}"})
def test_point_01_without_configuration_it_is_api_gateways_own_domain_name(
    installation: Installation, browser: Browser
) -> None:
    installation.configure(PublicBaseUrl="")
    event = browser.event("/launch", host=EVIL, x_forwarded_host=EVIL)

    location = installation.invoke("launch", event)["headers"]["Location"]

    assert parameters(location)["redirect_uri"] == f"https://{event['requestContext']['domainName']}/callback"


# ---- 19: a code is sent once ----


def tries_again(*args: Any, **options: Any) -> Any:
    try:
        return with_each_secret(*args, **options)
    except (OutcomeUnknownError, SentinelUnavailableError):
        return with_each_secret(*args, **options)


def retries(session: requests.Session) -> None:
    for adapter in session.adapters.values():
        adapter.max_retries = Retry(2, allowed_methods=None, backoff_factor=0)  # type: ignore[attr-defined]


@broken_by("sign-in tries again", {"le_auth.domain.sign_in.with_each_secret": tries_again})
@broken_by_session("HTTP tries again", retries)
def test_point_19_a_code_is_not_sent_again_after_an_ambiguous_failure(
    installation: Installation, browser: Browser
) -> None:
    journal = installation.simulator.journal
    for kind, details in AMBIGUOUS:
        installation.simulator.faults.order("token-code", kind, **details)
        callback, cookies = browser.come_back(), dict(browser.cookies)
        journal.clear()

        statuses = [browser.visit(callback)["statusCode"]]
        browser.cookies.update(cookies)  # the person loads the page anew, or goes back
        statuses.append(browser.visit(callback)["statusCode"])

        assert journal.counts()["token-code"] == 1, kind
        assert statuses == [502, 400]
        browser.cookies.clear()


AMBIGUOUS: list[tuple[str, dict[str, Any]]] = [
    ("drop-before", {}),
    ("drop-after", {}),
    ("truncated-body", {}),
    ("malformed-body", {}),
    ("status", {"status": 502}),
    ("status", {"status": 504}),
    ("status", {"status": 500}),
]


# ---- 20: the client secret ----


def posts_in_the_url(self: HttpClient, url: str, form: Any, *, deadline: float) -> HttpAnswer:
    return self._send("POST", f"{url}&{urlencode({'client_secret': form['client_secret']})}", form, deadline)


def logs_the_form() -> Callable[..., Any]:
    post = HttpClient.post_form

    def log_and_post(self: HttpClient, url: str, form: Any, **options: Any) -> HttpAnswer:
        observe.the_logger().info("posting", extra={"form": form})
        return post(self, url, form, **options)

    return log_and_post


@broken_by("in the query", {"le_auth.adapters.http.HttpClient.post_form": posts_in_the_url})
@broken_by("logged", {"le_auth.adapters.http.HttpClient.post_form": logs_the_form()})
def test_point_20_the_client_secret_is_in_no_url_and_no_log(
    installation: Installation, browser: Browser, sent: list[Sent], capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = SecretsSeen()
    secrets.add("client secret", SECRET)
    browser.visit(browser.come_back())
    ben = installation.sign_in("1002")
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ben))

    assert secrets.found_in(" ".join(request.url for request in sent)) == []
    captured = capsys.readouterr()
    assert secrets.found_in(captured.out + captured.err) == []
    assert [request.form["client_secret"] for request in sent if request.form] == [SECRET, SECRET]
    assert "refreshed" in captured.out


def resolved_into(function: str) -> Callable[[dict[str, Any]], object]:
    value = "{{resolve:secretsmanager:app-install}}"
    return lambda resources: resources[function]["Properties"]["Environment"]["Variables"].update(SECRET=value)


@broken_by_template("resolved into the environment", resolved_into("CallbackFunction"))
def test_point_20_no_functions_environment_holds_a_secret_but_only_its_arn() -> None:
    for function in FUNCTIONS.values():
        variables = properties(function)["Environment"]["Variables"]
        assert not [name for name, value in variables.items() if "{{resolve:" in json.dumps(value)]
        secrets = {name: value for name, value in variables.items() if "SECRET" in name}
        assert set(secrets) <= {"APP_INSTALL_SECRET_ARN", "SEALING_KEY_SECRET_ARN"}
