"""Each sample event of `events/` does what its name says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import json_of
from tests.support.api_events import EVENTS, sample_event
from tests.support.fake_lambda import FakeLambda
from tests.support.installation import ACCOUNT, APP

if TYPE_CHECKING:
    from tests.support.installation import Installation

SAMPLED_AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
BROWSER_EVENTS = [
    ("launch", "launch", 302, ""),
    ("launch", "launch_return_to", 302, ""),
    ("launch", "launch_unknown_account", 400, "not set up for that account_id"),
    ("callback", "callback", 400, "did not accept the sign-in code"),
    ("callback", "callback_denied", 400, "access_denied: The user said no"),
    ("session", "landing", 200, "Sign in with LiveEngage"),
    ("session", "session", 401, "not_signed_in"),
    ("session", "logout", 303, ""),
    ("session", "logout_foreign_origin", 403, "cross_site"),
]


@pytest.fixture
def sampled(installation: Installation) -> Installation:
    """The functions at the time of the samples; that is past, so the emulator would remove what expires."""
    installation.emulator.dynamodb.update_time_to_live(
        TableName=installation.deployed.resources["TokenTable"],
        TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": False},
    )
    installation.simulator.clock.set(SAMPLED_AT)
    return installation


def test_every_sample_is_tried_here() -> None:
    tried = {name for _, name, _, _ in BROWSER_EVENTS}
    tried |= {"authorizer", "example", "refresh_scheduler", "refresh_worker"}
    tried |= {"access_token", "access_token_direct"}
    assert {path.stem for path in EVENTS.iterdir()} == tried


@pytest.mark.parametrize(("function", "name", "status", "words"), BROWSER_EVENTS)
def test_a_sample_gets_the_answer_that_its_name_promises(
    sampled: Installation, function: str, name: str, status: int, words: str
) -> None:
    answer = sampled.invoke(function, sample_event(name))
    assert answer["statusCode"] == status
    assert words in answer["body"]


def test_the_sample_launch_leads_to_the_default_account_at_sentinel(sampled: Installation) -> None:
    location = sampled.invoke("launch", sample_event("launch"))["headers"]["Location"]
    assert location.startswith(f"{sampled.simulator.base_url}/sentinel/api/account/{ACCOUNT}/authorize?v=1.0&")
    assert f"client_id={APP}" in location


def test_the_sample_code_is_sent_to_sentinel_once(sampled: Installation) -> None:
    sampled.invoke("callback", sample_event("callback"))
    sampled.invoke("callback", sample_event("callback"))
    assert sampled.simulator.journal.counts()["token-code"] == 1


def test_the_sample_schedule_finds_the_sample_user_due_and_the_sample_batch_refreshes_them(
    sampled: Installation,
) -> None:
    ada = sampled.sign_in("1001")
    before = sampled.grant(ada)
    event = sample_event("refresh_scheduler")
    sampled.simulator.clock.set(datetime.fromisoformat(event["time"]) + timedelta(seconds=2))

    assert sampled.invoke("refresh_scheduler", event)["due"] == 1
    assert [record["body"] for record in sampled.receive()] == [sample_event("refresh_worker")["Records"][0]["body"]]
    assert sampled.invoke("refresh_worker", sample_event("refresh_worker")) == {"batchItemFailures": []}
    assert sampled.grant(ada).generation == before.generation + 1


def test_the_sample_request_to_the_authorizer_has_no_session_of_ours(sampled: Installation) -> None:
    assert sampled.invoke("authorizer", sample_event("authorizer")) == {"isAuthorized": False}
    assert sampled.calls.operations == ["GetSecretValue"]


def test_the_sample_request_to_the_example_is_adas(sampled: Installation) -> None:
    ada = sampled.sign_in("1001")
    token = FakeLambda(lambda _: {"access_token": sampled.tokens(ada)[0]})
    sampled.monkeypatch.setattr(sampled.module("example"), "the_lambda", lambda: token)

    answer = sampled.invoke("example", sample_event("example"))

    assert json_of(answer)["login_name"] == "ada"


def test_the_sample_request_for_a_token_gets_it_and_the_sample_invocation_the_same(
    sampled: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = sampled.sign_in("1001")
    event = sample_event("access_token")

    answer = sampled.invoke("access_token", event)

    assert answer["statusCode"] == 200
    assert json_of(answer)["access_token"] == sampled.tokens(ada)[0]
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] in capsys.readouterr().out
    assert sampled.invoke("access_token", sample_event("access_token_direct")) == json_of(answer)
