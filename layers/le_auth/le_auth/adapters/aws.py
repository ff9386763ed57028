"""Clients of AWS services, made once per process, and which of their errors are passing.

boto3 is imported where a client is made: a function that needs none never pays for it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

POOL_SIZE = 64


@cache
def _config() -> Config:
    """A write takes 11 s at most, so that it fits into the time kept for saving; the pool fits the worker's threads."""
    from botocore.config import Config  # see the module's docstring

    return Config(
        connect_timeout=2,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=POOL_SIZE,
    )


@cache
def dynamodb() -> DynamoDBClient:
    import boto3

    return boto3.client("dynamodb", config=_config())


@cache
def secrets_manager() -> SecretsManagerClient:
    import boto3

    return boto3.client("secretsmanager", config=_config())


@cache
def sqs() -> SQSClient:
    import boto3

    return boto3.client("sqs", config=_config())


@cache
def events() -> EventBridgeClient:
    """One attempt of a second: half for the connection, half for the answer."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=0.5, read_timeout=0.5, retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.client("events", config=config)
