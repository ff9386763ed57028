"""The pages that people read, and the commands that stand in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
PAGES = [
    *(PROJECT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
    PROJECT / "tests/model/README.md",
]
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"(make|le-app-auth|\.tools/\S+) \S")
# What `make run` says, and no command.
_MESSAGES = {"make run is already under way in this folder"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of a page."""

    page: Path
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)

    def __str__(self) -> str:
        return f"{self.page.name}: {self.text}"


def blocks(page: Path, language: str) -> list[str]:
    return [text for _, found, text in _BLOCK.findall(page.read_text()) if found == language]


def commands() -> list[Command]:
    """Give every command of ours: in shell blocks, in console blocks after `$`, and in the text."""
    return [Command(page, text) for page in PAGES for text in _texts(page) if _COMMAND.match(text)]


def _texts(page: Path) -> Iterator[str]:
    for block in blocks(page, "sh"):
        yield from map(str.strip, block.replace("\\\n", " ").splitlines())
    for block in blocks(page, "console"):
        yield from re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    for span in re.findall(r"`([^`\n]+)`", _BLOCK.sub("", page.read_text())):
        if span not in _MESSAGES:
            yield span
