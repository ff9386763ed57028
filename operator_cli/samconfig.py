"""What `sam deploy --guided` remembers in samconfig.toml: which stack, where, with which parameters."""

from __future__ import annotations

import shlex
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "samconfig.toml"
STACK = "le-app-auth"
DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which stack, and where it is.

    As for SAM CLI, the file goes before the environment: what was deployed is what is looked at.

    Args:
        region, profile: None: AWS's own settings decide.
        parameters: by name, as the last guided deploy was told them; empty: there was none.
    """

    stack: str = STACK
    region: str | None = None
    profile: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, section: str = DEFAULT) -> Self:
        """Read a section of a folder's samconfig.toml, `--config-env` of SAM CLI.

        Raises:
            OperatorError: the file cannot be read.
        """
        try:
            remembered = _read(folder / FILE, section)
            return cls(
                stack=_text(remembered, "stack_name") or (STACK if section == DEFAULT else f"{STACK}-{section}"),
                region=_text(remembered, "region"),
                profile=_text(remembered, "profile"),
                parameters=_read_parameters(remembered.get("parameter_overrides", "")),
            )
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise OperatorError(f"{FILE} in this folder cannot be read.", reason="samconfig") from error


def _read(path: Path, section: str) -> dict[str, Any]:
    """Give the parameters of `sam deploy`, its own before the global ones."""
    if not path.is_file():
        return {}
    commands = tomllib.loads(path.read_text()).get(section, {})
    return {
        name: value
        for command in ("global", "deploy")
        for name, value in commands.get(command, {}).get("parameters", {}).items()
    }


def _text(remembered: Mapping[str, Any], name: str) -> str | None:
    value = remembered.get(name)
    return value if isinstance(value, str) and value else None


def _read_parameters(overrides: str | list[str]) -> dict[str, str]:
    """Read `Name="value" Name="value"`, or a list of such pairs."""
    pairs = shlex.split(overrides if isinstance(overrides, str) else " ".join(overrides))
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
