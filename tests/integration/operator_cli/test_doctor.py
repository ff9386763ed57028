"""`doctor`: each check where all is well and where something is broken. What needs the functions is in tests/e2e."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from operator_cli.checks.all import CHECKS
from tests.integration.operator_cli.test_replay import put_dead_letters
from tests.support.installation import ACCOUNT, APP, BASE_URL, OTHER_ACCOUNT, OTHER_APP, SECRET
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated

WITHOUT_FUNCTIONS = {"launch", "worker"}


def examine(operate: Operated, *arguments: str) -> dict[str, list[dict[str, str]]]:
    """Give the findings by check."""
    found: dict[str, list[dict[str, str]]] = {}
    for finding in operate.json("doctor", *arguments, code=1)["checks"]:
        found.setdefault(finding["check"], []).append(finding)
    return found


def verdicts(findings: Mapping[str, list[dict[str, str]]], check: str) -> list[str]:
    return [finding["verdict"] for finding in findings[check]]


def says(findings: Mapping[str, list[dict[str, str]]], check: str) -> str:
    return " ".join(f"{finding['says']} {finding['remedy']}" for finding in findings[check])


@pytest.fixture
def working(installation: Installation) -> Installation:
    """An installation with a user, in which the scheduler has just run."""
    installation.sign_in()
    installation.schedule()
    installation.work(installation.receive())
    return installation


@pytest.mark.usefixtures("working")
def test_where_all_is_well_no_check_complains(operate: Operated) -> None:
    findings = examine(operate)

    wrong = [found for check, found in findings.items() if set(verdicts(findings, check)) & {"failed", "warning"}]
    assert {found[0]["check"] for found in wrong} == WITHOUT_FUNCTIONS
    assert set(findings) == {*CHECKS, "sentinel-host"}
    assert verdicts(findings, "app-install-secret") == verdicts(findings, "domain-api") == ["ok", "ok"]


def test_a_stack_that_is_not_there_is_named(operate: Operated) -> None:
    operate.stack = "not-there"

    assert operate.json("doctor", code=1)["error"] == "no_stack"


def test_a_stack_of_another_template_is_told_apart(new_stack: NewStack) -> None:
    findings = examine(new_stack({"TokenTableName": ""}))

    assert verdicts(findings, "token-age") == ["failed"]
    assert "no output TokenTableName" in says(findings, "token-age")


# ---- parameters ----


def test_wrong_parameters_are_named_and_what_needs_them_is_left_out(new_stack: NewStack) -> None:
    findings = examine(new_stack(AppInstalls="le1=a,le1=b"))

    assert verdicts(findings, "parameters") == ["failed"]
    assert "AppInstalls" in says(findings, "parameters")
    assert verdicts(findings, "app-install-secret") == verdicts(findings, "launch") == ["skipped"]
    assert verdicts(findings, "schedule") == ["ok"]


# ---- secrets ----


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("{}", "lacks an AppInstall id"),
        ("canary-not-json", "must be JSON"),
        (json.dumps({APP: "", OTHER_APP: ""}), "a list of secrets may stand"),
        (json.dumps({APP: f"{SECRET}\n", OTHER_APP: "two words"}), "no AppInstall secret"),
        (json.dumps({APP: APP, OTHER_APP: OTHER_APP}), "looks like an AppInstall id"),
    ],
)
def test_a_secret_that_is_missing_or_malformed(
    operate: Operated, working: Installation, stored: str, told: str
) -> None:
    arn = working.deployed.resources["AppInstallSecret"]
    working.emulator.secretsmanager.put_secret_value(SecretId=arn, SecretString=stored)

    findings = examine(operate)

    assert verdicts(findings, "app-install-secret") == ["failed", "failed"]
    assert told in says(findings, "app-install-secret")
    assert f"make secret ARGS='--account {ACCOUNT}" in says(findings, "app-install-secret")


def test_of_two_secrets_the_old_one_is_to_be_dropped(operate: Operated, working: Installation) -> None:
    working.put_app_install_secret(["canary-8c0e52d6f9a1b374", SECRET])

    assert verdicts(examine(operate), "app-install-secret") == ["warning", "ok"]


def test_a_secret_that_is_gone(operate: Operated, working: Installation) -> None:
    for secret in ("AppInstallSecret", "SealingKeySecret"):
        arn = working.deployed.resources[secret]
        working.emulator.secretsmanager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    findings = examine(operate)

    assert verdicts(findings, "app-install-secret") == ["failed", "failed"]
    assert verdicts(findings, "sealing-key") == ["failed"]


@pytest.mark.parametrize("stored", ["short", "{}", json.dumps({"keys": []}), json.dumps({"keys": [{"id": "a b"}]})])
def test_a_malformed_sealing_key(operate: Operated, working: Installation, stored: str) -> None:
    arn = working.deployed.resources["SealingKeySecret"]
    working.emulator.secretsmanager.put_secret_value(SecretId=arn, SecretString=stored)

    assert verdicts(examine(operate), "sealing-key") == ["failed"]


# ---- LivePerson ----


def test_an_account_that_the_domain_api_does_not_know(new_stack: NewStack) -> None:
    findings = examine(new_stack(AppInstalls=f"{ACCOUNT}={APP},le00000000={APP}"))

    assert verdicts(findings, "domain-api") == ["ok", "failed"]
    assert "Account le00000000" in says(findings, "domain-api")


def test_a_domain_api_that_fails(operate: Operated, working: Installation) -> None:
    working.simulator.faults.order("domain", "status", status=500, times=None)

    assert verdicts(examine(operate), "domain-api") == ["failed", "failed"]


def test_a_sentinel_host_that_is_not_allowed(operate: Operated, working: Installation) -> None:
    working.simulator.settings.sentinel_hosts = {OTHER_ACCOUNT: "sentinel.example.com"}

    findings = examine(operate)

    assert verdicts(findings, "sentinel-host") == ["ok", "failed"]
    assert "Ask LivePerson" in says(findings, "sentinel-host")


def test_a_pinned_host_saves_the_domain_api(new_stack: NewStack, liveperson_host: str) -> None:
    findings = examine(new_stack(SentinelDomain=liveperson_host))

    assert verdicts(findings, "domain-api") == ["skipped"]
    assert verdicts(findings, "sentinel-host") == ["ok", "ok"]


@pytest.fixture
def liveperson_host(installation: Installation) -> str:
    return installation.simulator.host


def test_a_launch_url_that_leads_nowhere(operate: Operated) -> None:
    findings = examine(operate)

    assert verdicts(findings, "launch") == ["failed", "failed"]
    assert "nothing answers" in says(findings, "launch")


# ---- what LivePerson was given ----


def hand_in(operate: Operated, folder: Path, **changes: Any) -> str:
    """Write the manifest into a file, changed."""
    printed = operate("manifest", "--client-name", "com.example.my-app", "--profiles", "0").stdout
    file = folder / "liveperson-manifest.json"
    file.write_text(json.dumps({**json.loads(printed), **changes}))
    return str(file)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "ok"),
        ({"redirect_uris": [f"{BASE_URL}/callback/"]}, "failed"),
        ({"redirect_uris": None}, "failed"),
        ({"entry_uri": "https://old.example.com/launch"}, "failed"),
        ({"client_name": "n" * 129}, "failed"),
    ],
)
def test_a_manifest_is_compared_with_the_stack(
    operate: Operated, tmp_path: Path, changes: dict[str, Any], verdict: str
) -> None:
    findings = examine(operate, "--manifest", hand_in(operate, tmp_path, **changes))

    assert set(verdicts(findings, "redirect-uri")) == {verdict}


def test_the_manifest_that_was_written_last_is_compared_unasked(operate: Operated) -> None:
    file = operate.folder / "liveperson-manifest.json"
    operate("manifest", "--client-name", "com.example.my-app", "--profiles", "0", "--output", str(file))
    assert verdicts(examine(operate), "redirect-uri") == ["ok"]

    file.write_text("{}")
    assert set(verdicts(examine(operate), "redirect-uri")) == {"failed"}


def test_a_file_that_is_no_manifest(operate: Operated, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("redirect_uris: ...")

    assert verdicts(examine(operate, "--manifest", str(tmp_path / "notes.txt")), "redirect-uri") == ["failed"]
    assert operate("doctor", "--manifest", str(tmp_path / "none")).exit_code == 2


def test_a_redirect_uri_that_is_too_long_for_liveperson(new_stack: NewStack) -> None:
    findings = examine(new_stack({"CallbackUrl": f"https://{'a' * 112}.example.com/callback"}))

    assert verdicts(findings, "redirect-uri") == ["failed", "skipped"]
    assert "141 characters" in says(findings, "redirect-uri")


# ---- schedule and queues ----


def schedule_of(installation: Installation, stack: str) -> str:
    client = installation.emulator.cloudformation
    [resource] = client.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return resource["PhysicalResourceId"]


def test_a_schedule_that_is_switched_off_or_gone(operate: Operated, working: Installation) -> None:
    scheduler, name = working.emulator.scheduler, schedule_of(working, operate.stack)
    found = scheduler.get_schedule(Name=name)
    scheduler.update_schedule(
        Name=name,
        State="DISABLED",
        ScheduleExpression=found["ScheduleExpression"],
        FlexibleTimeWindow=found["FlexibleTimeWindow"],
        Target=found["Target"],
    )
    assert verdicts(examine(operate), "schedule") == ["failed"]

    scheduler.delete_schedule(Name=name)
    assert "gone" in says(examine(operate), "schedule")


@pytest.mark.parametrize(("minutes", "verdict"), [(5, "ok"), (7, "failed")])
def test_a_scheduler_that_has_stopped(operate: Operated, working: Installation, minutes: int, verdict: str) -> None:
    working.go_on(timedelta(minutes=minutes))

    assert verdicts(examine(operate), "scheduler") == [verdict]


def test_a_scheduler_that_has_never_run(operate: Operated) -> None:
    assert verdicts(examine(operate), "scheduler") == ["failed"]


def send(installation: Installation, queue: str) -> None:
    installation.emulator.sqs.send_message(QueueUrl=installation.deployed.resources[queue], MessageBody="{}")


def test_a_queue_that_nobody_works_off(operate: Operated, working: Installation) -> None:
    send(working, "RefreshQueue")
    pauses: list[timedelta] = []
    operate.pause = pauses.append

    findings = examine(operate)

    assert verdicts(findings, "queue") == ["failed"]
    assert "1 refresh waits" in says(findings, "queue")
    assert sum(pauses, timedelta()) == timedelta(seconds=12)


def test_a_queue_that_is_being_worked_off(operate: Operated, working: Installation) -> None:
    send(working, "RefreshQueue")

    def take(_: timedelta) -> None:
        working.receive()

    operate.pause = take

    assert verdicts(examine(operate), "queue") == ["ok"]


def test_dead_letters(operate: Operated, working: Installation) -> None:
    put_dead_letters(working, "refresh", "{}", "{}")

    findings = examine(operate)

    assert verdicts(findings, "dead-letters") == ["ok", "failed"]
    assert "2 dead letters" in says(findings, "dead-letters")


def test_rescues_that_wait(operate: Operated, working: Installation) -> None:
    send(working, "RescueQueue")

    assert verdicts(examine(operate), "rescues") == ["failed"]


# ---- tokens ----


def test_tokens_that_are_overdue(operate: Operated, working: Installation) -> None:
    working.go_on(timedelta(minutes=50))

    findings = examine(operate)

    assert verdicts(findings, "token-age") == ["failed"]
    assert "the oldest 50 min old" in says(findings, "token-age")


def test_a_table_that_is_gone_keeps_no_other_check_from_being_made(new_stack: NewStack) -> None:
    findings = examine(new_stack({"TokenTableName": "not-there"}))

    assert verdicts(findings, "token-age") == verdicts(findings, "scheduler") == ["failed"]
    assert "Could not be checked: AWS answered ResourceNotFoundException" in says(findings, "token-age")
    assert verdicts(findings, "dead-letters") == ["ok", "ok"]


# ---- how it is told ----


@pytest.mark.usefixtures("working")
def test_a_person_reads_the_verdict_what_is_wrong_and_how_to_mend_it(operate: Operated) -> None:
    result = operate("doctor")

    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[0] == "ok      stack              The stack is deployed (CREATE_COMPLETE)."
    failed = next(number for number, line in enumerate(lines) if line.startswith("failed  launch"))
    assert lines[failed + 1].strip().startswith("With PublicBaseUrl: does the name lead to the API")
    assert lines[-1] == "16 ok, 4 failed, 1 skipped"


@pytest.mark.usefixtures("working")
def test_nothing_secret_is_told(operate: Operated, working: Installation, installation: Installation) -> None:
    secrets = SecretsSeen()
    for item in installation.items().values():
        if "sealed" in item:
            secrets.add("sealed", item["sealed"]["B"].hex())
    secrets.add("client secret", SECRET)
    working.put_app_install_secret([f"{SECRET} "])

    assert secrets.found_in(operate("doctor").output + operate("doctor", "--json").output) == []
