"""The AppInstall secret and the sealing key: missing, malformed, or to be tidied up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.findings import examine, says, verdicts
from tests.support.installation import ACCOUNT, APP, OTHER_APP, SECRET

if TYPE_CHECKING:
    from tests.support.installation import Installation
    from tests.support.operated import Operated


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
