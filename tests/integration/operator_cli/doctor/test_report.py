"""`doctor` as a whole: where all is well, where much cannot be examined, and how it is told.

What needs the functions is in tests/e2e.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from operator_cli.checks.all import CHECKS
from tests.support.findings import examine, says, verdicts
from tests.support.installation import SECRET
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated

WITHOUT_FUNCTIONS = {"launch", "worker"}


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


def test_wrong_parameters_are_named_and_what_needs_them_is_left_out(new_stack: NewStack) -> None:
    findings = examine(new_stack(AppInstalls="le1=a,le1=b"))

    assert verdicts(findings, "parameters") == ["failed"]
    assert "AppInstalls" in says(findings, "parameters")
    assert verdicts(findings, "app-install-secret") == verdicts(findings, "launch") == ["skipped"]
    assert verdicts(findings, "schedule") == ["ok"]


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
