"""Hostile events at launch, callback and session: a clear refusal, no 5xx, nothing changed, nothing repeated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from le_auth.domain.sessions import COOKIE
from tests.security.fuzz import inputs
from tests.support.installation import SEALING_KEY, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.installation import Answer, Installation

LAUNCH, CALLBACK, SESSION = ("/launch",), ("/callback",), ("/", "/session")
FUNCTION_OF = {
    "/launch": "launch",
    "/callback": "callback",
    "/": "session",
    "/session": "session",
    "/logout": "session",
}
NEVER_REPEATED = ("canary!planted", SECRET, SEALING_KEY)


class Target:
    """The functions with one user signed in, watched while hostile events come."""

    def __init__(self, installation: Installation, capsys: pytest.CaptureFixture[str], user: Any) -> None:
        self.installation, self.capsys = installation, capsys
        self.tokens = installation.tokens(user)
        self.before = self.users()

    def users(self) -> dict[str, Any]:
        return {pk: item for pk, item in self.installation.items().items() if not pk.startswith("state#")}

    def send(self, path: str, event: Any) -> Answer:
        """Send an event and look at all that came of it."""
        calls = self.installation.calls
        calls.clear()
        answer: Answer = self.installation.invoke(FUNCTION_OF[path], event)
        written = [call.params for call in calls.made if call.operation not in {"GetItem", "GetSecretValue"}]
        assert [params for params in written if not params["Item"]["pk"]["S"].startswith("state#")] == []
        assert isinstance(answer["statusCode"], int)
        assert all(isinstance(value, str) and value.isprintable() for value in answer["headers"].values())
        assert all(isinstance(cookie, str) and cookie.isprintable() for cookie in answer["cookies"])
        self.look_for_secrets(json.dumps(answer))
        return answer

    def look_for_secrets(self, answer: str) -> None:
        logged = self.capsys.readouterr()
        for secret in (*NEVER_REPEATED, *self.tokens):
            assert secret not in logged.out + logged.err
        for secret in (SECRET, SEALING_KEY, *self.tokens):
            assert secret not in answer
        assert "Traceback" not in logged.out + logged.err + answer
        assert "unexpected error" not in logged.out


@pytest.fixture
def target(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Iterator[Target]:
    installation.sign_in("1002")
    target = Target(installation, capsys, installation.sign_in("1001"))
    yield target
    assert target.users() == target.before


@given(event=inputs.requests(LAUNCH))
def test_launch_answers_every_request(target: Target, count: Callable[[], None], event: Any) -> None:
    count()
    answer = target.send("/launch", event)

    assert answer["statusCode"] in {302, 400, 405, 503}
    assert (answer["statusCode"] == 503) == is_prefetch(event)


@given(event=inputs.requests(CALLBACK))
def test_callback_answers_every_request(target: Target, count: Callable[[], None], event: Any) -> None:
    count()
    answer = target.send("/callback", event)

    assert answer["statusCode"] in {400, 405, 503}
    assert (answer["statusCode"] == 503) == is_prefetch(event)
    assert not any(cookie.startswith(f"{COOKIE}=") for cookie in answer["cookies"])


@given(event=inputs.requests(SESSION))
def test_session_answers_every_request(target: Target, count: Callable[[], None], event: Any) -> None:
    count()
    answer = target.send(event["rawPath"], event)

    assert answer["statusCode"] in {200, 400, 401, 405, 503}
    assert (answer["statusCode"] == 503) == is_prefetch(event)
    assert '"user_id"' not in answer["body"]
    assert "You are signed in" not in answer["body"]


@given(event=inputs.posts("/logout"))
def test_sign_out_answers_every_request(target: Target, count: Callable[[], None], event: Any) -> None:
    count()
    answer = target.send("/logout", event)

    assert answer["statusCode"] in {303, 400, 401, 403, 405, 503}
    assert (answer["statusCode"] == 503) == is_prefetch(event)


@given(event=inputs.requests(("/own/route",)))
def test_the_authorizer_lets_nobody_through(target: Target, count: Callable[[], None], event: Any) -> None:
    count()
    verdict = target.installation.invoke("authorizer", {**event, "type": "REQUEST"})

    assert verdict == {"isAuthorized": False}
    target.look_for_secrets("")


@given(path=inputs.token_paths, event=inputs.requests(("/token/x/y",)))
def test_no_token_is_vended_to_whoever_asks_oddly(
    target: Target, count: Callable[[], None], path: Any, event: Any
) -> None:
    count()
    event["requestContext"]["authorizer"] = {"iam": {"userArn": "arn:aws:iam::123456789012:user/app"}}
    answer = target.installation.invoke("access_token", {**event, "pathParameters": path})

    assert answer["statusCode"] in {400, 404}
    target.look_for_secrets(json.dumps(answer))


@given(event=inputs.misshapen_events(("/launch", "/callback", "/", "/session")))
@pytest.mark.parametrize("path", ["/launch", "/callback", "/session"])
def test_events_that_api_gateway_never_sends_are_answered_too(
    target: Target, count: Callable[[], None], path: str, event: Any
) -> None:
    count()
    answer = target.send(path, event)

    assert answer["statusCode"] in {200, 302, 400, 401, 405, 500, 503}
    assert answer["statusCode"] != 500 or inputs.is_misshapen(event)


def is_prefetch(event: Any) -> bool:
    """Tell whether the documented 503 is right."""
    http = event["requestContext"]["http"]
    if http["method"].upper() != ("POST" if http["path"] == "/logout" else "GET"):
        return False
    named = {name.lower(): value for name, value in event["headers"].items()}
    return any("prefetch" in named.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
