"""What LivePerson answers, and what it was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.findings import examine, says, verdicts
from tests.support.installation import ACCOUNT, APP, BASE_URL, OTHER_ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated


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
