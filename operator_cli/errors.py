"""What an operator reads when something cannot be done, whichever layer it comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from le_auth.adapters.refresh_queue import QueueError
from le_auth.errors import LeAuthError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORESEEN = (BotoCoreError, ClientError, LeAuthError, QueueError)
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class OperatorError(Exception):
    """Nothing was done, or not all of it.

    Attributes:
        reason: slug, for scripts.
        remedy: what to do about it.
    """

    def __init__(self, message: str, *, reason: str, remedy: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.remedy = remedy


def explain(error: Exception) -> OperatorError:
    """Say in plain words what one of the foreseen errors means."""
    if isinstance(error, LeAuthError):
        cause = error.__cause__
        return explain(cause) if isinstance(cause, ClientError) else OperatorError(str(error), reason=error.reason)
    if isinstance(error, ClientError):
        return _explain_refusal(error)
    if isinstance(error, QueueError):
        return OperatorError("The queue did not take every message.", reason="queue", remedy="Try again.")
    for kind, found in _LOCAL.items():
        if isinstance(error, kind):
            return found
    if isinstance(error, (AwsConnectionError, HTTPClientError)):
        return OperatorError("AWS cannot be reached from here.", reason="aws_unreachable", remedy="Check the network.")
    return OperatorError(f"AWS could not be asked: {type(error).__name__}.", reason="aws")


_LOCAL: Mapping[type[BotoCoreError], OperatorError] = {
    NoCredentialsError: OperatorError(
        "There are no AWS credentials.",
        reason="aws_credentials",
        remedy="Name a profile by --profile, or sign in, for example with `aws sso login`.",
    ),
    NoRegionError: OperatorError(
        "No AWS region is set.",
        reason="aws_region",
        remedy="Name the stack's region: --region eu-west-1. `make deploy` remembers it.",
    ),
    ProfileNotFound: OperatorError(
        "There is no such AWS profile.", reason="aws_profile", remedy="`aws configure list-profiles` lists them."
    ),
}


def _explain_refusal(error: ClientError) -> OperatorError:
    code, operation = error.response.get("Error", {}).get("Code", ""), error.operation_name
    if code in _DENIED:
        return OperatorError(
            f"These credentials may not do {operation}.",
            reason="aws_denied",
            remedy="docs/operators-tool.md has the policy that an operator needs.",
        )
    if code in _CREDENTIALS:
        return OperatorError(
            "AWS does not accept the credentials, or no longer.",
            reason="aws_credentials",
            remedy="Sign in to AWS anew.",
        )
    # A service's own text may quote what was sent; its code and our call's name do not.
    shown = code if re.fullmatch(r"[A-Za-z0-9.]{1,100}", code) else "an error"
    return OperatorError(f"AWS answered {shown} to {operation}.", reason="aws")
