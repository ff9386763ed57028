"""What the checks look at: the stack, and what several of them need of it, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from le_auth.settings import read_app_installs
from operator_cli.stack import find_resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from le_auth.domain.users import AppInstalls
    from le_auth.settings import Environment
    from operator_cli.run import Run
    from operator_cli.stack import DeployedStack


@dataclass(kw_only=True)
class Examination:
    """One run of the doctor.

    Args:
        manifest: the file that was handed to LivePerson, where it is at hand.
    """

    run: Run
    manifest: Path | None = None

    @property
    def stack(self) -> DeployedStack:
        return self.run.stack

    @cached_property
    def environment(self) -> Environment:
        return self.stack.environment()

    @property
    def app_installs(self) -> AppInstalls:
        """Raises: SettingError."""
        return read_app_installs(self.environment)

    @cached_property
    def resources(self) -> Mapping[str, str]:
        return find_resources(self.run.clients.cloudformation, self.stack.name)
