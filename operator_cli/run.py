"""One run of a command: on which stack, through which clients, told where."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from le_auth.adapters.refresh_queue import RefreshQueue
from le_auth.adapters.token_table import TokenTable
from le_auth.settings import read_interval
from le_auth.wiring import sleep, utc_now
from operator_cli.aws import Clients
from operator_cli.samconfig import DEFAULT, Target
from operator_cli.stack import DeployedStack, find_stack
from operator_cli.user_records import UserRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from operator_cli.output import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run takes from outside of its command line.

    Args:
        is_attended: whether somebody is there to be asked.
    """

    clock: Callable[[], datetime] = utc_now
    pause: Callable[[timedelta], None] = sleep
    folder: Path = field(default_factory=Path.cwd)
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)
    is_attended: Callable[[], bool] = field(default=lambda: sys.stdin.isatty())  # noqa: PLW0108 - stdin as it is then


@dataclass(kw_only=True)
class Run:
    """One run.

    Args:
        stack_name, region, profile: as typed; None: as samconfig.toml says, else the environment.
        section: of samconfig.toml.
    """

    surroundings: Surroundings
    out: Output
    stack_name: str | None = None
    region: str | None = None
    profile: str | None = None
    section: str = DEFAULT

    @property
    def now(self) -> datetime:
        return self.surroundings.clock()

    @cached_property
    def target(self) -> Target:
        remembered = Target.read(self.surroundings.folder, self.section)
        return Target(
            stack=self.stack_name or remembered.stack,
            region=self.region or remembered.region,
            profile=self.profile or remembered.profile,
            parameters=remembered.parameters,
        )

    @cached_property
    def clients(self) -> Clients:
        return Clients(profile=self.target.profile, region=self.target.region)

    @cached_property
    def stack(self) -> DeployedStack:
        return find_stack(self.clients.cloudformation, self.target.stack)

    @property
    def table_name(self) -> str:
        return self.stack.output("TokenTableName")

    @property
    def table(self) -> TokenTable:
        return TokenTable(client=self.clients.dynamodb, name=self.table_name)

    @property
    def users(self) -> UserRecords:
        return UserRecords(client=self.clients.dynamodb, table=self.table_name)

    @property
    def refresh_queue(self) -> RefreshQueue:
        return RefreshQueue(client=self.clients.sqs, url=self.stack.output("RefreshQueueUrl"))

    @property
    def interval(self) -> timedelta:
        return read_interval(self.stack.environment())

    def forget(self) -> None:
        """Read everything anew from here on: another program has changed it."""
        self.close()
        for name in ("target", "clients", "stack"):
            self.__dict__.pop(name, None)

    def close(self) -> None:
        if "clients" in self.__dict__:
            self.clients.close()
