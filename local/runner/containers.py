"""The deployed functions as `sam local` is to run them: in containers, against the same emulator and LivePerson."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from local.runner.aws import REGION, Aws
from local.runner.places import architecture
from local.runner.stack import Stack

# How a container names the machine that it runs on.
HOST = "host.docker.internal"
_FUNCTION = "AWS::Serverless::Function"
_SENDS_BROWSERS = "LaunchFunction"


def lambda_image() -> str:
    """The image that SAM CLI runs functions in."""
    return f"public.ecr.aws/lambda/python:3.13-{architecture()}"


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


def write_settings(file: Path, template: Path, added_host: str | None) -> None:
    """Write what each `sam local` command needs to a samconfig.toml.

    Args:
        added_host: the address that containers get for this machine; None: the engine gives them one.
    """
    settings = {
        "template_file": str(template),
        "region": REGION,
        "parameter_overrides": f"Architecture={architecture()}",
        # It was fetched before, once.
        "skip_pull_image": True,
        **({"add_host": f"{HOST}:{added_host}"} if added_host else {}),
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    file.write_text("\n".join(["version = 0.1", "[default.global.parameters]", *lines, ""]))


def read_environments(stack: Stack, *, base_url: str) -> dict[str, dict[str, str]]:
    """Each deployed function's variables, as a container is to see them, by logical id.

    Args:
        base_url: where `sam local` serves the API.
    """
    own = {"AWS_ENDPOINT_URL": as_seen_from_containers(stack.aws.endpoint), "PUBLIC_BASE_URL": base_url}
    return {
        logical_id: _environment(_variables(stack.aws, function_name), sends_browsers=logical_id == _SENDS_BROWSERS)
        | own
        for logical_id, function_name in stack.deployed.functions.items()
    }


def _environment(variables: Mapping[str, str], *, sends_browsers: bool) -> dict[str, str]:
    """A function's variables for a container.

    Browsers and containers have different names for this machine, and a Domain API on it could tell only one of them as
    Sentinel's: it is pinned, to the Domain API's own address.

    Args:
        sends_browsers: the function gives Sentinel's address to browsers, and does not call it.
    """
    environment = {name: as_seen_from_containers(value) for name, value in variables.items()}
    domain_api = environment.get("DOMAIN_API_URL", "")
    if domain_api.startswith(f"http://{HOST}:"):
        seen = variables["DOMAIN_API_URL"] if sends_browsers else domain_api
        environment["SENTINEL_DOMAIN"] = seen.removeprefix("http://")
    return environment


def as_seen_from_containers(value: str) -> str:
    """The same address, if it is one of this machine's loopback, by the name that containers have for it."""
    for loopback in ("http://127.0.0.1:", "http://localhost:"):
        if value.startswith(loopback):
            return f"http://{HOST}:{value.removeprefix(loopback)}"
    return value


def _variables(aws: Aws, function_name: str) -> Mapping[str, str]:
    configuration = aws.functions.get_function_configuration(FunctionName=function_name)
    return configuration.get("Environment", {}).get("Variables", {})
