"""local/install-axe, with a made-up npm."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.local_scripts import PROJECT, add_tool, lay_out, run_script, runs_of_npm

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SCRIPT = "local/install-axe"
NPM = """#!/bin/sh
echo run >> runs
if [ -e broken ]; then echo "npm error integrity"; exit 1; fi
mkdir -p "$3/node_modules/axe-core"
touch "$3/node_modules/axe-core/axe.min.js"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a folder with the script, a lock file, the system's usual tools, and npm."""
    lay_out(tmp_path, SCRIPT, "tests/e2e")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROJECT / "tests/e2e" / name, tmp_path / "tests/e2e")
    add_tool(tmp_path, "npm", NPM)
    return tmp_path


def install(project: Path) -> subprocess.CompletedProcess[str]:
    return run_script(project, SCRIPT)


def test_axe_is_installed_once_and_again_when_the_lock_file_changes(project: Path) -> None:
    assert [install(project).returncode for _ in range(2)] == [0, 0]
    assert runs_of_npm(project) == 1
    assert (project / ".tools/axe/node_modules/axe-core/axe.min.js").is_file()

    (project / "tests/e2e/package-lock.json").write_text("{}")

    assert install(project).returncode == 0
    assert runs_of_npm(project) == 2


def test_without_npm_it_says_what_is_missing(project: Path) -> None:
    (project / "tools/npm").unlink()

    refused = install(project)

    assert refused.returncode == 1
    assert refused.stderr.startswith("npm is missing")
    assert "apt-get install npm" in refused.stderr


def test_what_cannot_be_installed_is_said_and_tried_again(project: Path) -> None:
    (project / "broken").touch()
    failed = install(project)
    (project / "broken").unlink()

    assert failed.returncode == 1
    assert "npm error integrity" in failed.stderr
    assert install(project).returncode == 0
