"""Point 28: whole flows and faults with known secrets; every byte that was logged or shown is searched for them."""

from __future__ import annotations

import hashlib
import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import observe, wiring
from le_auth.browser import Route
from le_auth.domain.grants import Scope
from le_auth.domain.refusals import read_refusal
from le_auth.domain.token_answer import read_tokens
from le_auth.domain.users import User
from tests.support.api_events import token_event
from tests.support.breaks import broken_by
from tests.support.browser import parameters
from tests.support.installation import ACCOUNT, APP, INTERVAL, OTHER_SECRET, SEALING_KEY, SECRET
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.tokens import Tokens
    from le_auth.errors import LeAuthError
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation, Record

ADA = User(account_id=ACCOUNT, user_id="1001")


class Flow:
    """A person's way through the system, with everything that came out on the way.

    What the protocol itself puts into a redirect to LivePerson or into a cookie is no leak, so of those answers only
    status, body and the other headers are searched.
    """

    def __init__(self, installation: Installation, browser: Browser) -> None:
        self.installation, self.browser = installation, browser
        self.secrets = SecretsSeen()
        self.shown: list[str] = []
        for name, value in (("client secret", SECRET), ("client secret", OTHER_SECRET), ("sealing key", SEALING_KEY)):
            self.secrets.add(name, value)

    def visit(self, url: str, **headers: str) -> Answer:
        answer = self.browser.visit(url, **headers)
        for name, value in self.browser.cookies.items():
            self.secrets.add("cookie", value)
            self.secrets.add("state hash", name) if "-tx-" not in name else None
        searched = dict(answer["headers"])
        if answer["statusCode"] == 302:
            self.secrets.add("state", parameters(searched.pop("Location"))["state"])
        self.shown += [json.dumps(searched), answer["body"]]
        return answer

    def come_back(self) -> str:
        location = self.visit("/launch?return_to=/app")["headers"]["Location"]
        callback = self.browser.log_in(location)
        code = parameters(callback).get("code")
        if code is not None:
            self.secrets.add("code", code)
        return callback

    def refresh(self, user: User = ADA) -> None:
        self._note_tokens(user)
        self.installation.go_on(INTERVAL)
        records = self.installation.due(user)
        self.shown += [record["body"] for record in records]
        self.installation.work(records)
        self._note_tokens(user)

    def vend(self, user: User = ADA, **wish: Any) -> None:
        """Have a back end ask, by HTTP and directly. The access token is what the answers are for, the rest is not."""
        event = {"account_id": user.account_id, "user_id": user.user_id, **wish}
        asked = token_event(user.account_id, user.user_id, arn="arn:aws:iam::111122223333:user/back-end")
        self._note_tokens(user)
        answers = [self.installation.invoke("access_token", event)]
        self._note_tokens(user)
        answer = self.installation.invoke("access_token", asked)
        self.shown.append(json.dumps(answer["headers"]))
        answers.append(json.loads(answer["body"]))
        for content in answers:
            self._note("token", content.pop("access_token", None))
        self.shown += map(json.dumps, answers)
        self._note_tokens(user)

    def refresh_unsaved(self, user: User = ADA) -> list[Record]:
        """Have tokens refreshed that the table does not take; gives what waits to be rescued."""
        fault = self.installation.calls.order("UpdateItem", containing=":replaced")
        self.refresh(user)
        fault.times = 0
        records = self.installation.receive_rescues()
        self.shown += map(_unsealed, records)
        return records

    def _note(self, name: str, value: str | None) -> None:
        if value is not None:
            self.secrets.add(name, value)

    def _note_tokens(self, user: User) -> None:
        grant = self.installation.table.find(user)
        if grant is not None and grant.sealed is not None:
            for token in self.installation.tokens(user):
                self.secrets.add("token", token)
            self.secrets.add("sealed", grant.sealed.data.hex())

    def leaks(self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> list[str]:
        captured = capsys.readouterr()
        records = [f"{record.getMessage()} {record.__dict__} {_trace(record.exc_info)}" for record in caplog.records]
        return self.secrets.found_in("\n".join([captured.out, captured.err, *records, *self.shown]))


def _unsealed(record: Record) -> str:
    """Give what a rescue carries beside the sealed tokens."""
    content = json.loads(record["body"])
    assert content.pop("sealed")
    return json.dumps(content)


def _trace(exc_info: Any) -> str:
    return "".join(traceback.format_exception(*exc_info)) if exc_info else ""


@pytest.fixture
def flow(installation: Installation, browser: Browser, caplog: pytest.LogCaptureFixture) -> Flow:
    caplog.set_level("DEBUG", "le-app-auth")
    caplog.set_level("WARNING")
    return Flow(installation, browser)


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
    flow: Flow, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    callback = flow.come_back()
    assert flow.visit(callback)["statusCode"] == 303
    flow.visit("/")
    flow.visit("/session")
    flow.visit(callback)
    flow.refresh()
    flow.refresh()

    assert len(flow.secrets.values) > 12
    assert flow.leaks(capsys, caplog) == []


def test_point_28_nothing_secret_comes_out_of_vending_rescue_and_sign_out(
    flow: Flow, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
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

    assert len(flow.secrets.values) > 20
    assert flow.leaks(capsys, caplog) == []


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
    caplog: pytest.LogCaptureFixture,
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

    assert flow.leaks(capsys, caplog) == []


@pytest.mark.parametrize("operation", ["UpdateItem", "GetItem", "GetSecretValue", "SendMessage", "GetQueueAttributes"])
@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException", "ValidationException"])
def test_point_28_nothing_secret_comes_out_of_vending_and_rescue_when_aws_misbehaves(
    flow: Flow, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, operation: str, code: str
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

    assert flow.leaks(capsys, caplog) == []


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
    caplog: pytest.LogCaptureFixture,
    endpoint: str,
    kind: str,
    details: dict[str, Any],
) -> None:
    flow.installation.simulator.faults.order(endpoint, kind, **details)

    flow.visit(flow.come_back())
    flow.refresh()
    flow.refresh()
    flow.visit("/session")

    assert flow.leaks(capsys, caplog) == []


def quotes_the_answer(status: int, headers: Any, body: bytes) -> LeAuthError:
    error = read_refusal(status, headers, body)
    error.args = (f"{error} {body.decode()}",)
    return error


@broken_by("an error quotes the answer", {"le_auth.adapters.sentinel.read_refusal": quotes_the_answer})
def test_point_28_what_sentinel_says_of_a_failure_is_not_repeated(
    flow: Flow, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for status in (400, 401, 429, 500):
        flow.installation.simulator.faults.order("token-code", "status", status=status, body=SECRET)
        flow.visit(flow.come_back())

    assert flow.leaks(capsys, caplog) == []


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "GetItem", "GetSecretValue"])
@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException", "ValidationException"])
def test_point_28_nothing_secret_comes_out_when_aws_misbehaves(
    flow: Flow, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, operation: str, code: str
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

    assert flow.leaks(capsys, caplog) == []


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
    caplog: pytest.LogCaptureFixture,
    break_it: Callable[[Flow], None],
) -> None:
    callback = flow.come_back()
    flow.installation.start_cold()
    break_it(flow)

    assert flow.visit(callback)["statusCode"] == 500

    assert flow.leaks(capsys, caplog) == []


def _put(flow: Flow, name: str, content: str) -> None:
    flow.installation.emulator.secretsmanager.put_secret_value(
        SecretId=flow.installation.deployed.resources[name], SecretString=content
    )


@broken_by("the event is logged", logs_the_event())
@pytest.mark.parametrize("parameter", ["state", "code", "error", "error_description", "iss", "account_id", "return_to"])
def test_point_28_bad_input_is_not_repeated_in_a_log(
    flow: Flow, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, parameter: str
) -> None:
    value = "canary-value-of-a-parameter"
    flow.secrets.add("parameter", value)

    for path in ("/launch", "/callback", "/", "/session"):
        for query in (f"{parameter}={value}", f"{parameter}={value}&{parameter}={value}", f"{parameter}={value * 200}"):
            flow.visit(f"{path}?{query}", x_header=value)

    assert flow.leaks(capsys, caplog) == []


def test_what_is_searched_for_is_found_in_every_form() -> None:
    secrets = SecretsSeen()
    secrets.add("token", "0123456789abcdef0123456789abcdef0123456789abcdef")
    secrets.add("secret", SECRET)
    raw = bytes.fromhex("0123456789abcdef0123456789abcdef0123456789abcdef")

    import base64

    for output in (
        "0123456789abcdef0123456789abcdef0123456789abcdef",
        base64.b64encode(b"x" + raw + b"yz").decode(),
        base64.urlsafe_b64encode(raw).decode(),
        repr(raw),
    ):
        assert secrets.found_in(f"before {output} after") == ["token 0"]
    for output in (SECRET.upper(), SECRET.encode().hex(), base64.b64encode(b"ab" + SECRET.encode()).decode()):
        assert secrets.found_in(output) == ["secret 1"]
    assert secrets.found_in(hashlib.sha256(SECRET.encode()).hexdigest()) == []
