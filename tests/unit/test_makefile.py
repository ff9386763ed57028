"""The Makefile's list of targets, and the environments that `make setup` makes, here with a made-up Python and pip."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
# Makes an environment whose pip writes down that it ran, and fails where it is told to.
PYTHON = """#!/bin/sh
if [ "$1" = -V ]; then echo "Python 3.13.0"; exit; fi
mkdir -p "$3/bin"
cat > "$3/bin/pip" <<'END'
#!/bin/sh
echo run >> runs
if [ -e broken ]; then echo "ERROR: hashes do not match"; exit 1; fi
END
chmod +x "$3/bin/pip"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a folder with the script, a lock file, and Python."""
    for folder in ("local", "requirements", ".tools/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(PROJECT / "local/make-environment", tmp_path / "local")
    (tmp_path / "requirements/sam.txt").write_text("aws-sam-cli==1\n")
    python = tmp_path / ".tools/bin/python3.13"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def make_environment(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [project / "local/make-environment", "sam"], check=False, capture_output=True, text=True
    )


def runs_of_pip(project: Path) -> int:
    return (project / "runs").read_text().count("run")


@pytest.fixture(autouse=True)
def _here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def test_help_lists_each_target_in_one_line() -> None:
    command = ["make", "--no-print-directory", "-C", str(PROJECT), "help"]
    finished = subprocess.run(  # noqa: S603 - our own Makefile
        command, check=True, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
    )

    listed = [line.split()[1] for line in finished.stdout.splitlines()]
    targets = "help setup run sam-local deploy manifest secret doctor users "
    targets += "check test fuzz soak load bench dashboard format lock clean"
    assert set(listed) == set(targets.split())
    assert max(map(len, finished.stdout.splitlines())) <= 120


def test_what_is_given_to_make_reaches_the_operators_tool_as_it_is(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    python.chmod(0o755)
    given = ["CLIENT_NAME=com.example.my-app", 'DISPLAY_NAME=Ben\'s "app" `id`', "PROFILES=0,1", "ARGS=--scope 'a b'"]
    command = ["make", "--no-print-directory", "-C", str(PROJECT), "-o", "environment-operator", f"DEV={tmp_path}"]
    finished = subprocess.run(  # noqa: S603 - our own Makefile
        [*command, "manifest", *given], check=True, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
    )

    words = finished.stdout.splitlines()
    assert words[:5] == ["-m", "operator_cli", "manifest", "--output", "liveperson-manifest.json"]
    assert words[5:9] == ["--client-name", "com.example.my-app", "--display-name", 'Ben\'s "app" `id`']
    assert words[9:] == ["--profiles", "0,1", "--scope", "a b"]


def test_an_environment_is_made_once(project: Path) -> None:
    first, second = make_environment(project), make_environment(project)

    assert (first.returncode, second.returncode) == (0, 0)
    assert runs_of_pip(project) == 1
    assert second.stdout == second.stderr == ""


def test_an_environment_is_made_anew_when_its_lock_file_changes(project: Path) -> None:
    make_environment(project)
    (project / "requirements/sam.txt").write_text("aws-sam-cli==2\n")
    make_environment(project)

    assert runs_of_pip(project) == 2


def test_an_environment_is_made_anew_for_another_python(project: Path) -> None:
    make_environment(project)
    python = project / ".tools/bin/python3.13"
    python.write_text(PYTHON.replace("3.13.0", "3.13.1"))
    make_environment(project)

    assert runs_of_pip(project) == 2


def test_an_environment_that_cannot_be_made_says_why_and_is_tried_again(project: Path) -> None:
    (project / "broken").touch()
    failed = make_environment(project)
    (project / "broken").unlink()
    made = make_environment(project)

    assert failed.returncode == 1
    assert "ERROR: hashes do not match" in failed.stderr
    assert ".tools/sam could not be made" in failed.stderr.splitlines()[-1]
    assert made.returncode == 0
