"""`manifest`: what is handed to LivePerson to have the application installed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from operator_cli.errors import OperatorError
from operator_cli.manifests import FILE, Application, find_violations, write_manifest
from operator_cli.options import FAILED, command
from operator_cli.output import count_of

if TYPE_CHECKING:
    from operator_cli.run import Run


class _Profiles(click.ParamType[Sequence[int]]):
    """Profile numbers, joined by commas."""

    name = "numbers"

    def convert(
        self, value: str | Sequence[int], param: click.Parameter | None, ctx: click.Context | None
    ) -> Sequence[int]:
        if not isinstance(value, str):
            return value
        if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", value):
            self.fail("must be profile numbers joined by commas, such as 0,1.", param, ctx)
        return [int(number) for number in value.split(",")]


@command("manifest", short_help="Print the manifest for LivePerson.")
@click.option("--client-name", help="Unique at LivePerson, such as com.example.my-app.")
@click.option("--display-name", help="What people read [default: the client name].")
@click.option("--description", default="", help="What it does, in a sentence.")
@click.option("--profiles", type=_Profiles(), default=(), metavar="N,...", help="Profiles that see it in quick launch.")
@click.option("--no-quick-launch", is_flag=True, help="Not in the quick-launch menu.")
@click.option("--logo", "logo_uri", metavar="URL", help="Image of exactly 70x70 pixels.")
@click.option("--scope", help="OAuth scope, space-separated.")
@click.option("--redirect-uri", "further", multiple=True, metavar="URL", help="A further one, such as make run's.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help=f"Write it there too, such as {FILE}.")
def manifest(
    run: Run,
    client_name: str | None,
    display_name: str | None,
    description: str,
    profiles: Sequence[int],
    logo_uri: str | None,
    scope: str | None,
    further: Sequence[str],
    output: Path | None,
    *,
    no_quick_launch: bool,
) -> int:
    """Print the LiveEngage application manifest with this stack's addresses, checked against LivePerson's limits."""
    if client_name is None:
        raise click.UsageError("Name the application: --client-name com.example.my-app (make: CLIENT_NAME=...).")
    application = Application(
        client_name=client_name,
        display_name=display_name or client_name,
        description=description,
        profiles=profiles,
        quick_launch=not no_quick_launch,
        logo_uri=logo_uri,
        scope=scope,
        further_redirect_uris=further,
    )
    stack = run.stack
    written = write_manifest(
        application, launch_url=stack.output("LaunchUrl"), callback_url=stack.output("CallbackUrl")
    )
    violations = find_violations(written)
    if violations:
        _tell(run, violations)
        return FAILED
    run.out.write(written)
    if output is not None:
        _save(run, written, output)
    return 0


def _tell(run: Run, violations: Sequence[str]) -> None:
    run.out.warn(f"LivePerson would not take this manifest, for {count_of(len(violations), 'reason')}:")
    for violation in violations:
        run.out.warn(f"- {violation}")
    run.out.document({"error": "manifest", "violations": violations})


def _save(run: Run, written: dict[str, Any], output: Path) -> None:
    try:
        output.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise OperatorError(f"{output} cannot be written: {error.strerror}.", reason="file") from error
    run.out.warn(f"Written to {output} too, with which `doctor` compares the stack from now on.")
