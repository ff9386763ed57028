"""Who gets no token, or none that is fresh, and how a back end is told."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Scope, Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from tests.support.answers import json_of
from tests.support.api_events import token_event
from tests.support.back_end import BACK_END, ask, audit_line, request, vend
from tests.support.installation import ACCOUNT, INTERVAL, Installation
from tests.support.refreshes import refresh_under_way, refreshes

if TYPE_CHECKING:
    from le_auth.domain.users import User

SECOND = timedelta(seconds=1)


@pytest.fixture
def ada(installation: Installation) -> User:
    """Somebody who signed in at noon."""
    return installation.sign_in("1001")


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


@pytest.mark.parametrize(
    "path",
    [
        "/token/le1234567%38/1001",
        "/token/le87654321/../le12345678/1001/",
        "/token/le87654321/../../token/le12345678/1001",
        "/token/le87654321/%2e%2e/%2e%2e/token/le12345678/1001",
        "/token/le87654321/1001//../../../token/le12345678/1001",
        "/",
        None,
    ],
)
def test_point_27_a_path_that_iam_may_have_judged_otherwise_gets_400(
    installation: Installation, ada: User, path: str | None
) -> None:
    """API Gateway gives the parameters without their escapes; a policy speaks of the path."""
    event = token_event(ada.account_id, ada.user_id, arn=BACK_END) | {"rawPath": path}

    answer = installation.invoke("access_token", event)

    assert (answer["statusCode"], json_of(answer)["error"]) == (400, "invalid_request")
    assert installation.calls.operations == []


@pytest.mark.parametrize("prefix", ["", "/auth", "/a/b"])
def test_a_path_below_a_custom_domains_mapping_is_as_good(installation: Installation, ada: User, prefix: str) -> None:
    event = token_event(ada.account_id, ada.user_id, arn=BACK_END)
    event["rawPath"] = prefix + event["rawPath"]

    assert installation.invoke("access_token", event)["statusCode"] == 200


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


def test_a_rotation_that_was_possibly_lost_is_counted_once(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.simulator.faults.order("token-refresh", "drop-after")
    installation.go_on(INTERVAL)
    vend(installation, ada)
    vend(installation, ada)
    installation.go_on(LEASE_TIME + GRACE + SECOND)
    capsys.readouterr()

    assert [vend(installation, ada)["error"] for _ in range(2)] == ["reauthorization_required"] * 2

    logged = capsys.readouterr().out
    assert logged.count('"RotationLost":[1.0]') == 1
    assert '"AuthorizationLost":[1.0]' in logged
    assert installation.grant(ada).last_error == "rotation_lost"


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

    answer = request(installation, ada)

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

    given = request(installation, ada)
    waits = request(installation, ada)

    grace = int((LEASE_TIME + GRACE).total_seconds())
    assert [answer["headers"]["Retry-After"] for answer in (given, waits)] == [str(grace + 1)] * 2
    assert refreshes(installation) == 1
    installation.go_on(LEASE_TIME + GRACE + SECOND)
    assert ask(installation, ada)[0] == 200
    assert refreshes(installation) == 2


def test_another_refresh_that_takes_long_is_waited_for_five_seconds(installation: Installation, ada: User) -> None:
    installation.go_on(2 * INTERVAL)

    with refresh_under_way(installation, installation.due(ada)):
        before = installation.now
        answer = request(installation, ada)
        assert installation.now - before == 5 * SECOND

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, str(120 - 5 + 1))


def test_no_refresh_is_begun_that_the_invocation_could_not_finish(installation: Installation, ada: User) -> None:
    installation.go_on(2 * INTERVAL)
    event = {"account_id": ACCOUNT, "user_id": "1001"}

    answer = installation.invoke("access_token", event, remaining=timedelta(seconds=71))

    assert answer["error"] == "temporarily_unavailable"
    assert (refreshes(installation), installation.grant(ada).lease_owner) == (0, None)
    assert "access_token" in installation.invoke("access_token", event)


def test_a_clock_that_is_set_back_lets_no_refresh_begin_that_the_invocation_could_not_finish(
    installation: Installation, ada: User
) -> None:
    installation.go_on(2 * INTERVAL + 60 * SECOND)

    def take_twenty_seconds() -> None:
        installation.go_on(20 * SECOND)
        installation.clock_is_off = -60 * SECOND

    installation.calls.order("GetSecretValue", "meanwhile", times=1, then=take_twenty_seconds)

    assert ask(installation, ada)[0] == 503
    assert (refreshes(installation), installation.grant(ada).lease_owner) == (0, None)


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
