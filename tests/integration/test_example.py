"""GET /example/me: an application's own route, from the authorizer's word to LiveEngage's answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support.answers import json_of
from tests.support.api_events import guarded_event
from tests.support.fake_lambda import FakeLambda
from tests.support.installation import ACCOUNT, ADA, Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.installation import Answer

AS_ADA = {"account_id": ACCOUNT, "user_id": "1001", "is_admin": True, "is_lpa": False}


@pytest.fixture
def access_token(installation: Installation) -> FakeLambda:
    """The function `access_token`, called in this process, where Ada is signed in."""
    installation.sign_in("1001")

    def invoke(payload: Any) -> Any:
        try:
            return installation.invoke("access_token", payload)
        finally:
            installation._enter("example")

    fake = FakeLambda(invoke)
    installation.monkeypatch.setattr(installation.module("example"), "the_lambda", lambda: fake)
    return fake


def get_me(installation: Installation, person: dict[str, Any] | None = None) -> Answer:
    answer: Answer = installation.invoke("example", guarded_event("/example/me", person or AS_ADA))
    return answer


def test_a_person_reads_who_they_are_at_liveengage(installation: Installation, access_token: FakeLambda) -> None:
    answer = get_me(installation)

    assert answer["statusCode"] == 200
    assert json_of(answer) == {"account_id": ACCOUNT, "user_id": "1001", "login_name": "ada", "full_name": "Ada"}
    assert access_token.invoked == [
        (
            installation.deployed.resources["AccessTokenFunction"],
            {"account_id": ACCOUNT, "user_id": "1001", "min_valid_seconds": 60},
        )
    ]


def test_the_host_is_looked_up_once(installation: Installation, access_token: FakeLambda) -> None:
    get_me(installation)
    get_me(installation)

    assert installation.simulator.journal.counts() == {"domain": 1, "users": 2}
    assert len(access_token.invoked) == 2, "a token is asked for each time: it may have been refreshed"


@pytest.mark.usefixtures("access_token")
def test_a_stale_token_is_refreshed_on_the_way(installation: Installation) -> None:
    before = installation.tokens(ADA)
    installation.go_on(timedelta(hours=3))

    assert get_me(installation)["statusCode"] == 200
    assert installation.tokens(ADA) != before


@pytest.mark.usefixtures("access_token")
def test_somebody_who_is_not_signed_in_here_is_not_found(installation: Installation) -> None:
    answer = get_me(installation, {**AS_ADA, "user_id": "1002"})

    assert (answer["statusCode"], json_of(answer)["error"]) == (404, "not_signed_in")


@pytest.mark.usefixtures("access_token")
def test_whoever_must_sign_in_again_is_told_so(installation: Installation) -> None:
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(timedelta(hours=3))

    answer = get_me(installation)

    assert (answer["statusCode"], json_of(answer)["error"]) == (409, "reauthorization_required")
    assert "Retry-After" not in answer["headers"]


@pytest.mark.usefixtures("access_token")
def test_a_liveperson_that_asks_to_wait_is_passed_on(installation: Installation) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=429, headers={"Retry-After": "77"})
    installation.go_on(timedelta(hours=3))

    answer = get_me(installation)

    assert (answer["statusCode"], json_of(answer)["error"]) == (503, "temporarily_unavailable")
    assert answer["headers"]["Retry-After"] == "77"


def throttled(_: object) -> None:
    raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "canary"}}, "Invoke")


def timed_out(_: object) -> None:
    raise ReadTimeoutError(endpoint_url="https://lambda.example")


@pytest.mark.parametrize("failure", [throttled, timed_out])
def test_an_access_token_that_cannot_be_called_asks_to_try_again(
    installation: Installation, access_token: FakeLambda, failure: Callable[[object], None]
) -> None:
    access_token.answer = failure

    assert is_503(get_me(installation), "temporarily_unavailable")


def test_an_access_token_that_breaks_asks_to_try_again_and_its_words_stay_inside(
    installation: Installation, access_token: FakeLambda
) -> None:
    access_token.breaks = True

    answer = get_me(installation)

    assert is_503(answer, "temporarily_unavailable")
    assert "canary" not in answer["body"]


@pytest.mark.usefixtures("access_token")
@pytest.mark.parametrize("endpoint", ["domain", "users"])
@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 500, "body": "canary"}),
        ("status", {"status": 429, "body": "canary"}),
        ("drop-before", {}),
        ("malformed-body", {}),
    ],
)
def test_a_liveengage_that_is_down_asks_to_try_again(
    installation: Installation, endpoint: str, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order(endpoint, kind, times=None, **details)

    assert is_503(get_me(installation), "liveengage_unavailable")

    installation.simulator.faults.clear()
    assert get_me(installation)["statusCode"] == 200, "a failed look-up is not kept"


@pytest.mark.usefixtures("access_token")
@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 401}),
        ("status", {"status": 404}),
        ("status", {"status": 302, "headers": {"Location": "https://elsewhere.example/"}}),
        ("wrong-content", {"body": "[]", "content_type": "application/json"}),
    ],
)
def test_what_liveengage_refuses_is_told_and_no_redirect_is_followed(
    installation: Installation, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("users", kind, **details)

    answer = get_me(installation)

    assert answer["statusCode"] == 502
    assert json_of(answer)["error"] == "liveengage_refused"
    assert installation.simulator.journal.counts()["users"] == 1


def test_who_is_asked_about_is_the_authorizers_word_and_not_the_browsers(
    installation: Installation, access_token: FakeLambda
) -> None:
    event = guarded_event("/example/me", AS_ADA)
    event |= {"rawQueryString": "user_id=1002", "queryStringParameters": {"user_id": "1002"}}

    answer = installation.invoke("example", event)

    assert json_of(answer)["user_id"] == "1001"
    assert [payload["user_id"] for _, payload in access_token.invoked] == ["1001"]


@pytest.mark.parametrize(
    "host",
    [
        "liveperson.net.evil.example",
        "evil.example/.liveperson.net",
        "evil.example?x=.liveperson.net",
        "user@z.liveperson.net",
        "z.liveperson.net:8443",
        "127.0.0.1:80",
        "",
        7,
        None,
    ],
)
def test_the_token_goes_to_livepersons_hosts_and_nowhere_else(
    installation: Installation, access_token: FakeLambda, monkeypatch: pytest.MonkeyPatch, host: object
) -> None:
    installation.configure(DomainApiUrl="https://api.liveperson.net")
    example = installation.module("example")
    asked: list[str] = []

    def get(url: str, **_: str) -> dict[str, object]:
        asked.append(url)
        return {"baseURI": host}

    monkeypatch.setattr(example, "get", get)

    answer = get_me(installation)

    assert access_token.invoked
    assert (answer["statusCode"], json_of(answer)["error"]) == (502, "liveengage_unclear")
    assert asked == [
        f"https://api.liveperson.net/api/account/{ACCOUNT}/service/accountConfigReadOnly/baseURI.json?version=1.0"
    ]


@pytest.mark.usefixtures("access_token")
def test_a_host_of_livepersons_is_called_by_https(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.configure(DomainApiUrl="https://api.liveperson.net")
    asked: list[tuple[str, dict[str, str]]] = []

    def get(url: str, **headers: str) -> dict[str, object]:
        asked.append((url, headers))
        return {"baseURI": "z1.acr.liveperson.net"}

    monkeypatch.setattr(installation.module("example"), "get", get)

    get_me(installation)

    token, _ = installation.tokens(ADA)
    assert asked[1] == (
        f"https://z1.acr.liveperson.net/api/account/{ACCOUNT}/configuration/le-users/users/1001?v=6.0",
        {"Authorization": f"Bearer {token}"},
    )


@pytest.mark.usefixtures("access_token")
def test_point_28_the_token_is_neither_answered_nor_logged(
    installation: Installation, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "example")
    token, _ = installation.tokens(ADA)
    shown = str(get_me(installation))
    installation.simulator.faults.order("users", "status", status=401)
    shown += str(get_me(installation))
    captured = capsys.readouterr()

    assert "liveengage_refused: LiveEngage answered 401." in caplog.text
    assert token not in shown + caplog.text + captured.out + captured.err


def is_503(answer: Answer, error: str) -> bool:
    assert answer["headers"]["Retry-After"] == "5"
    return (answer["statusCode"], json_of(answer)["error"]) == (503, error)
