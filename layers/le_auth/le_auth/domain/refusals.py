"""What an error answer of the token endpoint means for what happens next.

Source: RFC 6749 section 5.2; LivePerson's retry policy; design, refresh invariant 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.token_answer import read_error_code
from le_auth.errors import (
    ClientRefusedError,
    GrantRevokedError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    SentinelUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_GATEWAY_ERRORS = {502, 504}
"""A gateway's word that it got no answer: Sentinel itself may have processed the request."""
_CLIENT_ERRORS = {"invalid_client", "unauthorized_client"}


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> LeAuthError:
    """Give the error that a status other than 200 stands for.

    Args:
        status: HTTP status.
        headers: looked up without regard to case.
    """
    if status == 429:
        return SentinelUnavailableError(
            "Sentinel asks to slow down.", retry_after=_seconds(headers.get("Retry-After")), limited=True
        )
    if 400 <= status < 500:
        return _read_client_error(status, read_error_code(body))
    if status >= 500 and status not in _GATEWAY_ERRORS:
        return SentinelUnavailableError(f"Sentinel answered {status}.")
    return OutcomeUnknownError(f"Sentinel, or a gateway before it, answered {status}.")


def _read_client_error(status: int, code: str | None) -> LeAuthError:
    if code == "invalid_grant":
        return GrantRevokedError("Sentinel no longer accepts this authorization.")
    if status == 401 or code in _CLIENT_ERRORS:
        return ClientRefusedError("Sentinel refused the AppInstall id or secret.")
    return RequestRefusedError(f"Sentinel answered {status}.")


def _seconds(retry_after: str | None) -> int | None:
    """Read `Retry-After` in seconds; None for its date form, which clocks may disagree about."""
    if retry_after is not None and retry_after.strip().isascii() and retry_after.strip().isdigit():
        return min(int(retry_after.strip()[:9]), 86_400)
    return None
