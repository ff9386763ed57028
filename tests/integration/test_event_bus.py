"""Events on a real bus, held against the schema and the example that are published; and buses that misbehave."""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from le_auth.adapters import aws
from le_auth.announce import announce
from le_auth.domain.events import Event, authorization_lost, user_signed_in, user_signed_out
from le_auth.domain.grants import Scope, Status
from le_auth.domain.id_token import Identity
from le_auth.domain.users import User
from le_auth.errors import GrantRevokedError, IdentityMismatchError, RotationLostError
from tests.support.installation import ACCOUNT, INTERVAL, NOON, SECRET, Installation
from tests.support.raw_server import RawServer
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from threading import Event as Signal

    from tests.support.browser import Browser
    from tests.support.emulator import Emulator

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "events.schema.json").read_text())
ADA = User(account_id=ACCOUNT, user_id="1001")
LONGEST = 3.0
"""Seconds; a second's patience, and much for a busy machine. The slow servers below take ten."""

_numbers = count(1)

type Endpoint = Callable[[RawServer], None]


@pytest.fixture
def bus(installation: Installation) -> str:
    """The functions are deployed with a bus; the URL of the queue that gets what arrives there."""
    name = f"my-app-{next(_numbers)}"
    queue_url = installation.emulator.make_event_bus(name)
    installation.configure(EventBusName=name)
    return queue_url


def received(emulator: Emulator, queue_url: str) -> list[dict[str, Any]]:
    """Take all events out of a queue; each must be as the schema says."""
    events = []
    while messages := emulator.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            emulator.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            events.append(json.loads(message["Body"]))
    for event in events:
        Draft202012Validator(SCHEMA).validate(event)
    return events


def sign_in_and_lose(installation: Installation, *user_ids: str) -> list[User]:
    """Have users signed in whose authorization is taken back at LivePerson, and let them fall due."""
    users = [installation.sign_in(user_id) for user_id in user_ids]
    installation.go_on(INTERVAL)
    for _ in users:
        installation.simulator.faults.order("token-refresh", "status", status=400, body='{"error": "invalid_grant"}')
    return users


def detail_of(user: User, installation: Installation, **facts: object) -> dict[str, object]:
    who = {"account_id": user.account_id, "user_id": user.user_id}
    return {"version": 1, **who, "time": int(installation.now.timestamp()), **facts}


# ---- what arrives ----


def test_a_sign_in_arrives_on_the_bus(installation: Installation, browser: Browser, bus: str) -> None:
    browser.sign_in()

    [event] = received(installation.emulator, bus)
    assert (event["source"], event["detail-type"]) == ("le-app-auth", "UserSignedIn")
    assert event["detail"] == detail_of(ADA, installation, is_admin=True, is_lpa=False)


def test_a_sign_in_is_told_in_one_request_with_its_own_moment(
    installation: Installation, browser: Browser, bus: str
) -> None:
    assert bus
    browser.sign_in()

    [call] = installation.calls.of("PutEvents")
    assert [entry["Time"] for entry in call.params["Entries"]] == [NOON]
    assert installation.calls.operations[-1] == "PutEvents", "after the write"


def test_a_refused_sign_in_is_not_told(installation: Installation, browser: Browser, bus: str) -> None:
    assert browser.visit(browser.come_back(action="deny"))["statusCode"] == 400

    assert received(installation.emulator, bus) == []


def test_users_whose_authorization_a_refresh_finds_gone_arrive_and_the_others_do_not(
    installation: Installation, bus: str
) -> None:
    users = sign_in_and_lose(installation, *(str(number) for number in range(3001, 3013)))
    kept = installation.sign_in("4001")
    installation.go_on(INTERVAL)

    installation.work(installation.due(*users))
    installation.work(installation.due(kept))

    events = received(installation.emulator, bus)
    assert {event["detail-type"] for event in events} == {"AuthorizationLost"}
    assert sorted((event["detail"] for event in events), key=lambda detail: str(detail["user_id"])) == [
        detail_of(user, installation, reason="invalid_grant") for user in users
    ]
    assert [len(call.params["Entries"]) for call in installation.calls.of("PutEvents")] == [10, 2]


def test_an_authorization_that_is_found_gone_on_demand_arrives_once(installation: Installation, bus: str) -> None:
    [user] = sign_in_and_lose(installation, "1001")
    installation.go_on(INTERVAL)
    wish = {"account_id": user.account_id, "user_id": user.user_id}

    answers = [installation.invoke("access_token", wish) for _ in range(3)]

    assert [answer["error"] for answer in answers] == ["reauthorization_required"] * 3
    [event] = received(installation.emulator, bus)
    assert event["detail"] == detail_of(user, installation, reason="invalid_grant")


def test_the_example_stack_hands_on_lost_authorizations_only(installation: Installation, browser: Browser) -> None:
    outputs = installation.emulator.make_stack("my-app-events", (DOCS / "events-example.yaml").read_text())
    installation.configure(EventBusName=outputs["EventBusName"])
    browser.sign_in()
    [user] = sign_in_and_lose(installation, "2002")

    installation.work(installation.due(user))

    [event] = received(installation.emulator, outputs["QueueUrl"])
    assert (event["detail-type"], event["detail"]["user_id"]) == ("AuthorizationLost", "2002")


def test_point_28_no_event_holds_a_secret(installation: Installation, browser: Browser, bus: str) -> None:
    assert bus
    browser.sign_in()
    secrets = SecretsSeen(values={"client secret": SECRET, "cookie": browser.cookies["__Host-le-session"]})
    for token in installation.tokens(ADA):
        secrets.add("token", token)
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(INTERVAL)
    installation.work(installation.due(ADA))

    sent = [json.dumps(call.params, default=str) for call in installation.calls.of("PutEvents")]

    assert len(sent) == 2
    assert secrets.found_in("".join(sent)) == []


def test_without_a_bus_nothing_is_sent(installation: Installation, browser: Browser) -> None:
    browser.sign_in()

    assert installation.calls.of("PutEvents") == []


# ---- the schema ----

EVERY_EVENT = [
    user_signed_in(Identity(user=ADA, is_admin=True, is_lpa=False)),
    *(authorization_lost(ADA, reason=e.reason) for e in (GrantRevokedError, RotationLostError, IdentityMismatchError)),
    *(user_signed_out(ADA, scope=scope) for scope in Scope),
]


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: f"{event.kind} {dict(event.facts)}")
def test_every_event_arrives_as_the_schema_says(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, bus: str, event: Event
) -> None:
    monkeypatch.setenv("EVENT_BUS_NAME", installation.deployed.parameters["EventBusName"])

    announce(event)

    [arrived] = received(installation.emulator, bus)
    assert (arrived["detail-type"], arrived["detail"]) == (event.kind, event.detail(at=NOON))


def test_the_schema_is_one_and_refuses_what_is_not_ours() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    example = json.loads((DOCS / "events.md").read_text().partition("```json\n")[2].partition("```")[0])
    validator = Draft202012Validator(SCHEMA)

    validator.validate(example)
    for change in (
        {"source": "other"},
        {"detail-type": "UserSignedIn"},
        {"detail": {**example["detail"], "version": 2}},
    ):
        assert not validator.is_valid({**example, **change}), change
    for missing in example["detail"]:
        rest = {name: value for name, value in example["detail"].items() if name != missing}
        assert not validator.is_valid({**example, "detail": rest}), missing


def test_the_schema_and_the_page_name_every_reason() -> None:
    reasons = [error.reason for error in (GrantRevokedError, RotationLostError, IdentityMismatchError)]
    lost = next(each for each in SCHEMA["oneOf"] if each["properties"]["detail-type"]["const"] == "AuthorizationLost")

    assert lost["properties"]["detail"]["properties"]["reason"]["examples"] == reasons
    assert all(f"`{reason}`" in (DOCS / "events.md").read_text() for reason in reasons)


# ---- buses that misbehave ----


@pytest.fixture
def at(installation: Installation, bus: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Lets a server of the test's own be EventBridge."""
    assert bus

    def move(server: RawServer) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", server.url)
        aws.events.cache_clear()
        installation.start_cold()

    yield move
    aws.events.cache_clear()


def never(_connection: socket.socket, stopping: Signal) -> None:
    stopping.wait(10)


def drip(connection: socket.socket, stopping: Signal) -> None:
    """Begin an answer and go on so slowly that no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        if stopping.wait(0.1):
            return
        connection.sendall(b" ")


def refuse(connection: socket.socket, _stopping: Signal) -> None:
    """Take the request and none of its events."""
    body = b'{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "canary"}]}'
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def unreadable(connection: socket.socket, _stopping: Signal) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")


MISBEHAVIOUR = [
    (never, "ReadTimeoutError"),
    (drip, "too_slow"),
    (refuse, "InternalFailure"),
    (unreadable, "unreadable_answer"),
]


@pytest.mark.parametrize(("answer", "reason"), MISBEHAVIOUR)
def test_whoever_signs_in_gets_in_in_time_whatever_the_bus_does(
    browser: Browser,
    at: Endpoint,
    capsys: pytest.CaptureFixture[str],
    answer: Callable[[socket.socket, Signal], object],
    reason: str,
) -> None:
    with RawServer(answer=answer) as server:
        at(server)
        callback = browser.come_back()
        begun_at = time.monotonic()
        got_in = browser.visit(callback)
        took = time.monotonic() - begun_at
        requests = len(server.requests)

    assert got_in["statusCode"] == 303
    assert browser.visit("/session")["statusCode"] == 200
    assert took < LONGEST
    assert requests == 1, "one attempt"
    logged = capsys.readouterr().out
    assert logged.count('"EventNotSent":[1.0]') == 1
    assert f'"reason":"{reason}"' in logged
    assert "canary" not in logged


def test_whoever_signs_in_gets_in_where_nothing_listens(
    installation: Installation, browser: Browser, at: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    with RawServer(answer=never) as server:
        at(server)

    browser.sign_in()

    assert installation.grant(ADA).status is Status.ACTIVE
    assert '"EventNotSent":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalException"])
def test_a_refused_request_is_counted_and_not_repeated(
    installation: Installation, browser: Browser, bus: str, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    fault = installation.calls.order("PutEvents", code=code, status=400)

    browser.sign_in()

    assert fault.met == 1
    assert received(installation.emulator, bus) == []
    logged = capsys.readouterr().out
    assert '"EventNotSent":[1.0]' in logged
    assert f'"reason":"{code}"' in logged


def test_a_worker_whose_bus_is_slow_ends_its_batch_in_time_and_counts_every_event(
    installation: Installation, at: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    users = sign_in_and_lose(installation, *(str(number) for number in range(3001, 3016)))
    records = installation.due(*users)

    with RawServer(answer=never) as server:
        at(server)
        begun_at = time.monotonic()
        unfinished = installation.work(records)
        took = time.monotonic() - begun_at

    assert unfinished == []
    assert {installation.grant(user).status for user in users} == {Status.REAUTHORIZE}
    assert took < LONGEST
    assert '"EventNotSent":[15.0]' in capsys.readouterr().out


def test_after_a_failure_the_next_event_arrives(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser], bus: str
) -> None:
    installation.calls.order("PutEvents", "lost-answer", times=1)
    browser.sign_in()
    installation.calls.clear()

    new_browser().sign_in()

    assert len(received(installation.emulator, bus)) == 2, "the first was done, only its answer was lost"
