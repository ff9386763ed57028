"""The emulator as boto3 and the AWS tools see it: one endpoint, one made-up administrator."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

REGION = "us-east-1"
ACCOUNT = "000000000000"
# The emulator takes this pair for the account's root user; a pair that it does not know has no rights.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_DIRECT = "127.0.0.1,localhost"
_WITHHELD_PREFIXES = ("AWS_", "SAM_")
_WITHHELD = {
    "APP_INSTALL_SECRET",
    # sam local takes a variable that a function declares from here.
    "APP_INSTALLS",
    "DOMAIN_API_URL",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKEOVERRIDES",
}
_KEPT_BY_FUNCTIONS = ("LANG", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "REQUESTS_CA_BUNDLE")
# What botocore would else take from the machine: a profile, files in the home folder.
_NO_SETTINGS_OF_THE_MACHINE: dict[str, Any] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], os.devnull, None),
    "credentials_file": (None, [], os.devnull, None),
}


class Aws:
    """Clients of one emulator."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.Session(
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
            botocore_session=botocore.session.Session(session_vars=_NO_SETTINGS_OF_THE_MACHINE),
        )

    @cached_property
    def apigatewayv2(self) -> "ApiGatewayV2Client":
        return self._client("apigatewayv2")  # type: ignore[no-any-return]

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self._client("cloudformation")  # type: ignore[no-any-return]

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._client("dynamodb")  # type: ignore[no-any-return]

    @cached_property
    def functions(self) -> "LambdaClient":
        return self._client("lambda")  # type: ignore[no-any-return]

    @cached_property
    def iam(self) -> "IAMClient":
        return self._client("iam")  # type: ignore[no-any-return]

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self._client("logs")  # type: ignore[no-any-return]

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self._client("secretsmanager")  # type: ignore[no-any-return]

    def make_bucket(self, name: str) -> None:
        self._client("s3").create_bucket(Bucket=name)

    def _client(self, service: str) -> Any:
        settings = Config(proxies={}, connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 2})
        untyped: Any = self._session
        return untyped.client(service, endpoint_url=self.endpoint, config=settings)


def tool_environment(endpoint: str, caller: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the AWS tools run with: the caller's environment without its AWS settings and secrets, and the emulator."""
    kept = {
        name: value
        for name, value in caller.items()
        if name not in _WITHHELD and not name.startswith(_WITHHELD_PREFIXES)
    }
    return kept | CREDENTIALS | _no_proxy() | {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": REGION}


def function_environment(caller: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What functions may see of the caller's environment: the way to the network, nothing else."""
    return {name: caller[name] for name in _KEPT_BY_FUNCTIONS if name in caller} | _no_proxy()


def _no_proxy() -> dict[str, str]:
    return {"NO_PROXY": _DIRECT, "no_proxy": _DIRECT}
