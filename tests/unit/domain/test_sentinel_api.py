from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from le_auth.domain.sentinel_api import Sentinel, SentinelHostRule, is_local
from le_auth.errors import SentinelHostError
from tests.support.makers import ACCOUNT, CLIENT_ID, REDIRECT_URI, SENTINEL

RULE = SentinelHostRule(suffixes=(".liveperson.net",), local=False)
LOCAL_RULE = SentinelHostRule(suffixes=(".liveperson.net",), local=True)


@pytest.mark.parametrize("host", ["lo.sentinel.liveperson.net", "a.liveperson.net", "LO.Sentinel.LivePerson.NET"])
def test_a_host_under_an_allowed_suffix_is_called_by_https(host: str) -> None:
    assert RULE.check(host) == Sentinel(base=f"https://{host.lower()}", host=host.lower())


@pytest.mark.parametrize(
    "host",
    [
        "",
        "liveperson.net",
        ".liveperson.net",
        "evil-liveperson.net",
        "evil.example",
        "lo.liveperson.net.evil.example",
        "lo.liveperson.net:8443",
        "lo.liveperson.net/x",
        "evil.example/.liveperson.net",
        "evil.example#.liveperson.net",
        "evil.example?.liveperson.net",
        "user@lo.liveperson.net",
        "evil.example\\.liveperson.net",
        "lo.liveperson.net.",
        "lo..liveperson.net",
        "-lo.liveperson.net",
        "lo.liveperson.net\n",
        " lo.liveperson.net",
        "lö.liveperson.net",
        "a" * 64 + ".liveperson.net",
        "a." * 120 + "liveperson.net",
        "localhost",
        "127.0.0.1",
    ],
)
def test_point_12_any_other_host_is_refused(host: str) -> None:
    with pytest.raises(SentinelHostError):
        RULE.check(host)


def test_without_suffixes_every_host_is_refused() -> None:
    with pytest.raises(SentinelHostError):
        SentinelHostRule(suffixes=(), local=False).check("lo.sentinel.liveperson.net")


@pytest.mark.parametrize(
    "host", ["localhost:8080", "127.0.0.1:1", "[::1]:8080", "host.docker.internal:8080", "127.9.9.9"]
)
def test_a_local_domain_api_may_name_a_local_sentinel(host: str) -> None:
    assert LOCAL_RULE.check(host) == Sentinel(base=f"http://{host}", host=host)


@pytest.mark.parametrize(
    "host",
    [
        "lo.sentinel.liveperson.net",
        "evil.example",
        "localhost.evil.example",
        "localhost:",
        "127.0.0.1.evil",
        "x@localhost",
    ],
)
def test_a_local_domain_api_may_name_no_other(host: str) -> None:
    assert not is_local(host)
    with pytest.raises(SentinelHostError):
        LOCAL_RULE.check(host)


def authorize(code_challenge: str | None = None) -> tuple[str, dict[str, list[str]]]:
    url = SENTINEL.authorize_url(
        account_id=ACCOUNT,
        client_id=CLIENT_ID,
        redirect_uri=REDIRECT_URI,
        state="state-canary",
        code_challenge=code_challenge,
    )
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(parts.query, strict_parsing=True)


def test_the_browser_is_sent_to_the_accounts_authorize_endpoint() -> None:
    address, query = authorize()

    assert address == "https://va.sentinel.liveperson.net/sentinel/api/account/13099967/authorize"
    assert query == {
        "v": ["1.0"],
        "response_type": ["code"],
        "client_id": [CLIENT_ID],
        "redirect_uri": [REDIRECT_URI],
        "state": ["state-canary"],
    }


def test_point_10_the_challenge_goes_along_by_s256() -> None:
    _, query = authorize("challenge-canary")

    assert (query["code_challenge"], query["code_challenge_method"]) == (["challenge-canary"], ["S256"])


def test_the_token_endpoint_is_the_accounts_with_the_configured_version() -> None:
    url = SENTINEL.token_url(account_id=ACCOUNT, version="2.0")

    assert url == "https://va.sentinel.liveperson.net/sentinel/api/account/13099967/token?v=2.0"


@pytest.mark.parametrize(
    "iss",
    [
        "Sentinel",
        "sentinel",
        "va.sentinel.liveperson.net",
        "https://va.sentinel.liveperson.net",
        "VA.Sentinel.liveperson.net",
    ],
)
def test_point_11_this_sentinel_is_known_by_its_names(iss: str) -> None:
    assert SENTINEL.is_issuer(iss)


@pytest.mark.parametrize("iss", ["", "lo.sentinel.liveperson.net", "https://va.sentinel.liveperson.net/", "evil"])
def test_point_11_another_issuer_is_not(iss: str) -> None:
    assert not SENTINEL.is_issuer(iss)
