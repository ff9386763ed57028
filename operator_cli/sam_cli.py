"""SAM CLI on this folder's template, for a person who looks on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_TEMPLATE = "template.yaml"
_STANDARD_ERROR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SamCli:
    """SAM CLI.

    Args:
        path: of its program.
        folder: the template's, samconfig.toml's too.
        aside: its words go to standard error.
    """

    path: str
    folder: Path
    aside: bool

    @classmethod
    def find(cls, folder: Path, variables: Mapping[str, str], *, aside: bool) -> Self:
        """Find it: the variable SAM names it, as the Makefile does, else it is on PATH.

        Raises:
            OperatorError: it is not there, or this is no folder to deploy.
        """
        path = variables.get("SAM") or shutil.which("sam", path=variables.get("PATH"))
        if path is None:
            raise OperatorError(
                "SAM CLI is not here.", reason="sam_missing", remedy="`make deploy` installs it by itself."
            )
        if not (folder / _TEMPLATE).is_file():
            raise OperatorError(
                f"There is no {_TEMPLATE} in this folder.",
                reason="no_template",
                remedy="Run this in a clone of le-app-auth.",
            )
        return cls(path=path, folder=folder, aside=aside)

    def run(self, verb: str, *arguments: str) -> None:
        """Run one of its commands, which writes and asks for itself.

        Raises:
            OperatorError: it failed.
        """
        finished = self._start(verb, arguments, stdout=_STANDARD_ERROR if self.aside else None)
        if finished.returncode != 0:
            raise OperatorError(f"sam {verb} failed; its own words stand above.", reason="sam_failed")

    def run_quietly(self, verb: str, *arguments: str) -> None:
        """Run one that has nothing to ask; its words are shown where it fails.

        Raises:
            OperatorError: it failed.
        """
        finished = self._start(verb, arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if finished.returncode != 0:
            sys.stderr.write(finished.stdout)
            raise OperatorError(f"sam {verb} failed; its own words stand above.", reason="sam_failed")

    def _start(
        self, verb: str, arguments: Sequence[str], *, stdout: int | None, stderr: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - no shell; the arguments are the operator's own
            [self.path, verb, *arguments], check=False, cwd=self.folder, text=True, stdout=stdout, stderr=stderr
        )
