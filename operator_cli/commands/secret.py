"""`secret`: store the AppInstall secret. It comes by a prompt or a pipe, and goes to Secrets Manager only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from le_auth.adapters.secret_store import KEPT, CachedSecret
from le_auth.settings import read_app_installs
from operator_cli.app_install_secrets import AppInstallSecretContent, add, is_app_install_id, read_typed
from operator_cli.errors import OperatorError
from operator_cli.options import ACCOUNT, command
from operator_cli.output import count_of

if TYPE_CHECKING:
    from le_auth.domain.secret import Secret
    from operator_cli.run import Run

_LONGEST_LINE = 4096


@command("secret", short_help="Store the AppInstall secret.")
@click.option(
    "--account", "account_id", metavar="ACCOUNT", type=ACCOUNT, help="Whose AppInstall, where there are several."
)
@click.option("--add", "adds", is_flag=True, help="Put the new one in front of the one in use: no downtime.")
@click.option("--drop-old", "drops", is_flag=True, help="Keep the newest only; asks for no secret.")
@click.option("--replace", "replaces", is_flag=True, help="Store the new one in place of what there is.")
@click.option("--start-over", "starts_over", is_flag=True, help="The same, where what is stored cannot be read.")
def secret(run: Run, account_id: str | None, *, adds: bool, drops: bool, replaces: bool, starts_over: bool) -> None:
    """Store the secret of the stack's AppInstall, typed without echo or piped in.

    It never stands on the command line, in the environment or in a log. To change it without downtime: get a second
    secret from LivePerson, store it with --add, have LivePerson drop the old one, then run this with --drop-old.
    """
    if sum((adds, drops, replaces, starts_over)) > 1:
        raise click.UsageError("--add, --drop-old, --replace and --start-over exclude each other.")
    client_id = _choose_app_install(run, account_id)
    content = AppInstallSecretContent({}) if starts_over else AppInstallSecretContent.read(_fetch(run))
    listed = content.listed(client_id)
    if drops:
        if len(listed) < 2:
            raise OperatorError("There is no older secret to drop.", reason="nothing_to_drop")
        kept = [listed[0]]
    else:
        if listed and not (adds or replaces):
            raise OperatorError(
                "A secret is stored already.",
                reason="secret_exists",
                remedy="--add puts the new one in front of it, --replace drops it.",
            )
        new = read_typed(_ask(run), client_id=client_id)
        kept = add(new, listed) if adds else [new]
    _store(run, content.with_listed(client_id, kept))
    _tell(run, client_id, stored=len(kept))


def _choose_app_install(run: Run, account_id: str | None) -> str:
    client_ids = read_app_installs(run.stack.environment()).client_ids
    if account_id is not None:
        if account_id not in client_ids:
            raise click.UsageError(f"--account: AppInstalls of the stack names no account {account_id}.")
        return client_ids[account_id]
    if len(set(client_ids.values())) > 1:
        raise click.UsageError(f"Name the AppInstall by --account: {', '.join(client_ids)}.")
    return next(iter(client_ids.values()))


def _fetch(run: Run) -> Secret:
    arn = run.stack.output("AppInstallSecretArn")
    return CachedSecret(client=run.clients.secretsmanager, arn=arn).read(now=run.now)


def _ask(run: Run) -> str:
    """Ask for the secret: in a terminal without echo, else it is the first line of standard input."""
    if run.surroundings.is_attended():
        return str(click.prompt("AppInstall secret (not shown)", hide_input=True, err=True))
    return sys.stdin.readline(_LONGEST_LINE)


def _store(run: Run, text: Secret) -> None:
    arn = run.stack.output("AppInstallSecretArn")
    run.clients.secretsmanager.put_secret_value(SecretId=arn, SecretString=text.reveal())


def _tell(run: Run, client_id: str, *, stored: int) -> None:
    minutes = int(KEPT.total_seconds() // 60)
    run.out.say(f"Stored: AppInstall {client_id} now has {count_of(stored, 'secret')}.")
    if not is_app_install_id(client_id):
        run.out.warn(
            f"{client_id} does not look like an AppInstall id: with the right one deployed, store the secret again."
        )
    run.out.say(f"Functions notice within {minutes} minutes; `doctor` checks it.")
    run.out.document({"stack": run.stack.name, "app_install_id": client_id, "secrets": stored})
