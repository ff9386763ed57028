from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from le_auth import web
from le_auth.domain.secret import Secret
from le_auth.errors import RequestError, SettingError
from le_auth.settings import Environment, WebSettings
from tests.support.makers import an_event

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


def test_a_parameter_may_be_one_of_some_words() -> None:
    assert a_request(query="a=one").choice("a", ["one", "two"]) == "one"
    assert a_request(query="b=one").choice("a", ["one", "two"]) is None


@pytest.mark.parametrize("value", ["three", "One", "one ", "canary", "x" * 65])
def test_point_07_another_word_is_refused_by_the_parameters_name(value: str) -> None:
    with pytest.raises(RequestError, match=r"parameter a (must be one or two|is longer)") as refused:
        a_request(query=f"a={value}").choice("a", ["one", "two"])

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


def test_json_may_set_cookies() -> None:
    assert web.json_answer(200, {}, cookies=["a=1"])["cookies"] == ["a=1"]


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
