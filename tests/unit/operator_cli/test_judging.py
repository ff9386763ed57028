"""The doctor's verdicts, each where all is well and where it is not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters.http import HttpAnswer
from le_auth.domain.checkpoint import Checkpoint
from le_auth.domain.secret import Secret
from operator_cli.checks import liveperson, refreshing, secrets, settings, tokens
from operator_cli.checks.examination import Examination
from operator_cli.checks.finding import Verdict
from operator_cli.dead_letters import QueueCounts
from operator_cli.manifests import Application, write_manifest
from operator_cli.output import Output
from operator_cli.run import Run, Surroundings
from operator_cli.stack import DeployedStack
from operator_cli.user_records import Condition
from tests.support.operated import NOON, a_record, a_stack

if TYPE_CHECKING:
    from operator_cli.checks.finding import Finding

ACCOUNT, CLIENT_ID = "le12345678", "75588e18-0213-4e33-8174-883acac7e3c4"
LAUNCH, CALLBACK = "https://auth.example.com/launch", "https://auth.example.com/callback"
INTERVAL = timedelta(minutes=30)


def verdicts(*findings: Finding) -> list[str]:
    assert all(finding.remedy for finding in findings if finding.verdict in {Verdict.WARNING, Verdict.FAILED})
    return [finding.verdict for finding in findings]


# ---- stack and parameters ----


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("CREATE_COMPLETE", "ok"),
        ("UPDATE_COMPLETE", "ok"),
        ("IMPORT_COMPLETE", "ok"),
        ("UPDATE_ROLLBACK_COMPLETE", "warning"),
        ("UPDATE_IN_PROGRESS", "warning"),
        ("ROLLBACK_COMPLETE", "failed"),
        ("UPDATE_ROLLBACK_FAILED", "failed"),
        ("DELETE_FAILED", "failed"),
    ],
)
def test_the_stack_s_status(status: str, verdict: str) -> None:
    assert verdicts(settings.judge_status(status)) == [verdict]


def check_parameters(**parameters: str) -> list[Finding]:
    given = {"AppInstalls": f"{ACCOUNT}={CLIENT_ID}", **parameters}
    stack = DeployedStack(name="le-app-auth", status="CREATE_COMPLETE", parameters=given, outputs={})
    run = Run(surroundings=Surroundings(), out=Output(as_json=False))
    run.__dict__["stack"] = stack
    return list(settings.check_parameters(Examination(run=run)))


def test_right_parameters() -> None:
    [finding] = check_parameters()

    assert verdicts(finding) == ["ok"]
    assert ACCOUNT in finding.says


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"AppInstalls": f"{ACCOUNT}={CLIENT_ID},{ACCOUNT}={CLIENT_ID}"}, "AppInstalls"),
        ({"SentinelDomain": "sentinel.example.com"}, "SentinelDomain must be a host under one of SentinelHosts."),
        ({"DomainApiUrl": "http://api.example.com"}, "DomainApiUrl"),
        ({"PublicBaseUrl": "http://auth.example.com"}, "PublicBaseUrl"),
        ({"ReturnOrigins": "https://app.example.com/path"}, "ReturnOrigins"),
        ({"RefreshIntervalMinutes": "7"}, "RefreshIntervalMinutes"),
        ({"IdleDays": "-1"}, "IdleDays"),
        ({"SessionHours": "0"}, "SessionHours"),
        ({"IdTokenPublicKey": "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"}, "IdTokenPublicKey"),
    ],
)
def test_a_wrong_parameter_is_named_as_in_the_template(parameters: dict[str, str], named: str) -> None:
    [finding] = check_parameters(**parameters)

    assert verdicts(finding) == ["failed"]
    assert named in finding.says


def test_all_wrong_parameters_are_named_at_once() -> None:
    assert verdicts(*check_parameters(RefreshIntervalMinutes="7", IdleDays="-1")) == ["failed", "failed"]


def test_an_app_install_id_that_is_still_a_placeholder() -> None:
    [finding] = check_parameters(AppInstalls=f"{ACCOUNT}=pending")

    assert verdicts(finding) == ["warning"]
    assert "pending" in finding.says


# ---- secrets ----


@pytest.mark.parametrize(
    ("listed", "verdict"),
    [
        (["canary-secret-0000001"], "ok"),
        (["canary-secret-0000002", "canary-secret-0000001"], "warning"),
        ([CLIENT_ID], "failed"),
        (["canary-secret-0000001", "canary two words"], "failed"),
    ],
)
def test_the_form_of_stored_secrets(listed: list[str], verdict: str) -> None:
    finding = secrets.judge_listed(ACCOUNT, CLIENT_ID, [Secret(value) for value in listed])

    assert verdicts(finding) == [verdict]
    assert "canary" not in repr(finding)


# ---- launch ----


def an_answer(status: int = 302, **query: str) -> HttpAnswer:
    sent = {"redirect_uri": CALLBACK, "client_id": CLIENT_ID, **query}
    location = "https://lo.sentinel.liveperson.net/sentinel/api/account/x/authorize?" + "&".join(
        f"{name}={value}" for name, value in sent.items()
    )
    return HttpAnswer(status=status, headers={"Location": location}, body=b"")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (an_answer(), "ok"),
        (an_answer(redirect_uri="https://other.example.com/callback"), "failed"),
        (an_answer(client_id="pending"), "failed"),
        (an_answer(404), "failed"),
        (an_answer(500), "failed"),
        (an_answer(503), "failed"),
        (an_answer(418), "failed"),
        (HttpAnswer(status=302, headers={}, body=b""), "failed"),
    ],
)
def test_what_launch_answers(answer: HttpAnswer, verdict: str) -> None:
    assert verdicts(liveperson.judge_launch(ACCOUNT, CLIENT_ID, answer, callback_url=CALLBACK)) == [verdict]


# ---- manifest ----


def judge_manifest(manifest: object) -> list[Finding]:
    return list(liveperson.judge_manifest(manifest, a_stack(LaunchUrl=LAUNCH, CallbackUrl=CALLBACK)))


def a_manifest(**changes: Any) -> dict[str, Any]:
    application = Application(
        client_name="com.example.my-app", display_name="", description="", profiles=[0], quick_launch=True
    )
    return {**write_manifest(application, launch_url=LAUNCH, callback_url=CALLBACK), **changes}


def test_a_manifest_with_the_stack_s_addresses() -> None:
    assert verdicts(*judge_manifest(a_manifest())) == ["ok"]


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        (a_manifest(redirect_uris=[f"{CALLBACK}/"]), f"lack exactly {CALLBACK}"),
        (a_manifest(entry_uri="https://old.example.com/launch"), f"is not {LAUNCH}"),
        (a_manifest(client_name=""), "client_name is missing"),
        (["not", "an", "object"], "no JSON object"),
        (None, "no JSON object"),
    ],
)
def test_a_manifest_that_does_not_fit_the_stack(manifest: object, named: str) -> None:
    [finding] = judge_manifest(manifest)

    assert verdicts(finding) == ["failed"]
    assert named in finding.says


# ---- schedule, scheduler, worker ----


@pytest.mark.parametrize(("state", "verdict"), [("ENABLED", "ok"), ("DISABLED", "failed"), (None, "failed")])
def test_the_schedule(state: str | None, verdict: str) -> None:
    assert verdicts(refreshing.judge_schedule(state)) == [verdict]


NOON_MINUTE = int(NOON.timestamp()) // 60


@pytest.mark.parametrize(
    ("finished", "verdict"),
    [(NOON_MINUTE, "ok"), (NOON_MINUTE - 1, "ok"), (NOON_MINUTE - 6, "ok"), (NOON_MINUTE - 7, "failed"), (0, "failed")],
)
def test_the_minute_that_the_scheduler_finished_last(finished: int, verdict: str) -> None:
    assert verdicts(refreshing.judge_checkpoint(Checkpoint(finished_minute=finished), now=NOON)) == [verdict]


def test_a_scheduler_that_has_never_run() -> None:
    assert verdicts(refreshing.judge_checkpoint(None, now=NOON)) == ["failed"]


@pytest.mark.parametrize(
    ("state", "verdict"),
    [("Enabled", "ok"), ("Enabling", "warning"), ("Disabled", "failed"), ("Disabling", "failed"), (None, "failed")],
)
def test_what_the_worker_is_given_of_a_queue(state: str | None, verdict: str) -> None:
    assert verdicts(refreshing.judge_source("RefreshQueue", state)) == [verdict]


# ---- queues ----


def counts(visible: int, in_flight: int = 0) -> QueueCounts:
    return QueueCounts(visible=visible, in_flight=in_flight, delayed=0)


@pytest.mark.parametrize(
    ("first", "later", "verdict"),
    [
        (counts(0), counts(0), "ok"),
        (counts(0, 12), counts(0, 12), "ok"),
        (counts(9), counts(8), "ok"),
        (counts(9), counts(9, 1), "ok"),
        (counts(9), counts(9), "failed"),
        (counts(9), counts(12), "failed"),
        (counts(9, 3), counts(9, 3), "failed"),
    ],
)
def test_whether_the_queue_drains(first: QueueCounts, later: QueueCounts, verdict: str) -> None:
    assert verdicts(refreshing.judge_queue(first, later)) == [verdict]


@pytest.mark.parametrize(("number", "verdict"), [(0, "ok"), (1, "failed"), (3000, "failed")])
def test_dead_letters(number: int, verdict: str) -> None:
    finding = refreshing.judge_dead_letters("rescue", "RescueQueue", number)

    assert verdicts(finding) == [verdict]
    assert not number or "replay rescue" in finding.remedy


@pytest.mark.parametrize(("number", "verdict"), [(0, "ok"), (1, "failed"), (2, "failed")])
def test_rescues_that_wait(number: int, verdict: str) -> None:
    assert verdicts(refreshing.judge_rescues(number)) == [verdict]


# ---- the oldest token ----


def ages(*records: dict[str, Any]) -> tokens.Ages:
    found = tokens.Ages()
    for changes in records:
        found.note(a_record(**changes), now=NOON, interval=INTERVAL)
    return found


def aged(minutes: int, **changes: Any) -> dict[str, Any]:
    return {"refreshed_at": NOON - timedelta(minutes=minutes), **changes}


@pytest.mark.parametrize(
    ("found", "verdict", "named"),
    [
        (ages(), "ok", "Nobody"),
        (ages(aged(1), aged(44), aged(9)), "ok", "44 min"),
        (ages(aged(1), aged(90)), "failed", "1 token is overdue, the oldest 90 min"),
        (ages(aged(90, failures=9, last_error="client_refused")), "failed", "client_refused 1 times"),
        (ages(aged(10, failures=1, last_error="sentinel_unavailable")), "warning", "sentinel_unavailable"),
        (ages(aged(9000, is_scheduled=False), aged(5)), "ok", "5 min"),
    ],
)
def test_the_oldest_token_against_the_interval(found: tokens.Ages, verdict: str, named: str) -> None:
    finding = tokens.judge_ages(found, now=NOON)

    assert verdicts(finding) == [verdict]
    assert named in finding.says


def test_idle_users_are_counted_and_do_not_count_as_old() -> None:
    found = ages(aged(9000, is_scheduled=False))

    assert (found.oldest, found.conditions) == (None, Counter({Condition.IDLE: 1}))
