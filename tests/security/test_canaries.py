"""The check that follows every test: what leaks on purpose is found, wherever and however it comes out."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import observe
from le_auth.adapters import aws
from le_auth.domain.secret import Secret
from le_auth.errors import LeAuthError
from tests.support.canaries import (
    FORM,
    RIGHT_PLACES,
    SEALED_IN_RESCUE,
    SEALED_IN_TABLE,
    SET_COOKIE,
    STATE_OF_LAUNCH,
    VENDED,
    Watch,
    watch,
)
from tests.support.deployed_output import TOKEN_PREFIX, collect_output
from tests.support.installation import ACCOUNT, APP, SEALING_KEY, SECRET
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.browser import Browser
    from tests.support.flow import Flow
    from tests.support.installation import Installation

PROJECT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef9876543210fedcba02468ace13579bdf"


@pytest.fixture
def leaky(installation: Installation) -> Iterator[Installation]:
    """An installation whose test leaks: what it let out is forgotten at its end."""
    yield installation
    watch.forget()


def issued(installation: Installation) -> str:
    tokens = installation.simulator.issue_tokens(app_install_id=APP, account=ACCOUNT, user_id="1001")
    return tokens.refresh_token


# ---- one leak on purpose through each channel ----


def test_a_token_on_standard_output_is_found(leaky: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    print(json.dumps({"metric": issued(leaky)}))  # noqa: T201 - as metrics are written
    capsys.readouterr()

    assert watch.leaks() == ["refresh token in Captured stdout"]


def test_part_of_a_token_in_a_field_of_a_log_record_is_found(leaky: Installation) -> None:
    observe.the_logger().info("refreshed", extra={"ends_in": issued(leaky)[-24:]})

    assert watch.leaks() == ["refresh token in log records"]


@pytest.mark.usefixtures("leaky")
def test_a_secret_in_a_traceback_that_a_library_logs_is_found() -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("a.library").exception("failed")

    assert watch.leaks() == ["stored secret in log records"]


def test_a_secret_in_the_text_of_an_error_is_found(leaky: Installation) -> None:
    LeAuthError(f"LivePerson refused {issued(leaky)}")

    assert watch.leaks() == ["refresh token in texts of errors"]


def test_a_secret_in_an_exception_that_leaves_a_function_is_found(leaky: Installation) -> None:
    token = issued(leaky)
    leaky.monkeypatch.setattr(leaky.module("authorizer"), "lambda_handler", lambda *_: int(token + "x"))
    with pytest.raises(ValueError, match="invalid literal"):
        leaky.invoke("authorizer", {})

    assert watch.leaks() == ["refresh token in exception out of authorizer"]


def test_a_secret_in_a_message_is_found(leaky: Installation) -> None:
    body = json.dumps({"pk": "le12345678#1001", "token": issued(leaky)})
    aws.sqs().send_message(QueueUrl=leaky.queue_url, MessageBody=body)

    assert watch.leaks() == ["refresh token in SendMessage at AWS"]


def test_a_secret_in_a_rescue_is_found_beside_and_inside_what_should_be_sealed(leaky: Installation) -> None:
    packed = base64.b64encode(b"\1\3" + bytes.fromhex(issued(leaky))).decode()
    for body in ({"sealed": "AAAA", "access": issued(leaky)}, {"sealed": packed}):
        aws.sqs().send_message(QueueUrl=leaky.queue_url, MessageBody=json.dumps(body))

    assert watch.leaks() == ["refresh token in SendMessage at AWS", f"refresh token in {SEALED_IN_RESCUE}"]


def test_a_secret_in_an_event_is_found(leaky: Installation) -> None:
    detail = json.dumps({"account_id": ACCOUNT, "session": base64.b64encode(issued(leaky).encode()).decode()})
    aws.events().put_events(Entries=[{"Source": "le-app-auth", "DetailType": "UserSignedIn", "Detail": detail}])

    assert watch.leaks() == ["refresh token in PutEvents at AWS"]


def test_a_secret_in_an_item_is_found_beside_and_inside_what_should_be_sealed(leaky: Installation) -> None:
    items: list[dict[str, Any]] = [
        {"pk": {"S": "le12345678#1001"}, "note": {"S": issued(leaky)}},
        {"pk": {"S": "le12345678#1002"}, "sealed": {"B": b"\1\3" + bytes.fromhex(issued(leaky))}},
    ]
    for item in items:
        aws.dynamodb().put_item(TableName=leaky.deployed.resources["TokenTable"], Item=item)

    assert watch.leaks() == ["refresh token in PutItem at AWS", f"refresh token in {SEALED_IN_TABLE}"]


@pytest.mark.parametrize("place", ["body", "headers"])
def test_a_secret_in_an_answer_is_found(leaky: Installation, place: str) -> None:
    token = issued(leaky)
    answer = {"statusCode": 200, "headers": {}, "cookies": [], "body": ""}
    answer[place] = f"<p>{token}</p>" if place == "body" else {"X-Token": token}
    leaky.monkeypatch.setattr(leaky.module("session"), "lambda_handler", lambda *_: answer)
    leaky.invoke("session", {})

    assert watch.leaks() == ["refresh token in answer of session"]


def test_each_way_out_of_a_deployed_system_is_searched_when_its_tests_are_over(
    leaky: Installation, tmp_path: Path
) -> None:
    emulator, table = leaky.emulator, leaky.deployed.resources["TokenTable"]
    token = f"{TOKEN_PREFIX}0123456789abcdef"
    emulator.logs.create_log_group(logGroupName="leaky")
    emulator.logs.create_log_stream(logGroupName="leaky", logStreamName="leaky")
    emulator.logs.put_log_events(
        logGroupName="leaky", logStreamName="leaky", logEvents=[{"timestamp": 1, "message": f"refreshed {token}"}]
    )
    emulator.dynamodb.put_item(TableName=table, Item={"pk": {"S": "x"}, "note": {"B": bytes.fromhex(token)}})
    dead_letters = f"{leaky.queue_url}-dead"
    emulator.sqs.send_message(QueueUrl=dead_letters, MessageBody=base64.b64encode(token.encode()).decode())
    events = emulator.make_event_bus("leaky")
    entry: Any = {"EventBusName": "leaky", "Source": "le-app-auth", "DetailType": "X", "Detail": f'{{"x": "{SECRET}"}}'}
    emulator.events.put_events(Entries=[entry])
    (tmp_path / "simulator.log").write_text(f"GET /callback?code={token}")

    one = Watch()
    collect_output(emulator, table=table, logs=tmp_path, watch=one)
    emulator.logs.delete_log_group(logGroupName="leaky")

    assert one.leaks() == [
        "code or token in items at AWS",
        "code or token in log groups",
        "code or token in log of the process simulator",
        f"code or token in queue {dead_letters.rpartition('/')[2]} at AWS",
        f"stored secret in queue {events.rpartition('/')[2]} at AWS",
    ]


# ---- the right places are no holes ----


def test_what_the_flows_rightly_carry_is_no_leak_and_is_known(flow: Flow, browser: Browser) -> None:
    flow.visit(flow.come_back())
    browser.visit("/")
    flow.vend()
    flow.refresh_unsaved()

    assert watch.leaks() == []
    assert set(RIGHT_PLACES) <= set(watch.sizes)
    assert {kind for kinds in RIGHT_PLACES.values() for kind in kinds} - {"code verifier"} <= set(watch.canaries)
    assert {"code", "id token", "refresh token", "stored secret"} <= set(watch.canaries)


@pytest.mark.parametrize(
    ("function", "answer", "place"),
    [
        ("access_token", {"access_token": TOKEN}, VENDED),
        ("access_token", {"statusCode": 200, "headers": {}, "body": json.dumps({"access_token": TOKEN})}, VENDED),
        ("launch", {"headers": {"Location": f"https://x.example/?state={TOKEN}"}}, STATE_OF_LAUNCH),
        ("session", {"body": f'<input type="hidden" name="form_token" value="{TOKEN}">'}, FORM),
        ("callback", {"cookies": [f"__Host-le-session={TOKEN}; Secure"]}, SET_COOKIE),
    ],
)
def test_another_secret_in_a_right_place_is_a_leak(function: str, answer: dict[str, Any], place: str) -> None:
    one = Watch()
    one.answered(function, answer)
    one.keep("refresh token", TOKEN)

    assert one.leaks() == [f"refresh token in {place}"]


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("launch", {"headers": {"Location": f"https://x.example/?state=a-state-of-launch&hint={TOKEN}"}}),
        ("callback", {"headers": {"Location": f"https://x.example/?state={TOKEN}"}}),
        ("session", {"body": json.dumps({"access_token": TOKEN})}),
        ("access_token", {"access_token": "another-token", "refresh_token": TOKEN}),
        ("callback", {"cookies": [f"{TOKEN}=1; Secure"]}),
        ("session", {"body": f'<input name="other" value="{TOKEN}">'}),
    ],
)
def test_a_secret_beside_its_right_place_is_a_leak(function: str, answer: dict[str, Any]) -> None:
    one = Watch()
    one.answered(function, answer)
    for kind in ("access token", "state", "cookie", "form token"):
        one.keep(kind, TOKEN)
        assert one.leaks() == [f"{kind} in answer of {function}"]


# ---- forms ----


def raw(token: str) -> bytes:
    return bytes.fromhex(token)


@pytest.mark.parametrize(
    "written",
    [
        lambda token: token,
        lambda token: token.upper(),
        lambda token: token[5:28],
        lambda token: base64.b64encode(b"x" + raw(token) + b"yz").decode(),
        lambda token: base64.urlsafe_b64encode(raw(token)).decode(),
        lambda token: base64.b64encode(f"ab{token}".encode()).decode(),
        lambda token: token.encode().hex(),
        lambda token: repr(raw(token)),
    ],
)
def test_what_is_searched_for_is_found_in_every_form(written: Callable[[str], str]) -> None:
    secrets = SecretsSeen()
    secrets.add("token", TOKEN)

    assert secrets.found_in(f"before {written(TOKEN)} after") == ["token 0"]
    assert secrets.found_in(hashlib.sha256(TOKEN.encode()).hexdigest()) == []


def test_half_a_character_is_searched_for_too() -> None:
    secrets = SecretsSeen()
    secrets.add("secret", "canary \udce5 of bytes")

    assert secrets.found_in("before canary \udce5 of bytes after") == ["secret 0"]


def test_an_escaped_secret_is_found() -> None:
    secrets = SecretsSeen()
    secrets.add("secret", 'can"ary/+ =&secret')

    for output in ("can%22ary%2F%2B%20%3D%26secret", "can%22ary%2F%2B+%3D%26secret", json.dumps('can"ary/+ =&secret')):
        assert secrets.found_in(output) == ["secret 0"]


# ---- the run as a whole ----

LEAKY = f"""
from le_auth.domain.secret import Secret
from tests.support.canary_check import CanaryCheck

def test_that_leaks():
    print(Secret("{TOKEN}").reveal())

def test_that_does_not():
    print(Secret("{TOKEN}"))
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_test_that_leaks_fails_and_the_run_tells_what_was_searched(tmp_path: Path, workers: int) -> None:
    (tmp_path / "test_leaky.py").write_text(LEAKY)
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_configure\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--rootdir", str(tmp_path), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}

    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)  # noqa: S603

    assert "Secrets came out: Secret in Captured stdout" in run.stdout
    assert "2 passed, 1 error" in run.stdout
    assert "        2 Secret\n        2 in all" in run.stdout


def test_a_kind_that_is_disregarded_is_not_searched_for() -> None:
    one = Watch()
    one.keep("Secret", "canary-drawn-by-a-fuzzer")
    one.keep("code", "canary-of-a-code")
    one.emit("a page", "canary-drawn-by-a-fuzzer canary-of-a-code")

    one.disregard("Secret")

    assert one.leaks() == ["code in a page"]


def test_secrets_of_all_sorts_are_recognised_without_the_codes_help(installation: Installation) -> None:
    """The type `Secret` comes on top: a token that the code forgot to make one is known all the same."""
    one = Watch()
    one.asked_of_aws("PutSecretValue", {"SecretString": json.dumps({APP: [SECRET, {"no": SEALING_KEY}]})})
    assert one.canaries == {"stored secret": 2}

    issued(installation)
    assert watch.canaries["refresh token"] == 1
    assert Secret("x").reveal() == "x"
