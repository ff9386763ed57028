"""`make run` from the outside, where it does not come far, and its parts around the stack."""

import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from local.runner.child import Child
from local.runner.command import main, only_one
from local.runner.errors import RunError
from local.runner.places import Places, architecture, require_tools
from local.runner.sam import API_ID, Deployed, _deploy_arguments, _reason, own_turn
from local.runner.stack import Stack
from local.runner.welcome import read_welcome
from local.simulator import DEFAULT_PASSWORD


def stack(simulator_url: str | None, parameters: Mapping[str, str] | None = None) -> Stack:
    template = {"Parameters": {"RefreshIntervalMinutes": {"Default": 30}}}
    return Stack(
        base_url="http://localhost:8400",
        aws=cast("object", SimpleNamespace(endpoint="http://127.0.0.1:4566")),  # type: ignore[arg-type]
        deployed=Deployed(outputs={}, functions={}, roles=[], template=template),
        simulator_url=simulator_url,
        parameters={"DomainApiUrl": "https://api.example.com", **(parameters or {})},
        children=[],
    )


def test_what_cannot_start_is_told_in_one_line_and_by_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"PORT": "none"}) == 1

    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "PORT must be" in told.err
    assert told.out == ""


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(RunError, match="already under way"), only_one(tmp_path):
        pass


def test_after_a_run_the_next_may_begin(tmp_path: Path) -> None:
    for _ in range(2):
        with only_one(tmp_path):
            assert (tmp_path / "lock").exists()


def test_runs_take_turns_at_the_build_folder(tmp_path: Path) -> None:
    places = Places(state=tmp_path, build=tmp_path)
    has_had_its_turn = threading.Event()

    def take_turn() -> None:
        with own_turn(places):
            has_had_its_turn.set()

    with own_turn(places):
        other = threading.Thread(target=take_turn)
        other.start()
        assert not has_had_its_turn.wait(0.2)
    assert has_had_its_turn.wait(10)
    other.join()


def test_a_missing_tool_is_told_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing: run `make setup` first"):
        require_tools(Places(state=tmp_path, tools=tmp_path / "tools"))


def test_another_system_than_linux_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(RunError, match="needs Linux"):
        require_tools(Places(state=tmp_path))


@pytest.mark.parametrize(
    ("machine", "expected"), [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_the_machines_architecture_is_named_in_lambdas_words(
    machine: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert architecture() == expected


def test_parameters_are_handed_to_the_deploy_with_the_tag_that_pins_the_apis_id(tmp_path: Path) -> None:
    parameters = {"AppInstalls": "le1=a,le2=b", "PublicBaseUrl": "http://localhost:8400", "SentinelDomain": ""}

    arguments = _deploy_arguments(tmp_path, parameters)

    assert arguments[arguments.index("--tags") + 1] == f"ms-custom-id={API_ID}"
    assert arguments[arguments.index("--parameter-overrides") + 1 :] == [
        "AppInstalls=le1=a,le2=b",
        "PublicBaseUrl=http://localhost:8400",
        'SentinelDomain=""',
    ]


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("Building\nError: Failed: WARNING: x\nERROR: No matching distribution\nmake: ***", "No matching distribution"),
        ("Building\nError: The template is broken\n", "The template is broken"),
        ("one\n\ntwo\n", "one | two"),
        ("", "no output"),
    ],
)
def test_the_reason_of_a_failed_build_is_found_in_its_log(tmp_path: Path, log: str, expected: str) -> None:
    with Child("sam", ["true"], env={}, log=tmp_path / "sam.log", cwd=tmp_path) as child:
        child.finish()
        child.log.write_text(log)
        assert _reason(child) == expected


def test_the_welcome_says_where_to_open_and_how_to_sign_in() -> None:
    welcome = read_welcome(stack("http://127.0.0.1:7000"), Places(state=Path("/state")))

    assert "http://localhost:8400/launch" in welcome
    assert DEFAULT_PASSWORD in welcome
    assert "every 30 minutes" in welcome
    assert "Safari" in welcome
    assert "Ctrl-C" in welcome


def test_with_another_liveperson_the_welcome_names_the_redirect_uri_to_register() -> None:
    welcome = read_welcome(stack(None, {"RefreshIntervalMinutes": "10"}), Places(state=Path("/state")))

    assert "https://api.example.com" in welcome
    assert "http://localhost:8400/callback" in welcome
    assert "every 10 minutes" in welcome
    assert DEFAULT_PASSWORD not in welcome
