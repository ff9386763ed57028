"""local/install-dynamodb-local, with a made-up npm, java and apt-get."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.local_scripts import PROJECT, add_tool, lay_out, run_script, runs_of_npm

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SCRIPT = "local/install-dynamodb-local"
LOCKED = PROJECT / "requirements/dynamodb-local"
NPM = """#!/bin/sh
echo run >> runs
mkdir -p "$3/node_modules"
if [ -e broken ]; then echo "npm error integrity"; exit 1; fi
touch "$3/node_modules/.package-lock.json"
"""
# Installs what it is told to, where it may.
APT_GET = """#!/bin/sh
if [ "$1" = update ]; then exit; fi
if [ -e broken ]; then echo "E: Unable to fetch"; exit 1; fi
echo "$@" >> packages
touch tools/java && chmod +x tools/java
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a folder with the script, a lock file, the system's usual tools, npm and java."""
    lay_out(tmp_path, SCRIPT, "requirements")
    shutil.copytree(LOCKED, tmp_path / "requirements/dynamodb-local")
    for name, content in {"npm": NPM, "java": "#!/bin/sh\n", "id": "#!/bin/sh\necho 1000\n"}.items():
        add_tool(tmp_path, name, content)
    return tmp_path


def install(project: Path) -> subprocess.CompletedProcess[str]:
    return run_script(project, SCRIPT)


def test_it_is_installed_once_and_again_when_the_lock_file_changes(project: Path) -> None:
    assert [install(project).returncode for _ in range(2)] == [0, 0]
    assert runs_of_npm(project) == 1

    (project / "requirements/dynamodb-local/package-lock.json").write_text("{}")

    assert install(project).returncode == 0
    assert runs_of_npm(project) == 2


def test_without_npm_it_says_what_is_missing(project: Path) -> None:
    (project / "tools/npm").unlink()

    refused = install(project)

    assert refused.returncode == 1
    assert refused.stderr.startswith("npm is missing")


def test_without_java_it_says_what_is_missing_to_who_may_not_install_packages(project: Path) -> None:
    (project / "tools/java").unlink()

    refused = install(project)

    assert refused.returncode == 1
    assert refused.stderr.startswith("Java is missing")
    assert "apt-get install default-jre-headless" in refused.stderr


def test_java_is_installed_for_root(project: Path) -> None:
    (project / "tools/java").unlink()
    add_tool(project, "id", "#!/bin/sh\necho 0\n")
    add_tool(project, "apt-get", APT_GET)

    assert install(project).returncode == 0

    assert (project / "packages").read_text().split()[-1] == "default-jre-headless"
    assert runs_of_npm(project) == 1


@pytest.mark.parametrize(("missing", "reason"), [("java", "E: Unable to fetch"), ("nothing", "npm error integrity")])
def test_what_cannot_be_installed_is_said_and_tried_again(project: Path, missing: str, reason: str) -> None:
    (project / "tools" / missing).unlink(missing_ok=True)
    add_tool(project, "id", "#!/bin/sh\necho 0\n")
    add_tool(project, "apt-get", APT_GET)
    (project / "broken").touch()

    failed = install(project)

    assert failed.returncode == 1
    assert reason in failed.stderr
    (project / "broken").unlink()
    assert install(project).returncode == 0


def test_the_lock_file_pins_every_package_by_its_hash_and_names_no_registry() -> None:
    text = (LOCKED / "package-lock.json").read_text()
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}

    assert packages
    assert all(re.fullmatch(r"sha512-[\w+/]{86}==", package["integrity"]) for package in packages.values())
    assert "://" not in text
