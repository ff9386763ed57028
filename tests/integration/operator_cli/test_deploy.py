"""`deploy`: what SAM CLI, here a script that notes its calls, is asked to do. tests/e2e has the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.operated import Operated

# Guided, it remembers what the file "answers" has; it fails at the verb that a file names.
SAM = """#!/bin/sh
echo "$@" >> calls
echo "sam $1 speaks"
if [ "$1" = deploy ] && [ /dev/fd/1 -ef /dev/fd/2 ]; then touch speaks-aside; fi
case "$*" in *--guided*) cat answers > samconfig.toml ;; esac
test ! -e "fails-$1"
"""
ANSWERS = """
[default.deploy.parameters]
parameter_overrides = "AppInstalls=\\"le12345678=pending\\" Architecture=\\"{architecture}\\""
"""


@pytest.fixture
def team(operate: Operated) -> Operated:
    """A person at a clone of the project that was never deployed."""
    (operate.folder / "template.yaml").touch()
    (operate.folder / "answers").write_text(ANSWERS.format(architecture="arm64"))
    sam = operate.folder / "sam"
    sam.write_text(SAM)
    sam.chmod(0o755)
    operate.variables = {"SAM": str(sam)}
    operate.is_attended = True
    return operate


def calls(folder: Path) -> list[str]:
    noted = folder / "calls"
    return noted.read_text().splitlines() if noted.exists() else []


def remember(team: Operated, architecture: str = "arm64") -> None:
    (team.folder / "samconfig.toml").write_text(ANSWERS.format(architecture=architecture))


def test_the_first_time_it_asks_and_says_what_comes_next(team: Operated) -> None:
    result = team("deploy")

    assert result.exit_code == 0, result.output
    assert calls(team.folder) == [
        "build --parameter-overrides Architecture=arm64",
        f"deploy --stack-name {team.stack} --guided",
    ]
    assert "AWS account 000000000000, region us-east-1" in result.stdout
    assert "Commit samconfig.toml" in result.stdout


def test_what_is_remembered_is_not_asked_again(team: Operated) -> None:
    remember(team)

    result = team("deploy")

    assert calls(team.folder)[-1] == f"deploy --stack-name {team.stack}"
    assert "Commit" not in result.stdout


def test_a_person_may_ask_to_be_asked_again_and_a_pipeline_not_to_be(team: Operated) -> None:
    remember(team)
    team("deploy", "--guided")
    team.is_attended = False
    team("deploy", "--yes")

    assert [call.partition(team.stack)[2] for call in calls(team.folder) if call.startswith("deploy")] == [
        " --guided",
        " --no-confirm-changeset",
    ]


def test_where_nobody_can_be_asked_nothing_is_begun(team: Operated) -> None:
    team.is_attended = False

    assert team.json("deploy", code=1)["error"] == "nobody_to_ask"
    assert calls(team.folder) == []


def test_what_was_built_is_for_the_architecture_that_is_remembered(team: Operated) -> None:
    remember(team, "x86_64")
    team("deploy")

    assert calls(team.folder)[0] == "build --parameter-overrides Architecture=x86_64"


def test_an_architecture_chosen_while_deploying_is_built_and_deployed_at_once(team: Operated) -> None:
    (team.folder / "answers").write_text(ANSWERS.format(architecture="x86_64"))

    team("deploy")

    assert calls(team.folder)[2:] == [
        "build --parameter-overrides Architecture=x86_64",
        f"deploy --stack-name {team.stack}",
    ]


def test_another_section_of_samconfig_is_handed_on(team: Operated) -> None:
    team("deploy", "--config-env", "test")

    assert calls(team.folder)[1] == f"deploy --stack-name {team.stack} --config-env test --guided"


@pytest.mark.parametrize(("verb", "reached"), [("build", 1), ("deploy", 2)])
def test_it_ends_where_sam_cli_fails(team: Operated, verb: str, reached: int) -> None:
    (team.folder / f"fails-{verb}").touch()

    assert team.json("deploy", code=1)["error"] == "sam_failed"
    assert len(calls(team.folder)) == reached


def test_of_the_build_a_person_reads_only_why_it_failed(team: Operated) -> None:
    assert "sam build speaks" not in team("deploy").output

    (team.folder / "fails-build").touch()
    assert "sam build speaks\nError: sam build failed" in team("deploy").stderr


def test_without_a_region_nothing_is_begun(team: Operated, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    assert team.json("deploy", code=1)["error"] == "aws_region"
    assert calls(team.folder) == []


def test_a_script_gets_the_outputs_and_sam_cli_s_words_aside(team: Operated) -> None:
    document = team.json("deploy")

    assert document["outputs"]["LaunchUrl"].endswith("/launch")
    assert (team.folder / "speaks-aside").exists()


def test_it_says_what_is_missing(team: Operated) -> None:
    (team.folder / "template.yaml").unlink()
    assert team.json("deploy", code=1)["error"] == "no_template"

    team.variables = {"PATH": str(team.folder / "nothing")}
    assert team.json("deploy", code=1)["error"] == "sam_missing"
