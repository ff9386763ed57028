"""Point 28: whole flows and faults with known secrets; every byte that was logged or shown is searched for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import observe, wiring
from le_auth.browser import Route
from le_auth.domain.grants import Scope
from le_auth.domain.refusals import read_refusal
from le_auth.domain.token_answer import read_tokens
from tests.support.breaks import broken_by
from tests.support.canaries import watch
from tests.support.installation import ACCOUNT, ADA, APP, INTERVAL, OTHER_SECRET, SEALING_KEY, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.tokens import Tokens
    from le_auth.errors import LeAuthError
    from tests.support.flow import Flow
    from tests.support.installation import Answer


def logs_the_event() -> dict[str, object]:
    answer = Route._answer

    def log_and_answer(self: Route, event: Any, respond: Any) -> Answer:
        observe.the_logger().info("request", extra={"event": event})
        return answer(self, event, respond)

    return {"le_auth.browser.Route._answer": log_and_answer}


def logs_tokens(answer: Any, **options: Any) -> Tokens:
    observe.the_logger().info(
        "tokens", extra={"token_type": answer["token_type"], "ends_in": answer["access_token"][-24:]}
    )
    return read_tokens(answer, **options)


READ_TOKENS = "le_auth.adapters.sentinel.read_tokens"


@broken_by("the event is logged", logs_the_event())
@broken_by("part of a token is logged", {READ_TOKENS: logs_tokens})
def test_point_28_nothing_secret_comes_out_of_a_whole_sign_in_and_refresh(
    flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = flow.come_back()
    assert flow.visit(callback)["statusCode"] == 303
    flow.visit("/")
    flow.visit("/session")
    flow.visit(callback)
    flow.refresh()
    flow.refresh()

    assert watch.canaries.total() > 12
    assert flow.leaks(capsys) == []


def test_point_28_nothing_secret_comes_out_of_vending_rescue_and_sign_out(
    flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    installation = flow.installation
    flow.visit(flow.come_back())
    flow.vend()
    installation.go_on(INTERVAL)
    flow.vend(min_valid_seconds=60)
    assert installation.land(flow.refresh_unsaved()) == []
    flow.vend()
    late = flow.refresh_unsaved()
    installation.sign_out(ADA, Scope.LIVEPERSON)
    assert installation.land(late) == []
    flow.vend()
    flow.visit("/session")

    assert watch.canaries.total() > 20
    assert flow.leaks(capsys) == []


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 400, "body": json.dumps({"error": SECRET})}),
        ("status", {"status": 401, "body": SECRET}),
        ("status", {"status": 503, "body": SECRET, "headers": {"X-Echo": SECRET}}),
        ("drop-after", {}),
        ("malformed-body", {}),
    ],
)
def test_point_28_nothing_secret_comes_out_when_sentinel_misbehaves_at_a_sign_out(
    flow: Flow,
    capsys: pytest.CaptureFixture[str],
    scope: Scope,
    kind: str,
    details: dict[str, Any],
) -> None:
    flow.visit(flow.come_back())
    late = flow.refresh_unsaved()
    flow.installation.simulator.faults.order("revoke", kind, times=None, **details)

    flow.installation.sign_out(ADA, scope)
    flow.installation.land(late)
    flow.refresh()
    flow.vend()

    assert flow.leaks(capsys) == []


@pytest.mark.parametrize("operation", ["UpdateItem", "GetItem", "GetSecretValue", "SendMessage", "GetQueueAttributes"])
@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException", "ValidationException"])
def test_point_28_nothing_secret_comes_out_of_vending_and_rescue_when_aws_misbehaves(
    flow: Flow, capsys: pytest.CaptureFixture[str], operation: str, code: str
) -> None:
    installation = flow.installation
    flow.visit(flow.come_back())
    late = flow.refresh_unsaved()
    flow.installation.go_on(INTERVAL)
    flow.vend()
    installation.start_cold()
    installation.calls.order(operation, code=code, status=400)

    installation.land(late)
    for _ in range(2):
        installation.go_on(INTERVAL)
        installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": "1001"}).pop("access_token", None)

    assert flow.leaks(capsys) == []


TOKEN_FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 400, "body": json.dumps({"error": "invalid_request", "error_description": SECRET})}),
    ("status", {"status": 400, "body": SECRET}),
    ("status", {"status": 401, "body": SECRET}),
    ("status", {"status": 418, "headers": {"X-Echo": SECRET}}),
    ("status", {"status": 500, "body": SECRET}),
    ("status", {"status": 429, "body": SECRET, "headers": {"Retry-After": SECRET}}),
    ("status", {"status": 302, "headers": {"Location": f"https://x.example/{SECRET}"}}),
    ("drop-before", {}),
    ("drop-after", {}),
    ("malformed-body", {}),
    ("truncated-body", {}),
    ("oversized-body", {}),
    ("wrong-content", {}),
    ("token-type", {"value": SECRET}),
    ("missing-fields", {"names": ["access_token"]}),
    ("fields", {"fields": {"access_token": ["canary-not-a-string"], "expires_in": SECRET}}),
    ("other-user", {}),
    ("id-claims", {"claims": {"iss": SECRET, "aud": SECRET}}),
    ("id-signature", {"value": "none"}),
]


@pytest.mark.parametrize(("kind", "details"), TOKEN_FAULTS)
@pytest.mark.parametrize("endpoint", ["token-code", "token-refresh"])
def test_point_28_nothing_secret_comes_out_when_sentinel_misbehaves(
    flow: Flow,
    capsys: pytest.CaptureFixture[str],
    endpoint: str,
    kind: str,
    details: dict[str, Any],
) -> None:
    flow.installation.simulator.faults.order(endpoint, kind, **details)

    flow.visit(flow.come_back())
    flow.refresh()
    flow.refresh()
    flow.visit("/session")

    assert flow.leaks(capsys) == []


def quotes_the_answer(status: int, headers: Any, body: bytes) -> LeAuthError:
    error = read_refusal(status, headers, body)
    error.args = (f"{error} {body.decode()}",)
    return error


@broken_by("an error quotes the answer", {"le_auth.adapters.sentinel.read_refusal": quotes_the_answer})
def test_point_28_what_sentinel_says_of_a_failure_is_not_repeated(
    flow: Flow, capsys: pytest.CaptureFixture[str]
) -> None:
    for status in (400, 401, 429, 500):
        flow.installation.simulator.faults.order("token-code", "status", status=status, body=SECRET)
        flow.visit(flow.come_back())

    assert flow.leaks(capsys) == []


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "GetItem", "GetSecretValue"])
@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException", "ValidationException"])
def test_point_28_nothing_secret_comes_out_when_aws_misbehaves(
    flow: Flow, capsys: pytest.CaptureFixture[str], operation: str, code: str
) -> None:
    assert flow.visit(flow.come_back())["statusCode"] == 303
    flow.installation.monkeypatch.setattr(wiring, "sleep", lambda _: flow.installation.go_on(INTERVAL))
    callback = flow.come_back()
    flow.installation.start_cold()
    records = flow.installation.due(ADA)
    flow.installation.calls.order(operation, code=code, status=400)

    flow.visit(callback)
    flow.visit("/")
    flow.installation.go_on(INTERVAL)
    flow.installation.invoke("refresh_worker", {"Records": records})

    assert flow.leaks(capsys) == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda flow: flow.installation.put_app_install_secret([SECRET, {"no": OTHER_SECRET}]),
        lambda flow: flow.installation.put_app_install_secret(7),
        lambda flow: _put(flow, "AppInstallSecret", f"{{{SECRET}"),
        lambda flow: _put(flow, "SealingKeySecret", f"{{{SEALING_KEY}"),
        lambda flow: _put(flow, "SealingKeySecret", json.dumps({"keys": [{"id": SEALING_KEY, "key": SECRET}]})),
        lambda flow: flow.installation.configure(AppInstalls=f"{ACCOUNT}={APP}={SECRET}"),
        lambda flow: flow.installation.configure(IdTokenPublicKey=SECRET),
    ],
)
def test_point_28_nothing_secret_comes_out_of_a_wrong_configuration(
    flow: Flow,
    capsys: pytest.CaptureFixture[str],
    break_it: Callable[[Flow], None],
) -> None:
    callback = flow.come_back()
    flow.installation.start_cold()
    break_it(flow)

    assert flow.visit(callback)["statusCode"] == 500

    assert flow.leaks(capsys) == []


def _put(flow: Flow, name: str, content: str) -> None:
    flow.installation.emulator.secretsmanager.put_secret_value(
        SecretId=flow.installation.deployed.resources[name], SecretString=content
    )


@broken_by("the event is logged", logs_the_event())
@pytest.mark.parametrize("parameter", ["state", "code", "error", "error_description", "iss", "account_id", "return_to"])
def test_point_28_bad_input_is_not_repeated_in_a_log(
    flow: Flow, capsys: pytest.CaptureFixture[str], parameter: str
) -> None:
    value = "canary-value-of-a-parameter"
    watch.keep("parameter", value)

    for path in ("/launch", "/callback", "/", "/session"):
        for query in (f"{parameter}={value}", f"{parameter}={value}&{parameter}={value}", f"{parameter}={value * 200}"):
            flow.visit(f"{path}?{query}", x_header=value)

    assert flow.leaks(capsys) == []
