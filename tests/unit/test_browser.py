from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from le_auth import browser, error_answers, observe, web
from le_auth.errors import RequestError
from tests.support.makers import an_event

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture(autouse=True)
def _fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PUBLIC_BASE_URL", raising=False)
    browser.the_web_settings.cache_clear()
    yield
    browser.the_web_settings.cache_clear()


VISITS: list[browser.Visit] = []


def respond(visit: browser.Visit) -> web.Answer:
    VISITS.append(visit)
    what = visit.request.one("fail", longest=9)
    if what == "ours":
        raise RequestError("The parameter x is empty.")
    if what == "bug":
        raise ValueError("canary")
    return web.json_answer(200, {})


def visit_page(event: dict[str, Any]) -> web.Answer:
    VISITS.clear()
    return browser.answers_errors_as_pages(respond)(event, None)


def test_a_visit_knows_our_address_and_the_callbacks() -> None:
    answer = visit_page(an_event(Host="evil.example"))

    [visit] = VISITS
    assert answer["statusCode"] == 200
    assert visit.base_url == "https://abc123.execute-api.eu-west-1.amazonaws.com"
    assert visit.redirect_uri == "https://abc123.execute-api.eu-west-1.amazonaws.com/callback"


def test_point_01_a_configured_base_is_the_callbacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://auth.example.com/prod")

    visit_page(an_event())

    assert VISITS[0].redirect_uri == "https://auth.example.com/prod/callback"


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_point_18_another_method_than_get_consumes_nothing(method: str) -> None:
    answer = visit_page(an_event(method=method))

    assert (answer["statusCode"], answer["headers"]["Allow"], VISITS) == (405, "GET", [])


@pytest.mark.parametrize("method", ["HEAD", "GET", "OPTIONS", "PUT"])
def test_point_18_a_route_that_is_posted_to_names_its_own_method(method: str) -> None:
    VISITS.clear()
    post = browser.Route(method="POST", answer_error=error_answers.as_json)(respond)

    answer = post(an_event(method=method), None)

    assert (answer["statusCode"], answer["headers"]["Allow"], VISITS) == (405, "POST", [])
    assert post(an_event(method="POST"), None)["statusCode"] == 200


def test_point_18_a_prefetch_consumes_nothing() -> None:
    answer = visit_page(an_event(Sec_Purpose="prefetch"))

    assert (answer["statusCode"], VISITS) == (503, [])


def test_an_error_of_ours_is_a_page_that_explains_it() -> None:
    answer = visit_page(an_event(query="fail=ours"))

    assert answer["statusCode"] == 400
    assert "The parameter x is empty." in answer["body"]
    assert "/launch" in answer["body"]


def test_an_error_of_ours_is_json_on_a_json_route() -> None:
    answer = browser.answers_errors_as_json(respond)(an_event(query="fail=ours"), None)

    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (400, "application/json")


def test_point_28_a_bug_gives_nothing_away_neither_to_the_browser_nor_to_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = visit_page(an_event(query="fail=bug"))

    logged = capsys.readouterr().out
    assert answer["statusCode"] == 500
    assert "canary" not in answer["body"] + logged
    assert "request-1" in answer["body"]
    assert "ValueError" in logged
    assert "respond" in logged


@pytest.mark.parametrize("event", [{}, {"requestContext": 1}, an_event(query="a=%ff")])
def test_a_request_that_cannot_be_read_is_answered_all_the_same(event: dict[str, Any]) -> None:
    answer = visit_page(event)

    assert answer["statusCode"] in {400, 500}
    assert VISITS == []


def test_a_wrong_setting_is_named_in_the_log_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", "ftp://x")

    answer = visit_page(an_event())

    assert answer["statusCode"] == 500
    assert "PUBLIC_BASE_URL" not in answer["body"]
    assert "PUBLIC_BASE_URL" in capsys.readouterr().out


def test_metrics_are_flushed_even_after_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(observe, "flush_metrics", lambda: flushed.append("yes"))

    visit_page(an_event(query="fail=bug"))

    assert flushed == ["yes"]


@pytest.mark.parametrize("query", ["", "fail=ours", "fail=bug", "a=%ff"])
def test_a_route_for_front_ends_lets_them_read_every_answer(monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.setenv("RETURN_ORIGINS", "https://app.example.com")
    shared = browser.Route(answer_error=error_answers.as_json, front_ends=True)(respond)

    theirs = shared(an_event(query=query, Origin="https://app.example.com"), None)["headers"]
    foreign = shared(an_event(query=query, Origin="https://evil.example"), None)["headers"]

    assert theirs["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Access-Control-Allow-Origin" not in foreign
    assert theirs["Vary"] == foreign["Vary"] == "Origin"


def test_without_settings_nobody_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETURN_ORIGINS", "nonsense")
    shared = browser.Route(answer_error=error_answers.as_json, front_ends=True)(respond)

    answer = shared(an_event(Origin="https://app.example.com"), None)

    assert answer["statusCode"] == 500
    assert "Access-Control-Allow-Origin" not in answer["headers"]


def test_other_routes_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETURN_ORIGINS", "https://app.example.com")

    assert "Vary" not in visit_page(an_event(Origin="https://app.example.com"))["headers"]
