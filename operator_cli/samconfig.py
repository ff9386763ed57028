"""What `sam deploy --guided` remembers: the stack's name, region and profile, so that nobody types them again."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "samconfig.toml"
STACK = "le-app-auth"
_REGION_IS_SET = ("AWS_REGION", "AWS_DEFAULT_REGION")
_CREDENTIALS_ARE_SET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which stack, and where it is; None: AWS's own settings decide."""

    stack: str = STACK
    region: str | None = None
    profile: str | None = None

    @classmethod
    def read(cls, folder: Path, variables: Mapping[str, str]) -> Self:
        """Read it from a folder's samconfig.toml; the environment's AWS settings go before those of the file.

        Raises:
            OperatorError: the file cannot be read.
        """
        remembered = _read(folder / FILE)
        region_is_set = any(variables.get(name) for name in _REGION_IS_SET)
        credentials_are_set = any(variables.get(name) for name in _CREDENTIALS_ARE_SET)
        return cls(
            stack=remembered.get("stack_name") or STACK,
            region=None if region_is_set else remembered.get("region"),
            profile=None if credentials_are_set else remembered.get("profile"),
        )


def _read(path: Path) -> dict[str, Any]:
    """Give the parameters of `sam deploy`, its own before the global ones."""
    if not path.is_file():
        return {}
    try:
        default = tomllib.loads(path.read_text())["default"]
        sections = [default.get(section, {}).get("parameters", {}) for section in ("global", "deploy")]
        return {name: value for section in sections for name, value in section.items() if isinstance(value, str)}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise OperatorError(f"{path.name} in this folder cannot be read.", reason="samconfig") from error
