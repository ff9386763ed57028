from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from le_auth import web
from le_auth.domain.secret import Secret
from le_auth.errors import (
    ClientRefusedError,
    DomainApiUnavailableError,
    GrantMovedError,
    IdTokenError,
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RequestError,
    SecretsUnavailableError,
    SentinelUnavailableError,
    SettingError,
    TableUnavailableError,
    TransactionExpiredError,
)
from le_auth.settings import Environment, WebSettings
from tests.support.makers import BASE_URL, an_event

HOUR = timedelta(hours=1)
SETTINGS = WebSettings.read(Environment(variables={}))
EMBEDDED = WebSettings.read(Environment(variables={"EMBEDDED": "true"}))
ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}


def a_request(**event: Any) -> web.Request:
    return web.Request.read(an_event(**event))


# ---- requests ----


def test_a_request_is_read_from_an_event() -> None:
    request = a_request(method="get", query="a=1&b=x%20y", cookies=["n=v"], X_Some="Header")

    assert (request.method, request.request_id) == ("GET", "request-1")
    assert (request.one("a", longest=9), request.one("b", longest=9)) == ("1", "x y")
    assert (request.cookies, request.headers["x-some"]) == ({"n": "v"}, "Header")


def test_point_01_the_domain_name_is_api_gateways_and_never_a_header() -> None:
    request = a_request(Host="evil.example", X_Forwarded_Host="evil.example")

    assert request.domain_name == "abc123.execute-api.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("query", ["", "b=1"])
def test_a_parameter_may_be_absent(query: str) -> None:
    assert a_request(query=query).one("a", longest=9) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [("a=1&a=1", "more than once"), ("a=canary&a=2", "more than once"), ("a=", "empty"), ("a=canary789x", "longer")],
)
def test_point_07_a_repeated_empty_or_oversized_parameter_is_refused_by_name(query: str, words: str) -> None:
    with pytest.raises(RequestError, match=rf"parameter a is .*{words}") as refused:
        a_request(query=query).one("a", longest=9)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("query", ["a=%ff", "&".join(f"p{number}=1" for number in range(21))])
def test_point_07_a_query_that_is_no_form_is_refused(query: str) -> None:
    with pytest.raises(RequestError, match="query cannot be read"):
        a_request(query=query)


@pytest.mark.parametrize("query", [None, 1, ["a=1"]])
def test_a_query_of_another_type_is_as_good_as_none(query: Any) -> None:
    assert a_request(query=query).query == {}


def test_without_listed_cookies_the_header_is_read() -> None:
    event = an_event(Cookie="a=1; b=x=y;c; a=2") | {"cookies": None}

    assert web.Request.read(event).cookies == {"a": "1", "b": "x=y"}


def test_of_two_cookies_of_one_name_the_first_counts() -> None:
    assert a_request(cookies=["a=1", "a=2", "nonsense"]).cookies == {"a": "1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"requestContext": None},
        {"requestContext": []},
        {"requestContext": {}},
        {"requestContext": {"http": "GET"}},
        {"requestContext": {"http": {"method": "GET"}}},
        {"requestContext": {"http": {"method": "GET"}, "domainName": ""}},
    ],
)
def test_an_event_of_another_origin_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=r"payload format 2\.0"):
        web.Request.read(an_event() | changes)


@pytest.mark.parametrize(
    "changes", [{"headers": None}, {"headers": []}, {"headers": {"a": None, "b": 1}}, {"cookies": 1}, {"cookies": [1]}]
)
def test_oddly_shaped_headers_and_cookies_do_no_harm(changes: dict[str, Any]) -> None:
    assert web.Request.read(an_event() | changes).method == "GET"


@pytest.mark.parametrize(
    "headers",
    [{"Sec_Purpose": "prefetch;prerender"}, {"Purpose": "Prefetch"}, {"X_moz": "prefetch"}, {"X_Purpose": "prefetch"}],
)
def test_point_18_a_prefetch_is_known_by_its_headers(headers: dict[str, str]) -> None:
    assert a_request(**headers).is_prefetch


def test_a_persons_visit_is_no_prefetch() -> None:
    assert not a_request(Sec_Fetch_Dest="document").is_prefetch


def test_point_28_a_request_prints_neither_query_nor_cookies_nor_headers() -> None:
    request = a_request(query="code=code-canary", cookies=["session=canary"], Authorization="canary")

    assert "canary" not in repr(request)


# ---- answers ----


@pytest.mark.parametrize(
    "answer",
    [
        web.page(200, "<p>", style="'none'", settings=None),
        web.json_answer(200, {}),
        web.redirect(302, "https://x.example"),
        web.empty(405, {"Allow": "GET"}),
    ],
    ids=["page", "JSON", "redirect", "empty"],
)
def test_point_16_every_answer_carries_the_headers(answer: web.Answer) -> None:
    assert answer["headers"].items() >= ALWAYS.items()


def test_point_17_a_page_lets_nothing_in_and_is_not_framed() -> None:
    headers = web.page(200, "<p>", style="'sha256-x'", settings=SETTINGS)["headers"]

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'sha256-x'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_point_17_an_embedded_page_may_be_framed_by_liveengage() -> None:
    headers = web.page(200, "<p>", style="'none'", settings=EMBEDDED)["headers"]

    assert headers["Content-Security-Policy"].endswith("frame-ancestors https://*.liveperson.net")
    assert "X-Frame-Options" not in headers


def test_a_redirect_says_where_and_sets_cookies() -> None:
    answer = web.redirect(303, "https://x.example/", cookies=["a=1", "b=2"])

    assert (answer["statusCode"], answer["headers"]["Location"]) == (303, "https://x.example/")
    assert (answer["cookies"], answer["body"]) == (["a=1", "b=2"], "")


def test_json_is_answered_as_json() -> None:
    answer = web.json_answer(401, {"error": "not_signed_in"})

    assert (answer["statusCode"], json.loads(answer["body"])) == (401, {"error": "not_signed_in"})
    assert answer["headers"]["Content-Type"] == "application/json"


def test_point_03_a_cookie_has_the_attributes_of_its_prefix() -> None:
    written = web.cookie("__Host-x", "value", lifetime=HOUR, embedded=False)

    assert written == "__Host-x=value; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_point_03_in_the_embedded_mode_cookies_are_partitioned() -> None:
    written = web.cookie("__Host-x", Secret("canary"), lifetime=HOUR, embedded=True)

    assert written == "__Host-x=canary; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"


@pytest.mark.parametrize("embedded", [True, False])
def test_a_cookie_is_cleared_under_the_attributes_that_it_was_set_with(*, embedded: bool) -> None:
    written = web.cookie("__Host-x", "", lifetime=timedelta(), embedded=embedded)

    assert web.cleared_cookie("__Host-x", embedded=embedded) == written


# ---- errors ----


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError(), 400),
        (TransactionExpiredError(), 400),
        (IdTokenError(), 400),
        (SentinelUnavailableError(""), 502),
        (OutcomeUnknownError(), 502),
        (TableUnavailableError(), 503),
        (DomainApiUnavailableError(), 503),
        (SecretsUnavailableError(), 503),
        (ClientRefusedError(), 500),
        (MisconfiguredError(), 500),
        (GrantMovedError(None), 500),
    ],
)
def test_each_error_answers_with_its_status_on_both_kinds_of_routes(error: LeAuthError, status: int) -> None:
    for answer in (web.error_page_answer, web.error_json_answer):
        assert answer(error, base_url=BASE_URL, settings=SETTINGS, request_id="r")["statusCode"] == status


def error_page(error: LeAuthError, *, base_url: str | None = BASE_URL) -> web.Answer:
    return web.error_page_answer(error, base_url=base_url, settings=SETTINGS, request_id="request-1")


def test_an_error_page_says_what_is_wrong_and_leads_back_to_launch() -> None:
    error = TransactionExpiredError("This sign-in was begun more than ten minutes ago.")
    error.account_id, error.return_to, error.cookies = "13099967", "/there?a=1", ["gone=; Max-Age=0"]

    answer = error_page(error)

    assert "This sign-in was begun more than ten minutes ago." in answer["body"]
    assert "https://auth.example.com/launch?account_id=13099967&amp;return_to=%2Fthere%3Fa%3D1" in answer["body"]
    assert answer["cookies"] == ["gone=; Max-Age=0"]


def test_a_failed_save_says_that_signing_in_again_is_safe() -> None:
    assert "Signing in again is safe" in error_page(TableUnavailableError("down"))["body"]


@pytest.mark.parametrize("error", [ClientRefusedError("canary"), SettingError("canary"), MisconfiguredError("canary")])
def test_what_only_an_operator_can_mend_is_not_told_to_the_person(error: LeAuthError) -> None:
    body = error_page(error)["body"]
    content = web.error_json_answer(error, base_url=None, settings=None, request_id="request-1")["body"]

    assert "canary" not in body + content
    assert "request-1" in body
    assert "not set up correctly" in body


def test_point_08_an_error_page_escapes_what_others_said() -> None:
    body = error_page(TransactionExpiredError("<script>alert(1)</script>"))["body"]

    assert "<script>" not in body


def test_an_error_before_our_address_is_known_has_no_way_back() -> None:
    assert "/launch" not in error_page(SettingError("x"), base_url=None)["body"]


def test_a_json_error_names_its_reason() -> None:
    answer = web.error_json_answer(TableUnavailableError("down"), base_url=None, settings=None, request_id="r1")

    content = {"error": "table_unavailable", "error_description": "down", "request_id": "r1"}
    assert json.loads(answer["body"]) == content


def test_without_a_genuine_transaction_launch_has_no_parameters() -> None:
    assert web.launch_url(BASE_URL) == web.launch_url(BASE_URL, RequestError("x")) == f"{BASE_URL}/launch"
