"""The deployed functions as `sam local` is to run them: in containers, against the same emulator and LivePerson."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from local.runner.aws import Aws
from local.runner.stack import Stack

# How a container names the machine that it runs on.
HOST = "host.docker.internal"
_FUNCTION = "AWS::Serverless::Function"


def write_template(built: Path, environments: Mapping[str, Mapping[str, str]]) -> Path:
    """Write a copy of the built template, beside it, whose functions have their variables as values.

    `sam local` knows no names of deployed resources, and hands on only variables that the template declares.

    Args:
        built: what `sam build` made.
        environments: variables by logical id.
    """
    template: Any = yaml.safe_load(built.read_text())
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == _FUNCTION:
            resource["Properties"]["Environment"] = {"Variables": dict(environments[logical_id])}
    copy = built.with_name("sam-local.json")
    copy.write_text(json.dumps(template, indent=1, default=str))
    return copy


def read_environments(stack: Stack, *, base_url: str) -> dict[str, dict[str, str]]:
    """Each deployed function's variables, as a container is to see them, by logical id.

    Args:
        base_url: where `sam local` serves the API.
    """
    own = {"AWS_ENDPOINT_URL": as_seen_from_containers(stack.aws.endpoint), "PUBLIC_BASE_URL": base_url}
    return {
        logical_id: {
            name: as_seen_from_containers(value) for name, value in _variables(stack.aws, function_name).items()
        }
        | own
        for logical_id, function_name in stack.deployed.functions.items()
    }


def as_seen_from_containers(value: str) -> str:
    """The same address, if it is one of this machine's loopback, by the name that containers have for it."""
    for loopback in ("http://127.0.0.1:", "http://localhost:"):
        if value.startswith(loopback):
            return f"http://{HOST}:{value.removeprefix(loopback)}"
    return value


def _variables(aws: Aws, function_name: str) -> Mapping[str, str]:
    configuration = aws.functions.get_function_configuration(FunctionName=function_name)
    return configuration.get("Environment", {}).get("Variables", {})
