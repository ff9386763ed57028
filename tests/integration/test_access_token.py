"""Tokens for back ends: by HTTP with IAM and by direct invocation, on a real table and a Sentinel that rotates."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import observe
from le_auth.domain.grants import Scope
from le_auth.domain.slots import slot_of
from tests.support.answers import json_of
from tests.support.api_events import token_event
from tests.support.back_end import BACK_END, ask, audit_line, vend
from tests.support.installation import ACCOUNT, INTERVAL, NOON, Installation
from tests.support.refreshes import refreshes
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from le_auth.domain.users import User

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
CROWD = 100


@pytest.fixture
def ada(installation: Installation) -> User:
    """Somebody who signed in at noon."""
    return installation.sign_in("1001")


# ---- a token ----


def test_a_fresh_token_is_given_by_http_with_all_that_is_documented(installation: Installation, ada: User) -> None:
    access_token, _ = installation.tokens(ada)

    status, answer = ask(installation, ada)

    assert status == 200
    assert answer == {
        "access_token": access_token,
        "token_type": "Bearer",
        "account_id": ACCOUNT,
        "user_id": "1001",
        "issued_at": int(NOON.timestamp()),
        "refreshed_at": int(NOON.timestamp()),
    }


def test_a_direct_invocation_answers_the_same(installation: Installation, ada: User) -> None:
    assert vend(installation, ada) == ask(installation, ada)[1]


def test_a_fresh_token_costs_one_read(installation: Installation, ada: User) -> None:
    vend(installation, ada)
    installation.calls.clear()

    vend(installation, ada)

    assert installation.calls.operations == ["GetItem"]
    assert installation.simulator.journal.counts() == {}


def test_a_stale_token_is_refreshed_first(installation: Installation, ada: User) -> None:
    old, _ = installation.tokens(ada)
    installation.go_on(INTERVAL)

    answer = vend(installation, ada)

    new, _ = installation.tokens(ada)
    assert answer["access_token"] == new != old
    assert (answer["issued_at"], answer["refreshed_at"]) == (
        int(NOON.timestamp()),
        int((NOON + INTERVAL).timestamp()),
    )
    assert installation.simulator.journal.reuses == 0


def test_the_schedule_finds_a_token_fresh_that_was_refreshed_on_demand(installation: Installation, ada: User) -> None:
    installation.go_on(INTERVAL)
    vend(installation, ada)

    assert installation.work(installation.due(ada)) == []
    assert refreshes(installation) == 1


@pytest.mark.parametrize("by_http", [True, False])
def test_a_token_is_refreshed_where_it_is_not_valid_for_long_enough(
    installation: Installation, ada: User, *, by_http: bool
) -> None:
    installation.simulator.settings.sends_expires_in = True
    installation.go_on(INTERVAL)
    first = vend(installation, ada)
    installation.go_on(2 * SECOND * 60)

    if by_http:
        enough, more = (ask(installation, ada, f"min_valid_seconds={seconds}")[1] for seconds in (60, 3500))
    else:
        enough, more = (vend(installation, ada, min_valid_seconds=seconds) for seconds in (60, 3500))

    assert enough == first
    assert more["access_token"] != first["access_token"]


def test_of_a_crowd_that_asks_at_once_for_a_stale_token_one_refreshes_and_all_get_it(
    installation: Installation, ada: User
) -> None:
    """The refresh is answered when everybody else has begun to wait."""
    go_on, lock, waiting = Event(), Lock(), set[int]()

    def wait(_: timedelta) -> None:
        with lock:
            waiting.add(threading.get_ident())
            if len(waiting) == CROWD - 1:
                go_on.set()
        time.sleep(0.01)

    installation.let_wait(wait)
    # Powertools' metrics are one invocation's, and a Lambda process has one at a time.
    installation.monkeypatch.setattr(observe, "count", lambda *_, **__: None)
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "delay", until=go_on)
    generation = installation.grant(ada).generation

    with ThreadPoolExecutor(CROWD) as threads:
        answers = list(threads.map(lambda _: vend(installation, ada), range(CROWD)))

    assert {answer["access_token"] for answer in answers} == {installation.tokens(ada)[0]}
    assert refreshes(installation) == 1
    assert installation.grant(ada).generation == generation + 1


# ---- use ----


def test_use_is_noted_once_an_hour(installation: Installation, ada: User) -> None:
    installation.go_on(HOUR)
    vend(installation, ada)
    assert installation.grant(ada).last_used_at == NOON + HOUR
    installation.calls.clear()

    vend(installation, ada)

    assert installation.calls.operations == ["GetItem"]


def test_an_idle_user_who_is_asked_for_gets_the_slot_back(installation: Installation, ada: User) -> None:
    installation.go_on(15 * DAY)
    installation.work(installation.due(ada))
    assert installation.grant(ada).slot is None

    vend(installation, ada)

    grant = installation.grant(ada)
    assert (grant.slot, grant.last_used_at, grant.refreshed_at) == (slot_of(ada), installation.now, installation.now)


# ---- saving ----


def test_a_save_whose_answer_is_lost_gives_the_new_token(installation: Installation, ada: User) -> None:
    installation.go_on(INTERVAL)
    installation.calls.order("UpdateItem", "lost-answer", times=1, containing=":replaced")

    assert vend(installation, ada)["access_token"] == installation.tokens(ada)[0]


def test_a_lease_whose_answer_is_lost_is_held_all_the_same(installation: Installation, ada: User) -> None:
    installation.go_on(INTERVAL)
    installation.calls.order("UpdateItem", "lost-answer", times=1, containing="#unsettled :one")

    assert vend(installation, ada)["access_token"] == installation.tokens(ada)[0]
    assert refreshes(installation) == 1


def test_a_new_token_that_cannot_be_saved_is_given_and_rescued(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.go_on(INTERVAL)
    fault = installation.calls.order("UpdateItem", containing=":replaced")

    answer = vend(installation, ada)

    fault.times = 0
    assert '"RescueQueued":[1.0]' in capsys.readouterr().out
    assert installation.land(installation.receive_rescues()) == []
    assert answer["access_token"] == installation.tokens(ada)[0]


def test_a_new_token_that_is_neither_saved_nor_rescued_is_a_lost_rotation(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.go_on(INTERVAL)
    installation.calls.order("UpdateItem", containing=":replaced")
    installation.calls.order("SendMessage")

    assert "access_token" in vend(installation, ada), "a young token serves"

    logged = capsys.readouterr().out
    assert '"RotationLost":[1.0]' in logged
    assert audit_line(logged)["reason"] == "rotation_lost"


# ---- who asks ----


@pytest.mark.parametrize(
    "authorizer",
    [
        None,
        {},
        {"iam": None},
        {"iam": {}},
        {"iam": {"userArn": None}},
        {"iam": {"userArn": ""}},
        {"lambda": {"userArn": BACK_END}},
        {"jwt": {"claims": {"sub": BACK_END}}},
    ],
)
def test_point_27_a_request_that_iam_did_not_let_through_gets_nothing(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str], authorizer: Any
) -> None:
    event = token_event(ada.account_id, ada.user_id, arn=BACK_END)
    event["requestContext"]["authorizer"] = authorizer

    answer = installation.invoke("access_token", event)

    assert (answer["statusCode"], json_of(answer)["error"]) == (403, "forbidden")
    assert installation.calls.operations == []
    assert '"reason":"unguarded_route"' in capsys.readouterr().out


def test_point_27_an_event_that_is_no_http_apis_gets_nothing(installation: Installation, ada: User) -> None:
    event = {"account_id": ada.account_id, "user_id": ada.user_id, "requestContext": {"elb": {}}}

    assert installation.invoke("access_token", event)["statusCode"] == 503
    assert installation.calls.operations == []


@pytest.mark.parametrize("by_http", [True, False])
def test_point_27_each_vend_leaves_a_line_with_caller_and_user_and_without_a_token(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str], *, by_http: bool
) -> None:
    secrets = SecretsSeen()
    for number in range(2):
        for token in installation.tokens(ada):
            secrets.add("token", token)
        if by_http:
            assert ask(installation, ada)[0] == 200
        else:
            assert "access_token" in vend(installation, ada)
        logged = capsys.readouterr().out
        for token in installation.tokens(ada):
            secrets.add("token", token)

        line = audit_line(logged)
        assert line["caller"] == (BACK_END if by_http else "direct invocation")
        assert (line["account_id"], line["user_id"]) == (ACCOUNT, "1001")
        assert (line["was_refreshed"], '"TokenRefreshed":[1.0]' in logged) == (number == 1, number == 1)
        assert '"TokenVended":[1.0]' in logged
        assert secrets.found_in(logged) == []
        installation.go_on(INTERVAL)


def test_point_27_each_refusal_leaves_a_line_too(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.sign_out(ada, Scope.LOCAL)
    capsys.readouterr()

    ask(installation, ada)

    line = audit_line(capsys.readouterr().out)
    assert (line["caller"], line["account_id"], line["user_id"]) == (BACK_END, ACCOUNT, "1001")
    assert (line["message"], line["reason"]) == ("token not vended", "not_signed_in")
