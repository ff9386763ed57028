"""The commands that the pages and the operators' tool tell people to type are ones that exist."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import click
import pytest

from operator_cli.app import cli
from tests.support.docs import PAGES, PROJECT, Command, blocks, commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMANDS = commands()
FEWEST = 100
OPERATED = {"deploy", "manifest", "secret", "doctor", "users"}
VARIABLES = {
    "run": {"PORT", "DOMAIN_API_URL", "APP_INSTALLS", "PYTHON313"},
    "load": {"USERS", "REFRESHES"},
    "lock": {"UPGRADE"},
}
TOOL = (["le-app-auth"], [".tools/dev/bin/le-app-auth"], [".tools/dev/bin/python", "-m", "operator_cli"])


def makefile() -> str:
    return (PROJECT / "Makefile").read_text()


def operated(target: str, variables: dict[str, str]) -> list[str]:
    """Give the words after `operator_cli` that a target makes of its variables, as the Makefile says."""
    recipe = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile(), re.MULTILINE)[0]
    options = dict(re.findall(r'\$\$\{(\w+):\+(--[\w-]+) "\$\$\w+"\}', recipe))
    unknown = variables.keys() - options.keys() - {"ARGS"}
    assert not unknown, f"make {target} takes no {unknown}"
    given = [word for name, option in options.items() if name in variables for word in (option, variables[name])]
    return [target, *given, *shlex.split(variables.get("ARGS", ""))]


def parse(words: list[str]) -> None:
    """Parse a command line of the operators' tool as far as click does without running it."""
    node: click.Command = cli
    words = [*words] or ["--help"]
    while isinstance(node, click.Group) and words and words[0] not in {"-h", "--help"}:
        name = words.pop(0)
        assert name in node.commands, f"there is no {name}"
        node = node.commands[name]
    with suppress(click.exceptions.Exit):  # after --help
        node.make_context("le-app-auth", words)


def check_make(words: list[str]) -> None:
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    targets = [word for word in words if "=" not in word]
    assert targets
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile(), re.MULTILINE), f"there is no target {target}"
        if target in OPERATED:
            parse(operated(target, variables))
        else:
            assert variables.keys() <= VARIABLES.get(target, set())


def check(words: list[str]) -> None:
    """Fail unless this can be typed."""
    if words[0] == "make":
        check_make(words[1:])
        return
    for tool in TOOL:
        if words[: len(tool)] == tool:
            parse(words[len(tool) :])
            return
    files = [word for word in words[1:] if re.match(r"(tests|events|docs)/", word)]
    assert [name for name in files if not (PROJECT / name).exists()] == []


@pytest.fixture(autouse=True)
def _folder_with_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options that name a file want it to exist."""
    (tmp_path / "liveperson-manifest.json").touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_command_of_a_page_can_be_typed(command: Command) -> None:
    check(command.words)


def test_that_were_all_commands_and_not_just_a_few() -> None:
    assert len(COMMANDS) >= FEWEST


def remedies() -> Iterator[str]:
    """Give the commands that the operators' tool advises; what it fills in is `x1` here."""
    for path in sorted((PROJECT / "operator_cli").rglob("*.py")):
        nodes = [*ast.walk(ast.parse(path.read_text()))]
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            match node:
                case ast.JoinedStr(values=values):
                    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x1" for part in values)
                case ast.Constant(value=str(text)) if id(node) not in parts:
                    pass
                case _:
                    continue
            yield from re.findall(r"\bmake [a-z-]+ ARGS=(?:'[^']*'|\S+)", text)
            yield from map(
                "".join, re.findall(r"`(make [a-z-]+|le-app-auth [a-z][^`]*)`|: (le-app-auth [a-z].*)$", text)
            )


def advised() -> list[str]:
    return sorted({text.rstrip(".,;") for text in remedies()})


@pytest.mark.parametrize("text", advised())
def test_a_command_that_the_operators_tool_advises_can_be_typed(text: str) -> None:
    check(shlex.split(text.replace("x1", "rescue") if " replay " in text else text))


@pytest.mark.parametrize(
    "wrong",
    [
        "make deplyo",
        "make run USERS=5",
        "make manifest CLIENTNAME=x",
        "make doctor ARGS=--jsno",
        "le-app-auth user",
        "le-app-auth users --conditoin idle",
        ".tools/dev/bin/python -m pytest tests/unit/none",
    ],
)
def test_a_command_that_does_not_exist_is_noticed(wrong: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        check(shlex.split(wrong))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_bash_can_read_every_shell_block_of_a_page(page: Path) -> None:
    for block in blocks(page, "sh"):
        script = re.sub(r"<[^<>\n]+>", "x", block)  # what the reader fills in
        read = subprocess.run(["/bin/bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert read.returncode == 0, f"{block}\n{read.stderr}"
