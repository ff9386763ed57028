"""What can go wrong with a call that leaves a function's process; see crossings.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

INVOKED = "invoked: "
"""How the name of an invocation's beginning begins."""
AWS_FAULTS = (
    "fails once",
    "fails",
    "out for good",
    "denied",
    "throttled",
    "times out",
    "answer lost once",
    "answer lost",
    "killed before",
    "killed after",
)

NEVER_ARRIVES = {"fails", "out for good", "denied", "throttled", "times out"}

_PASSING = ("killed before", "killed after", "not sent", "timed out unprocessed", "timed out processed")
LIVEPERSON_FAULTS: dict[str, tuple[str | None, dict[str, Any]]] = {
    **{name: (None, {}) for name in _PASSING},
    **{f"status {status}": ("status", {"status": status}) for status in (400, 403, 404, 408, 409, 422)},
    "invalid_request": ("status", {"status": 400, "body": json.dumps({"error": "invalid_request"})}),
    "invalid_client": ("status", {"status": 401, "body": json.dumps({"error": "invalid_client"})}),
    "unauthorized_client": ("status", {"status": 400, "body": json.dumps({"error": "unauthorized_client"})}),
    "status 401": ("status", {"status": 401}),
    "status 429": ("status", {"status": 429}),
    "status 429 with Retry-After": ("status", {"status": 429, "headers": {"Retry-After": "40"}}),
    **{f"status {status}": ("status", {"status": status}) for status in (500, 501, 502, 503, 504)},
    "dropped unprocessed": ("drop-before", {}),
    "dropped processed": ("drop-after", {}),
    "malformed": ("malformed-body", {}),
    "truncated": ("truncated-body", {}),
    "oversized": ("oversized-body", {}),
    "invalid_grant": ("status", {"status": 400, "body": json.dumps({"error": "invalid_grant"})}),
    "a page": ("wrong-content", {"body": "<html>", "content_type": "text/html"}),
    "an empty object": ("wrong-content", {"body": "{}", "content_type": "application/json"}),
}
TOKEN_FAULTS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "no access token": ("missing-fields", {"names": ["access_token"]}),
    "other token type": ("token-type", {"value": "mac"}),
    "another user": ("other-user", {}),
}
LIVEPERSON_FAULTS |= TOKEN_FAULTS
LIVEPERSON = {"domain", "token-code", "token-refresh", "revoke"}


def faults_at(name: str) -> Sequence[str]:
    """List what can go wrong with a call; with an invocation's beginning nothing can."""
    if name.startswith(INVOKED):
        return ()
    if name not in LIVEPERSON:
        return AWS_FAULTS
    return [fault for fault in LIVEPERSON_FAULTS if fault not in TOKEN_FAULTS or name.startswith("token-")]
