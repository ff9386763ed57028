"""`deploy`: build and deploy this folder's stack. The first time SAM CLI asks; samconfig.toml remembers the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from operator_cli.errors import OperatorError
from operator_cli.options import command
from operator_cli.sam_cli import SamCli
from operator_cli.samconfig import DEFAULT, FILE, Target

if TYPE_CHECKING:
    from operator_cli.run import Run

_USUAL_ARCHITECTURE = "arm64"


@command("deploy", short_help="Build and deploy the stack; the first time it asks.")
@click.option("--guided", is_flag=True, help="Ask for all parameters again.")
@click.option("--yes", is_flag=True, help="Do not ask before the changes are made.")
def deploy(run: Run, *, guided: bool, yes: bool) -> None:
    """Build and deploy the stack of this folder by SAM CLI.

    The first time it asks for name, region and parameters, and writes the answers to samconfig.toml. Afterwards it
    shows the changes and asks whether to make them.
    """
    sam = SamCli.find(run.surroundings.folder, run.surroundings.variables, aside=run.out.as_json)
    asks = guided or not run.target.parameters
    if asks and not run.surroundings.is_attended():
        raise OperatorError(
            f"SAM CLI would ask for the parameters here, since {FILE} has none, and nobody is there to answer.",
            reason="nobody_to_ask",
            remedy=f"Run this once in a terminal, and commit {FILE}.",
        )
    # Without a region SAM CLI asks for one, and fails later all the same.
    region = run.clients.region
    run.out.say(f"AWS account {run.clients.find_account()}, region {region}, stack {run.target.stack}.")
    built_for = _build(run, sam)
    sam.run("deploy", *_options(run), *(["--guided"] if asks else []), *(["--no-confirm-changeset"] if yes else []))
    run.forget()
    if _architecture(run.target) != built_for:
        run.out.say(f"Architecture is {_architecture(run.target)} now: once more, built for it.")
        _build(run, sam)
        sam.run("deploy", *_options(run))
    _tell(run, is_first=asks)


def _build(run: Run, sam: SamCli) -> str:
    """Build for the architecture that the stack will have; gives it."""
    architecture = _architecture(run.target)
    run.out.say(f"Building the functions and their layer for {architecture}.")
    sam.run_quietly("build", "--parameter-overrides", f"Architecture={architecture}")
    return architecture


def _architecture(target: Target) -> str:
    return target.parameters.get("Architecture") or _USUAL_ARCHITECTURE


def _options(run: Run) -> list[str]:
    """Give what was typed on to SAM CLI; what samconfig.toml says it reads for itself."""
    typed = {"--stack-name": run.stack_name, "--region": run.region, "--profile": run.profile}
    if run.section != DEFAULT:
        typed |= {"--config-env": run.section, "--stack-name": run.target.stack}
    return [word for option, value in typed.items() if value is not None for word in (option, value)]


def _tell(run: Run, *, is_first: bool) -> None:
    stack = run.stack
    run.out.say(f"{stack.name}: {stack.status}\n  LaunchUrl    {stack.output('LaunchUrl')}")
    run.out.say(f"  CallbackUrl  {stack.output('CallbackUrl')}")
    if is_first:
        run.out.say(f"Commit {FILE}: everybody of the team then deploys the same by `make deploy`.")
        run.out.say("Next: make manifest, make secret, make doctor.")
    run.out.document({"stack": stack.name, "status": stack.status, "outputs": dict(stack.outputs)})
