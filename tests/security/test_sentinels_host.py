"""Points 11 and 12: code and client secret go to the Sentinel of the account, and to nobody else."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from le_auth.adapters.domain_api import DomainApi
from le_auth.adapters.http import BrokenError, HttpAnswer, HttpClient, NotSentError
from le_auth.domain.sentinel_api import Sentinel, SentinelHostRule
from local.simulator import Clock, Simulator
from tests.support.breaks import broken_by, broken_by_session
from tests.support.browser import parameters
from tests.support.installation import (
    CALLBACK_URL,
    NOON,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    SECRET,
)
from tests.support.raw_server import RawServer
from tests.support.tls_server import TlsServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from threading import Event

    from tests.security.conftest import Sent
    from tests.support.browser import Browser
    from tests.support.installation import Installation

EVIL = "evil.example.net"


# ---- 11: mix-up ----


@pytest.fixture
def other_sentinel(liveperson: Simulator) -> Iterator[Simulator]:
    """Another Sentinel, which serves the other account."""
    with Simulator(clock=Clock(NOON)) as other:
        other.register(OTHER_APP, secrets=[OTHER_SECRET], accounts=[OTHER_ACCOUNT], redirect_uris=[CALLBACK_URL])
        liveperson.settings.sentinel_hosts = {OTHER_ACCOUNT: other.host}
        yield other


def whichever_was_found_last() -> Callable[..., Sentinel]:
    find, last = DomainApi.find, dict[str, Sentinel]()

    def find_last(self: DomainApi, account_id: str, **options: Any) -> Sentinel:
        return last.setdefault("found", find(self, account_id, **options))

    return find_last


@broken_by("one host for all accounts", {"le_auth.adapters.domain_api.DomainApi.find": whichever_was_found_last()})
def test_point_11_a_code_goes_to_the_sentinel_of_its_own_transactions_account_only(
    installation: Installation, browser: Browser, other_sentinel: Simulator, sent: list[Sent]
) -> None:
    here, there = browser.launch(), browser.launch(f"account_id={OTHER_ACCOUNT}")
    # Whoever runs the other Sentinel sends the browser back with a code that it stole at the first.
    stolen = parameters(browser.log_in(here))["code"]
    answer = browser.visit(f"/callback?state={parameters(there)['state']}&code={stolen}")

    posts = [request for request in sent if request.form]
    assert {urlsplit(request.url).netloc for request in posts} == {other_sentinel.host}
    assert {f"/account/{OTHER_ACCOUNT}/" in request.url for request in posts} == {True}
    assert {request.form["client_secret"] for request in posts} == {OTHER_SECRET}
    assert answer["statusCode"] == 400
    assert [pk for pk in installation.items() if "state#" not in pk] == []


@broken_by("iss is not looked at", {"le_auth.domain.sentinel_api.Sentinel.is_issuer": lambda *_: True})
def test_point_11_an_iss_of_another_identity_service_costs_the_callback_its_code(
    installation: Installation, browser: Browser, other_sentinel: Simulator
) -> None:
    for iss in (f"https://{EVIL}", EVIL, other_sentinel.host, f"http://{other_sentinel.host}", "Sentinel.evil", "x"):
        installation.simulator.settings.callback_parameters = {"iss": iss}
        assert browser.visit(browser.come_back())["statusCode"] == 400

    assert "token-code" not in installation.simulator.journal.counts()
    for iss in ("Sentinel", "sentinel", installation.simulator.host):
        installation.simulator.settings.callback_parameters = {"iss": iss}
        browser.sign_in()


# ---- 12: TLS, host, redirects ----


@broken_by_session("not verified", lambda session: setattr(session, "verify", False))
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_point_12_a_server_whose_certificate_nobody_vouches_for_hears_nothing(tmp_path: Path) -> None:
    with TlsServer(tmp_path) as server, suppress(NotSentError, BrokenError):
        HttpClient().post_form(server.url, {"client_secret": SECRET}, deadline=5)

    assert server.received == b""


HOSTILE_HOSTS = [
    EVIL,
    f"va.sentinel.liveperson.net.{EVIL}",
    "va.sentinel.liveperson.net:8443",
    f"va.sentinel.liveperson.net@{EVIL}",
    f"{EVIL}/va.sentinel.liveperson.net",
    f"{EVIL}#.liveperson.net",
    f"{EVIL}?.liveperson.net",
    f"{EVIL}\\.liveperson.net",
    "evilliveperson.net",
    "liveperson.net",
    ".liveperson.net",
    "-.liveperson.net",
    "a..liveperson.net",
    "va.sentinel.liveperson.net.",
    "va.sentinel.liveperson.net/",
    "https://va.sentinel.liveperson.net",
    "va.sentinel.liveperson.net\r\nX: y",
    "va.sentinel.liveperson.net\n",
    " va.sentinel.liveperson.net",
    "127.0.0.1",
    "169.254.169.254",
    "[::1]",
    "ｅvil.liveperson.net",
    "x" * 64 + ".liveperson.net",
    "",
]


def any_host(_: object, host: str) -> Sentinel:
    return Sentinel(base=f"https://{host}", host=host)


def any_that_ends_so() -> Callable[..., Sentinel]:
    check = SentinelHostRule.check
    return lambda rule, host: any_host(rule, host) if host.endswith("liveperson.net") else check(rule, host)


@broken_by("any host", {"le_auth.domain.sentinel_api.SentinelHostRule.check": any_host})
@broken_by("any that ends so", {"le_auth.domain.sentinel_api.SentinelHostRule.check": any_that_ends_so()})
@broken_by("any characters", {"le_auth.domain.sentinel_api._HOST": re.compile(r"(?s).+")})
def test_point_12_the_looked_up_host_lies_under_an_allowed_suffix_and_is_nothing_but_a_host(
    installation: Installation, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.configure(DomainApiUrl="https://api.liveperson.net")
    for host in HOSTILE_HOSTS:
        installation.start_cold()
        body = json.dumps({"service": "sentinel", "baseURI": host}).encode()
        monkeypatch.setattr(
            HttpClient, "get", lambda *_, body=body, **__: HttpAnswer(status=200, headers={}, body=body)
        )

        answer = installation.invoke("launch", browser.event("/launch"))

        assert (host, answer["statusCode"], answer["headers"].get("Location")) == (host, 500, None)


def following(request: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **options: request(*args, **{**options, "allow_redirects": True})


def redirected(connection: socket.socket, _: Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


@broken_by_session("followed", lambda session: setattr(session, "request", following(session.request)))
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("endpoint", ["domain", "token-code"])
def test_point_12_redirects_of_back_channel_calls_are_not_followed(
    installation: Installation, browser: Browser, endpoint: str, status: int
) -> None:
    with RawServer(answer=redirected) as thief:
        callback = browser.come_back()
        installation.start_cold()
        installation.simulator.faults.order(endpoint, "status", status=status, headers={"Location": thief.url})

        answer = browser.visit(callback)

    assert thief.requests == []
    assert answer["statusCode"] in {400, 502, 503}
