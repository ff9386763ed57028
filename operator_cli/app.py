"""The commands, together."""

from __future__ import annotations

import click

from operator_cli.commands.deploy import deploy
from operator_cli.commands.doctor import doctor
from operator_cli.commands.guard import guard
from operator_cli.commands.manifest import manifest
from operator_cli.commands.refresh import refresh
from operator_cli.commands.replay import replay
from operator_cli.commands.sealing_key import sealing_key
from operator_cli.commands.secret import secret
from operator_cli.commands.sign_out import sign_out
from operator_cli.commands.take_over import take_over
from operator_cli.commands.users import users

COMMANDS = (deploy, manifest, secret, doctor, users, refresh, sign_out, replay, sealing_key, guard, take_over)


class _InOrder(click.Group):
    """Lists its commands as they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        return list(self.commands)


@click.group("le-app-auth", cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Operate a deployed le-app-auth: its users, queues, secrets and settings.

    Exit codes: 0 done, 1 a check failed or nothing was done, 2 a wrong command line.
    """


for _command in COMMANDS:
    cli.add_command(_command)


def main() -> None:
    cli.main(prog_name="le-app-auth")
