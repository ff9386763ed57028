"""What the token endpoint answers, read strictly (RFC 6749 section 5)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from le_auth.domain.secret import Secret
from le_auth.domain.tokens import Tokens
from le_auth.errors import OutcomeUnknownError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[\x20-\x7e]{1,4096}")
"""VSCHAR of RFC 6749 appendix A.12, and a length that still fits the table's item."""
_ERROR_CODE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,64}")
_LONGEST_SENSIBLE_LIFETIME = timedelta(days=30)


def read_json_object(body: bytes) -> Mapping[str, Any]:
    """Read a body that must be one JSON object.

    Raises:
        OutcomeUnknownError: it is none. The message does not quote it.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OutcomeUnknownError("The token endpoint's answer is not JSON.") from error
    if not isinstance(content, dict):
        raise OutcomeUnknownError("The token endpoint's answer is not a JSON object.")
    return content


def read_tokens(answer: Mapping[str, Any], *, received_at: datetime, previous_refresh_token: Secret | None) -> Tokens:
    """Read the tokens of a successful answer.

    Args:
        answer: {"access_token": str, "token_type": "Bearer", "refresh_token": str, "expires_in": seconds}. Without
            refresh_token the previous one stays (RFC 6749 section 6); LivePerson documents expires_in only in places.
        received_at: aware UTC; a lifetime counts from here.

    Raises:
        OutcomeUnknownError: a field is missing or of the wrong form. It names the field, never its value.
    """
    token_type = answer.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise OutcomeUnknownError("The token endpoint's answer has a token_type other than Bearer.")
    refresh_token = answer.get("refresh_token") or None
    if refresh_token is None and previous_refresh_token is None:
        raise OutcomeUnknownError("The token endpoint's answer has no refresh_token.")
    return Tokens(
        access_token=_read_token("access_token", answer.get("access_token")),
        refresh_token=previous_refresh_token
        if refresh_token is None and previous_refresh_token is not None
        else _read_token("refresh_token", refresh_token),
        received_at=received_at,
        expires_at=_read_expiry(answer.get("expires_in"), received_at=received_at),
    )


def read_error_code(body: bytes) -> str | None:
    """Read `error` of an error answer (RFC 6749 section 5.2); None where the body has none."""
    try:
        code = json.loads(body)["error"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else None


def _read_token(name: str, value: object) -> Secret:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise OutcomeUnknownError(f"The token endpoint's answer has no usable {name}.")
    return Secret(value)


def _read_expiry(expires_in: object, *, received_at: datetime) -> datetime | None:
    """Give the access token's expiry; None where the lifetime is missing or makes no sense."""
    if isinstance(expires_in, str) and re.fullmatch(r"[0-9]{1,9}", expires_in):
        expires_in = int(expires_in)
    if type(expires_in) is not int or not 0 < expires_in <= _LONGEST_SENSIBLE_LIFETIME.total_seconds():
        return None
    return received_at + timedelta(seconds=expires_in)
