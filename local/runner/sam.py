"""The real `sam build` and `sam deploy`, against the emulator."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.runner.aws import Aws, tool_environment
from local.runner.child import Child
from local.runner.errors import RunError
from local.runner.places import PROJECT, Places, architecture

STACK_NAME = "le-app-auth"
# The emulator takes the API's id from the stack's tag; only 8 hexadecimal characters get a host name.
API_ID = "1ea0a001"
_BUCKET = "le-app-auth-artifacts"
_SETTINGS = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What the deploy left behind.

    Args:
        outputs: the stack's outputs by name.
        functions: physical function names by logical id.
        roles: physical role names.
        template: the processed template.
    """

    outputs: Mapping[str, str]
    functions: Mapping[str, str]
    roles: Sequence[str]
    template: Mapping[str, Any]


class Sam:
    """SAM CLI on the project's template, against one emulator."""

    def __init__(self, places: Places, aws: Aws) -> None:
        self._places = places
        self._aws = aws

    def build(self) -> None:
        """Build what changed since the last time.

        Raises:
            RunError: the build failed; the text has its last words and the log.
        """
        self._run("build", _build_arguments(self._places.build))

    def deploy(self, parameters: Mapping[str, str]) -> Deployed:
        """Deploy what was built.

        Raises:
            RunError: the deploy failed; the text has its last words and the log.
        """
        self._aws.make_bucket(_BUCKET)
        self._run("deploy", _deploy_arguments(self._places.build, parameters))
        return _read_deployed(self._aws)

    def _run(self, verb: str, arguments: Sequence[str]) -> None:
        places = self._places
        # A samconfig.toml is for AWS; here every value is given.
        settings = places.temporary / "samconfig.toml"
        settings.write_text("version = 0.1\n")
        command: list[str | Path] = [places.sam, verb, "--config-file", settings, *arguments]
        log = places.logs / f"sam-{verb}.log"
        with Child(f"sam {verb}", command, env=self._environment(), log=log, cwd=PROJECT) as child:
            if child.finish() != 0:
                raise RunError(f"sam {verb} failed: {_reason(child)} (whole log: {log})")

    def _environment(self) -> dict[str, str]:
        places = self._places
        environment = tool_environment(self._aws.endpoint) | _SETTINGS
        return environment | {
            # Python 3.13 by the name that the template's runtime gives it, whatever stands on the caller's PATH.
            "PATH": f"{places.ministack_python.parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
            "LAYER_PYTHON": str(places.dev_python),
            "TMPDIR": str(places.temporary),
        }


@contextmanager
def own_turn(places: Places) -> Iterator[None]:
    """Wait for a run that builds at the same moment: runs share the build folder."""
    with (places.build / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_deployed(aws: Aws) -> Deployed:
    """What CloudFormation knows of the stack."""
    stack = aws.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    template = aws.cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    return Deployed(
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        functions=_physical_names(aws, "AWS::Lambda::Function"),
        roles=list(_physical_names(aws, "AWS::IAM::Role").values()),
        template=template,
    )


def _physical_names(aws: Aws, resource_type: str) -> dict[str, str]:
    """The names of the stack's resources of one type, by logical id."""
    resources = aws.cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in resources
        if resource["ResourceType"] == resource_type
    }


def _build_arguments(build: Path) -> list[str]:
    return [
        "--cached",
        "--parallel",
        "--build-dir",
        str(build / "artifacts"),
        "--cache-dir",
        str(build / "cache"),
        "--parameter-overrides",
        f"Architecture={architecture()}",
    ]


def _deploy_arguments(build: Path, parameters: Mapping[str, str]) -> list[str]:
    # Empty quotes empty a parameter; left out, it would keep its former value.
    overrides = [f"{name}={value or '""'}" for name, value in parameters.items()]
    return [
        "--template-file",
        str(build / "artifacts" / "template.yaml"),
        "--stack-name",
        STACK_NAME,
        "--s3-bucket",
        _BUCKET,
        "--capabilities",
        "CAPABILITY_IAM",
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
        "--tags",
        f"ms-custom-id={API_ID}",
        "--parameter-overrides",
        *overrides,
    ]


def _reason(child: Child) -> str:
    """The line that says why: a build tool's own "ERROR:" if there is one, else SAM's "Error:"."""
    lines = [line.strip() for line in child.log.read_text(errors="replace").splitlines()]
    for beginning in ("ERROR: ", "Error: "):
        for line in lines:
            if line.startswith(beginning):
                return line.removeprefix(beginning)
    return child.last_words()
