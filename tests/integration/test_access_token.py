"""Tokens for back ends: by HTTP with IAM and by direct invocation, on a real table and a Sentinel that rotates."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import observe
from le_auth.domain.grants import Scope, Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.slots import slot_of
from tests.support.answers import json_of
from tests.support.api_events import token_event
from tests.support.installation import ACCOUNT, INTERVAL, NOON, Installation
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from le_auth.domain.users import User

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
BACK_END = "arn:aws:iam::111122223333:user/back-end"
CROWD = 100


@pytest.fixture
def ada(installation: Installation) -> User:
    """Somebody who signed in at noon."""
    return installation.sign_in("1001")


def vend(installation: Installation, user: User, **wish: Any) -> dict[str, Any]:
    """Invoke directly."""
    event = {"account_id": user.account_id, "user_id": user.user_id, **wish}
    answer: dict[str, Any] = installation.invoke("access_token", event)
    return answer


def ask(installation: Installation, user: User, query: str = "") -> tuple[int, dict[str, Any]]:
    """Ask by HTTP; gives status and JSON."""
    answer = installation.invoke("access_token", token_event(user.account_id, user.user_id, query=query, arn=BACK_END))
    return answer["statusCode"], json_of(answer)


def refreshes(installation: Installation) -> int:
    return installation.simulator.journal.counts().get("token-refresh", 0)


def audit_line(logged: str) -> dict[str, Any]:
    """Give the one line that tells of a call."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged.splitlines()]
    [found] = [line for line in lines if line.get("message") in {"token vended", "token not vended"}]
    return found


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


# ---- refusals ----

BAD_SECONDS: list[Any] = ["", "x", "-1", -1, 86_401, "99999", 1.5, True, [], {}, "٣", " 5", "000005", 10**30]
BAD_WISHES: list[Any] = [
    None,
    [],
    [ACCOUNT, "1001"],
    "le12345678#1001",
    7,
    {},
    {"account_id": ACCOUNT},
    {"user_id": "1001"},
    {"account_id": None, "user_id": "1001"},
    {"account_id": ACCOUNT, "user_id": 1001},
    {"account_id": ACCOUNT, "user_id": ""},
    {"account_id": f"{ACCOUNT}#1001", "user_id": "1001"},
    {"account_id": ACCOUNT, "user_id": "10#01"},
    {"account_id": "../x", "user_id": "1001"},
    {"account_id": ACCOUNT, "user_id": "1" * 65},
    {"account_id": "", "user_id": "scheduler"},
    {"account_id": ACCOUNT, "user_id": ["1001"]},
    *({"account_id": ACCOUNT, "user_id": "1001", "min_valid_seconds": seconds} for seconds in BAD_SECONDS),
]


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("event", BAD_WISHES, ids=repr)
def test_a_bad_invocation_is_told_what_is_wrong(
    installation: Installation, capsys: pytest.CaptureFixture[str], event: Any
) -> None:
    answer = installation.invoke("access_token", event)

    assert answer["error"] == "invalid_request"
    assert answer["error_description"].startswith(("The ", "An invocation "))
    assert installation.calls.operations == []
    assert audit_line(capsys.readouterr().out)["caller"] == "direct invocation"


@pytest.mark.parametrize(
    "query",
    [
        "min_valid_seconds=",
        "min_valid_seconds=x",
        "min_valid_seconds=-1",
        "min_valid_seconds=86401",
        "min_valid_seconds=000060",
        "min_valid_seconds=5&min_valid_seconds=5",
        "min_valid_seconds=%FF",
        "&".join(f"p{number}=1" for number in range(30)),
    ],
)
def test_a_bad_query_gets_400(installation: Installation, ada: User, query: str) -> None:
    status, answer = ask(installation, ada, query)

    assert (status, answer["error"]) == (400, "invalid_request")
    assert installation.calls.operations == []


@pytest.mark.parametrize("path", [None, {}, {"account_id": ACCOUNT}, {"account_id": "a b", "user_id": "1"}, "x"])
def test_a_bad_path_gets_400(installation: Installation, path: Any) -> None:
    event = token_event(ACCOUNT, "1001", arn=BACK_END) | {"pathParameters": path}

    answer = installation.invoke("access_token", event)

    assert (answer["statusCode"], json_of(answer)["error"]) == (400, "invalid_request")


def test_whoever_never_signed_in_gets_404(installation: Installation, ada: User) -> None:
    installation.sign_out(ada, Scope.LOCAL)

    assert ask(installation, ada)[0] == 404
    assert vend(installation, ada)["error"] == "not_signed_in"


def test_a_user_of_an_unknown_account_gets_404(installation: Installation) -> None:
    answer = installation.invoke("access_token", token_event("unknown1", "1001", arn=BACK_END))

    assert (answer["statusCode"], json_of(answer)["error"]) == (404, "not_signed_in")


def test_whoever_must_sign_in_again_gets_409(installation: Installation, ada: User) -> None:
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(INTERVAL)

    for _ in range(2):
        status, answer = ask(installation, ada)
        assert (status, answer["error"]) == (409, "reauthorization_required")
    assert refreshes(installation) == 1
    assert installation.grant(ada).status is Status.REAUTHORIZE


@pytest.mark.parametrize(
    ("kind", "details", "seconds"),
    [
        ("status", {"status": 500}, 5),
        ("status", {"status": 429, "headers": {"Retry-After": "40"}}, 40),
        ("status", {"status": 418}, 5),
        ("status", {"status": 401}, 5),
        ("drop-before", {}, 5),
        ("drop-after", {}, 5),
        ("malformed-body", {}, 5),
    ],
)
def test_where_no_token_is_to_be_had_503_tells_when_to_ask_again(
    installation: Installation, ada: User, kind: str, details: dict[str, Any], seconds: int
) -> None:
    installation.simulator.faults.order("token-refresh", kind, times=None, **details)
    installation.go_on(2 * INTERVAL)

    answer = installation.invoke("access_token", token_event(ACCOUNT, "1001", arn=BACK_END))

    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"] == str(seconds)
    assert json_of(answer) == {
        "error": "temporarily_unavailable",
        "error_description": "No token that is fresh enough can be had at the moment. Try again.",
        "retry_after_seconds": seconds,
    }
    assert installation.grant(ada).status is Status.ACTIVE


def test_a_young_token_serves_while_sentinel_is_down_and_the_failure_is_counted(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=503, times=None)
    token = vend(installation, ada)
    installation.go_on(2 * INTERVAL - SECOND)
    capsys.readouterr()

    assert vend(installation, ada) == token

    logged = capsys.readouterr().out
    assert '"error_class":"transient"' in logged
    assert '"RefreshFailed":[1.0]' in logged
    line = audit_line(logged)
    assert (line["message"], line["reason"], line["was_refreshed"]) == ("token vended", "sentinel_unavailable", False)


def test_refusals_that_a_back_end_meets_end_nothing(installation: Installation, ada: User) -> None:
    ben = installation.sign_in("1002")
    installation.go_on(INTERVAL)
    vend(installation, ben)
    installation.simulator.faults.order("token-refresh", "status", status=403, times=None, body="{}")

    for _ in range(5):
        vend(installation, ada)

    grant = installation.grant(ada)
    assert (grant.status, grant.failures, grant.unsettled, grant.lease_owner) == (Status.ACTIVE, 0, 0, None)


def test_after_an_unknown_end_nothing_is_sent_until_the_grace_is_over(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("token-refresh", "drop-before")
    installation.go_on(2 * INTERVAL)
    ask(installation, ada)

    given = installation.invoke("access_token", token_event(ACCOUNT, "1001", arn=BACK_END))
    waits = installation.invoke("access_token", token_event(ACCOUNT, "1001", arn=BACK_END))

    grace = int((LEASE_TIME + GRACE).total_seconds())
    assert [answer["headers"]["Retry-After"] for answer in (given, waits)] == [str(grace + 1)] * 2
    assert refreshes(installation) == 1
    installation.go_on(LEASE_TIME + GRACE + SECOND)
    assert ask(installation, ada)[0] == 200
    assert refreshes(installation) == 2


def test_another_refresh_that_takes_long_is_waited_for_five_seconds(installation: Installation, ada: User) -> None:
    go_on = Event()
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on)
    installation.go_on(2 * INTERVAL)
    records = installation.due(ada)
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, records)
        assert fault.reached.wait(10)
        before = installation.now

        answer = installation.invoke("access_token", token_event(ACCOUNT, "1001", arn=BACK_END))

        assert installation.now - before == 5 * SECOND
        go_on.set()
        assert working.result() == []
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, str(120 - 5 + 1))


def test_no_refresh_is_begun_that_the_invocation_could_not_finish(installation: Installation, ada: User) -> None:
    installation.go_on(2 * INTERVAL)
    event = {"account_id": ACCOUNT, "user_id": "1001"}

    answer = installation.invoke("access_token", event, remaining=timedelta(seconds=71))

    assert answer["error"] == "temporarily_unavailable"
    assert (refreshes(installation), installation.grant(ada).lease_owner) == (0, None)
    assert "access_token" in installation.invoke("access_token", event)


@pytest.mark.parametrize("operation", ["GetItem", "GetSecretValue"])
@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException", "ThrottlingException"])
def test_without_aws_there_is_503_and_no_stack_trace(
    installation: Installation, ada: User, operation: str, code: str
) -> None:
    installation.calls.order(operation, code=code, status=400)

    status, answer = ask(installation, ada)

    assert (status, answer["error"]) == (503, "temporarily_unavailable")


def test_a_bug_is_503_and_its_text_is_not_shown(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": ada.pk}},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "canary-status"}},
    )

    status, answer = ask(installation, ada)

    logged = capsys.readouterr().out
    assert (status, answer["error"]) == (503, "temporarily_unavailable")
    assert "canary" not in logged + json.dumps(answer)
    assert audit_line(logged)["caller"] == BACK_END


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
