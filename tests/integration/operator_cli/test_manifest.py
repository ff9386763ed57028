"""`manifest` with a deployed stack's addresses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.installation import BASE_URL

if TYPE_CHECKING:
    from tests.support.operated import Operated

DESCRIBED = ("--client-name", "com.example.my-app", "--display-name", "My application", "--profiles", "0,1")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_it_is_json_that_can_be_handed_in_as_it_is(operate: Operated, form: tuple[str, ...]) -> None:
    manifest = json.loads(operate("manifest", *DESCRIBED, "--description", "Überall", *form).stdout)

    assert manifest["entry_uri"].endswith("/launch")
    assert manifest["redirect_uris"] == [f"{BASE_URL}/callback"]
    assert (manifest["client_name"], manifest["enabled_for_profiles"]) == ("com.example.my-app", [0, 1])
    assert manifest["description"] == "Überall"


def test_the_display_name_is_the_client_name_where_none_is_given(operate: Operated) -> None:
    manifest = json.loads(operate("manifest", "--client-name", "com.example.my-app", "--no-quick-launch").stdout)

    assert manifest["display_name"] == "com.example.my-app"
    assert manifest["quick_launch_enabled"] is False


def test_it_is_written_to_a_file_as_it_was_printed(operate: Operated) -> None:
    file = operate.folder / "liveperson-manifest.json"
    result = operate("manifest", *DESCRIBED, "--output", str(file))

    assert file.read_text() == result.stdout
    assert "doctor" in result.stderr


def test_a_file_that_cannot_be_written_is_an_error(operate: Operated) -> None:
    result = operate("manifest", *DESCRIBED, "--output", str(operate.folder / "none" / "liveperson-manifest.json"))

    assert result.exit_code == 1
    assert "cannot be written: No such file or directory." in result.stderr


def test_what_breaks_liveperson_s_limits_is_named_and_not_printed(operate: Operated) -> None:
    file = operate.folder / "liveperson-manifest.json"
    result = operate(
        "manifest", "--client-name", "n" * 129, "--description", "d" * 257, "--profiles", "0", "--output", str(file)
    )

    assert (result.exit_code, result.stdout, file.exists()) == (1, "", False)
    assert "for 3 reasons" in result.stderr
    assert "description has 257 characters" in result.stderr


def test_a_script_gets_the_violations(operate: Operated) -> None:
    document = operate.json("manifest", "--client-name", "com.example.my-app", code=1)

    assert document["error"] == "manifest"
    assert [violation.partition(" ")[0] for violation in document["violations"]] == ["quick_launch_enabled"]


@pytest.mark.parametrize(
    "arguments", [(), ("--client-name", "x", "--profiles", "0;1"), ("--client-name", "x", "--pro")]
)
def test_a_wrong_command_line(operate: Operated, arguments: tuple[str, ...]) -> None:
    assert operate("manifest", *arguments).exit_code == 2
