"""Points 26 and 27: who may sign a person out, and who gets a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions.access_token import app
from le_auth.domain.sign_out import SignOut
from tests.support.api_events import token_event
from tests.support.breaks import broken_by, broken_by_template
from tests.support.installation import ADA, BASE_URL
from tests.support.outline import Outline
from tests.support.processed_template import resources_of_type

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from le_auth.browser import Route
    from le_auth.domain.on_demand import Vended
    from le_auth.domain.users import User
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation

FORM = {"accept": "text/html", "content_type": "application/x-www-form-urlencoded", "origin": "null"}
CALLER = "arn:aws:iam::111122223333:user/back-end"
EVIL = "https://evil.example.net"


def lets_pass(*_: object, **__: object) -> None:
    """Stand in for a check that is left out."""


# ---- 26: sign-out ----


def form_token(page: Answer) -> str:
    """Give the token of the form on a page of ours."""
    fields = {field["name"]: field["value"] or "" for field in Outline(page["body"]).named("input")}
    return fields["form_token"]


def any_method(_: Route, request: Any) -> None:
    del request


@broken_by("any method", {"le_auth.browser.Route._turned_away": any_method})
def test_point_26_a_sign_out_is_a_post_and_nothing_else(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    before = installation.item(ADA)

    for method in ("GET", "HEAD"):
        event = browser.event("/logout", method=method, origin=BASE_URL)
        installation.invoke("session", {**event, "routeKey": "POST /logout"})
        assert installation.item(ADA) == before


@broken_by("tokens are not compared", {"le_auth.domain.csrf.check_form_token": lets_pass})
def test_point_26_a_form_needs_the_token_of_this_session(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    stranger = new_browser()
    stranger.sign_in(name="ben")
    foreign = form_token(stranger.visit("/"))
    browser.sign_in()
    before = installation.item(ADA)

    for token in (foreign, "A" * 43, foreign[:-1]):
        answer = browser.visit("/logout", method="POST", body=f"form_token={token}", **FORM)
        assert installation.item(ADA) == before
        assert answer["statusCode"] == 403
    right = form_token(browser.visit("/"))
    assert browser.visit("/logout", method="POST", body=f"form_token={right}", **FORM)["statusCode"] == 303


@broken_by("any origin", {"le_auth.domain.csrf.check_origin": lets_pass})
def test_point_26_a_script_needs_exactly_our_origin_or_a_listed_one(
    installation: Installation, browser: Browser
) -> None:
    installation.configure(ReturnOrigins="https://front.example.com")
    browser.sign_in()
    before = installation.item(ADA)

    origins = (EVIL, "null", f"{BASE_URL}.evil.example.net", f"{BASE_URL}:8443", BASE_URL.upper(), f"{BASE_URL}/", "")
    for origin in origins:
        answer = browser.call("/logout", origin=origin)
        assert installation.item(ADA) == before, origin
        assert answer["statusCode"] == 403
    assert browser.call("/logout", origin="https://front.example.com")["statusCode"] == 200


def revokes_first() -> Callable[..., Any]:
    sign_out = SignOut.sign_out

    def revoke_then_sign_out(self: SignOut, user: User, **options: Any) -> Any:
        grant = self.store.find(user)  # type: ignore[attr-defined]
        self.channel.revoke(user, grant.sealed)
        return sign_out(self, user, **options)

    return revoke_then_sign_out


@broken_by("LivePerson first", {"le_auth.domain.sign_out.SignOut.sign_out": revokes_first()})
def test_point_26_the_local_record_is_disabled_before_liveperson_is_called(
    installation: Installation, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from le_auth.adapters.sentinel import SentinelTokenEndpoint

    statuses: list[str] = []
    revoke = SentinelTokenEndpoint.revoke

    def note(self: SentinelTokenEndpoint, *args: Any, **options: Any) -> None:
        statuses.append(installation.item(ADA)["status"]["S"])
        revoke(self, *args, **options)

    monkeypatch.setattr(SentinelTokenEndpoint, "revoke", note)
    browser.sign_in()

    browser.call("/logout?scope=liveperson", origin=BASE_URL)

    assert set(statuses) == {"signed_out"}


# ---- 27: vending ----


@broken_by("whoever asks", {"functions.access_token.app.read_caller": lambda _: "somebody"})
def test_point_27_a_request_that_iam_has_not_let_through_gets_no_token(installation: Installation) -> None:
    user = installation.sign_in()
    event = token_event(user.account_id, user.user_id, arn=CALLER)
    for authorizer in (None, {}, {"iam": None}, {"iam": {"userArn": ""}}, {"lambda": {"user_id": "1001"}}):
        event["requestContext"]["authorizer"] = authorizer
        answer = installation.invoke("access_token", event)
        assert "access_token" not in json.loads(answer["body"])
        assert answer["statusCode"] == 403


def opened(resources: dict[str, Any]) -> None:
    for resource in resources.values():
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            resource["Properties"].update(AuthorizationType="NONE")


def without_account(resources: dict[str, Any]) -> None:
    for resource in resources.values():
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            key = resource["Properties"]["RouteKey"]
            resource["Properties"]["RouteKey"] = key.replace("/{account_id}/{user_id}", "") if "{" in key else key


@broken_by_template("no authorization", opened)
@broken_by_template("the account in the query", without_account)
def test_point_27_the_route_asks_iam_and_its_path_names_the_account() -> None:
    routes = [route["Properties"] for route in resources_of_type("AWS::ApiGatewayV2::Route").values()]
    vending = [route for route in routes if "/token" in route["RouteKey"]]

    assert [route["RouteKey"] for route in vending] == ["GET /token/{account_id}/{user_id}"]
    assert [route["AuthorizationType"] for route in vending] == ["AWS_IAM"]


SHOWN = app.shown


def shows_all(vended: Vended) -> dict[str, Any]:
    _, refresh_token = app.the_tokens().refresher.channel.open(*SEALED)
    return {**SHOWN(vended), "refresh_token": refresh_token.reveal()}


SEALED: list[Any] = []


@broken_by("shown too", {"functions.access_token.app.shown": shows_all})
def test_point_27_the_refresh_token_never_leaves(installation: Installation) -> None:
    user = installation.sign_in()
    SEALED[:] = [installation.grant(user).sealed, user]
    access_token, refresh_token = installation.tokens(user)

    answers = [
        installation.invoke("access_token", {"account_id": user.account_id, "user_id": user.user_id}),
        installation.invoke("access_token", token_event(user.account_id, user.user_id, arn=CALLER)),
    ]

    for answer in answers:
        assert refresh_token not in json.dumps(answer)
        assert access_token in json.dumps(answer)


@broken_by("no line", {"functions.access_token.app.report": lets_pass})
def test_point_27_each_vend_leaves_a_line_that_names_caller_and_user(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    user = installation.sign_in()
    capsys.readouterr()

    installation.invoke("access_token", token_event(user.account_id, user.user_id, arn=CALLER))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"level"')]
    audit = [(line["caller"], line["account_id"], line["user_id"]) for line in lines if "caller" in line]
    assert audit == [(CALLER, user.account_id, user.user_id)]
