"""Clients of AWS for an operator: of the profile and region that were asked for, made where they are used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

_THREADS = 32


class Clients:
    """One operator's way to AWS.

    Args:
        profile, region: None: as the environment and AWS's own settings say.
    """

    def __init__(self, *, profile: str | None = None, region: str | None = None) -> None:
        self._profile, self._region = profile, region

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self._client("cloudformation")  # type: ignore[no-any-return]

    @cached_property
    def cloudwatch(self) -> Any:
        return self._client("cloudwatch")

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return self._client("dynamodb")  # type: ignore[no-any-return]

    @cached_property
    def functions(self) -> LambdaClient:
        return self._client("lambda")  # type: ignore[no-any-return]

    @cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        return self._client("scheduler")  # type: ignore[no-any-return]

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        return self._client("secretsmanager")  # type: ignore[no-any-return]

    @cached_property
    def region(self) -> str:
        """Raises: NoRegionError."""
        if self._session.region_name is None:
            raise NoRegionError
        return str(self._session.region_name)

    @cached_property
    def sqs(self) -> SQSClient:
        return self._client("sqs")  # type: ignore[no-any-return]

    def find_account(self) -> str:
        """Give the AWS account that the credentials are of."""
        return str(self._client("sts").get_caller_identity()["Account"])

    def make_events(self) -> EventBridgeClient:
        """Make a client of EventBridge; whoever asks for it closes it."""
        return self._client("events")  # type: ignore[no-any-return]

    def close(self) -> None:
        for client in self._made:
            client.close()

    @cached_property
    def _session(self) -> Any:
        return boto3.Session(profile_name=self._profile, region_name=self._region)

    @cached_property
    def _made(self) -> list[Any]:
        return []

    def _client(self, service: str) -> Any:
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 4},
            max_pool_connections=_THREADS,
        )
        client = self._session.client(service, config=config)
        self._made.append(client)
        return client
