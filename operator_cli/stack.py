"""A deployed stack as CloudFormation knows it: everything else is found by its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from le_auth.settings import Environment
from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

VARIABLES = {
    "AppInstalls": "APP_INSTALLS",
    "AppUrl": "APP_URL",
    "DomainApiUrl": "DOMAIN_API_URL",
    "EmbeddedInLiveEngage": "EMBEDDED",
    "EventBusName": "EVENT_BUS_NAME",
    "FrameAncestors": "FRAME_ANCESTORS",
    "IdTokenPublicKey": "ID_TOKEN_PUBLIC_KEY",
    "IdleDays": "IDLE_DAYS",
    "MaxConcurrentRefreshes": "MAX_CONCURRENT_REFRESHES",
    "PublicBaseUrl": "PUBLIC_BASE_URL",
    "RefreshIntervalMinutes": "REFRESH_INTERVAL_MINUTES",
    "ReturnOrigins": "RETURN_ORIGINS",
    "SentinelDomain": "SENTINEL_DOMAIN",
    "SentinelHosts": "SENTINEL_HOSTS",
    "SessionHours": "SESSION_HOURS",
    "TokenApiVersion": "TOKEN_API_VERSION",
    "UsePkce": "USE_PKCE",
}
"""{parameter: environment variable of the functions}, as in the template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStack:
    """A stack.

    Args:
        status: CloudFormation's, such as UPDATE_COMPLETE.
        parameters: by name, those left at their default too.
        outputs: by name.
    """

    name: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    def output(self, name: str) -> str:
        """Give an output.

        Raises:
            OperatorError: this is another template's stack, or it is not deployed yet.
        """
        value = self.outputs.get(name)
        if not value:
            raise OperatorError(
                f"The stack {self.name} ({self.status}) has no output {name}.",
                reason="not_our_stack",
                remedy="Name the stack by --stack. Where this is the right one, deploy it anew.",
            )
        return value

    def environment(self) -> Environment:
        """Give what the functions read as their settings."""
        return Environment(
            variables={VARIABLES[name]: value for name, value in self.parameters.items() if name in VARIABLES}
        )


def find_stack(client: CloudFormationClient, name: str) -> DeployedStack:
    """Ask CloudFormation for a stack.

    Raises:
        OperatorError: there is none of that name.
    """
    try:
        [found] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ValidationError":
            raise OperatorError(
                f"There is no stack {name} in this account and region.",
                reason="no_stack",
                remedy="Name it by --stack, its region by --region, its account by --profile. `make deploy` makes one.",
            ) from error
        raise
    return DeployedStack(
        name=name,
        status=found["StackStatus"],
        parameters={entry["ParameterKey"]: entry["ParameterValue"] for entry in found.get("Parameters", [])},
        outputs={entry["OutputKey"]: entry["OutputValue"] for entry in found.get("Outputs", [])},
    )


def find_resources(client: CloudFormationClient, name: str) -> dict[str, str]:
    """Give {logical id: physical id} of a stack's resources."""
    pages: Any = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
