"""What an operator reads where AWS or a file says no; never what was sent."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
)

from le_auth.adapters.refresh_queue import QueueError
from le_auth.errors import SecretError, SettingError
from operator_cli.errors import explain


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "canary"}}, "PutSecretValue")


@pytest.mark.parametrize(
    ("error", "reason", "named"),
    [
        (refusal("AccessDeniedException"), "aws_denied", "may not do PutSecretValue"),
        (refusal("AccessDenied"), "aws_denied", "may not do PutSecretValue"),
        (refusal("ExpiredTokenException"), "aws_credentials", "does not accept the credentials"),
        (refusal("InternalServiceError"), "aws", "AWS answered InternalServiceError to PutSecretValue."),
        (refusal("canary with spaces"), "aws", "AWS answered an error to PutSecretValue."),
        (NoCredentialsError(), "aws_credentials", "no AWS credentials"),
        (NoRegionError(), "aws_region", "No AWS region"),
        (ProfileNotFound(profile="canary"), "aws_profile", "no such AWS profile"),
        (EndpointConnectionError(endpoint_url="https://canary"), "aws_unreachable", "cannot be reached"),
        (ConnectTimeoutError(endpoint_url="https://canary"), "aws_unreachable", "cannot be reached"),
        (ParamValidationError(report="canary"), "aws", "ParamValidationError"),
        (QueueError("3 messages were not taken by the queue"), "queue", "did not take every message"),
        (SettingError("IDLE_DAYS must be a number."), "setting", "IDLE_DAYS must be a number."),
    ],
)
def test_an_error_is_explained_in_plain_words(error: Exception, reason: str, named: str) -> None:
    explained = explain(error)

    assert explained.reason == reason
    assert named in str(explained)
    assert "canary" not in f"{explained} {explained.remedy}"


def test_an_error_of_ours_that_a_refusal_of_aws_caused_is_explained_by_it() -> None:
    error = SecretError("A secret in Secrets Manager does not exist or may not be read.")
    error.__cause__ = refusal("AccessDeniedException")

    assert explain(error).reason == "aws_denied"
