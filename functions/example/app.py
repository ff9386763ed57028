"""GET /example/me, a worked example: the signed-in person's own record, read from LiveEngage with their token.

The authorizer has said who asks, the function `access_token` gives that person's token, LiveEngage's Users API answers.
"""

from __future__ import annotations

import json
import logging
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_lambda import LambdaClient

    type Answer = dict[str, Any]

logger = logging.getLogger("example")

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Type": "application/json",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
TOKEN_ERRORS = {"not_signed_in": 404, "reauthorization_required": 409}
"""What `access_token` may say, and our status; whatever else it says may pass: 503."""
HOSTS = {"https": r"[a-z0-9.-]+\.liveperson\.net", "http": r"(localhost|127\.0\.0\.1|host\.docker\.internal):[0-9]+"}
"""Where a token may be sent, by the scheme of the Domain API; http is for a run on one machine."""


class RefusalError(Exception):
    """The request cannot be answered. The text is shown, and holds no token."""

    def __init__(self, status: int, error: str, description: str, *, retry_after: int = 5) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.headers = {"Retry-After": str(retry_after)} if status == 503 else {}


def lambda_handler(event: Mapping[str, Any], _context: object) -> Answer:
    person = event["requestContext"]["authorizer"]["lambda"]  # the authorizer's word, never the browser's
    account_id, user_id = person["account_id"], person["user_id"]
    try:
        user = fetch_user(account_id, user_id, fetch_token(account_id, user_id))
    except RefusalError as refusal:
        logger.warning("%s: %s", refusal.error, refusal)
        content = {"error": refusal.error, "error_description": str(refusal)}
        return answer(refusal.status, content, refusal.headers)
    names = {"login_name": user.get("loginName"), "full_name": user.get("fullName")}
    return answer(200, {"account_id": account_id, "user_id": user_id, **names})


def fetch_token(account_id: str, user_id: str) -> str:
    """Ask `access_token` for a token that is good for another minute at least."""
    asked = {"account_id": account_id, "user_id": user_id, "min_valid_seconds": 60}
    try:
        invoked = the_lambda().invoke(
            FunctionName=os.environ["ACCESS_TOKEN_FUNCTION_ARN"], Payload=json.dumps(asked).encode()
        )
    except (BotoCoreError, ClientError) as error:
        raise RefusalError(503, "temporarily_unavailable", "access_token cannot be called.") from error
    if invoked.get("FunctionError"):
        raise RefusalError(503, "temporarily_unavailable", "access_token failed.")
    given = json.load(invoked["Payload"])
    if "error" in given:
        raise RefusalError(
            TOKEN_ERRORS.get(given["error"], 503),
            given["error"],
            given["error_description"],
            retry_after=given.get("retry_after_seconds", 5),
        )
    token: str = given["access_token"]
    return token


def fetch_user(account_id: str, user_id: str, token: str) -> dict[str, Any]:
    """Read a user at LiveEngage. Source: LivePerson, Users API."""
    url = f"{find_base(account_id)}/api/account/{account_id}/configuration/le-users/users/{user_id}?v=6.0"
    return get(url, Authorization=f"Bearer {token}")


@cache
def find_base(account_id: str) -> str:
    """Look up which host serves the Users API for an account; kept for as long as this process lives, a few hours."""
    domain_api = os.environ["DOMAIN_API_URL"]
    scheme = domain_api.partition("://")[0]
    found = get(f"{domain_api}/api/account/{account_id}/service/accountConfigReadOnly/baseURI.json?version=1.0")
    host = str(found.get("baseURI"))
    if not re.fullmatch(HOSTS[scheme], host):
        raise RefusalError(502, "liveengage_unclear", "The Domain API names no host of LivePerson's.")
    return f"{scheme}://{host}"


def get(url: str, **headers: str) -> dict[str, Any]:
    """GET a JSON object from LivePerson."""
    try:
        response = requests.get(url, headers=headers, timeout=(1, 3), allow_redirects=False)
        content = response.json() if response.status_code == 200 else None
    except requests.RequestException as error:
        raise RefusalError(503, "liveengage_unavailable", "LiveEngage gives no answer at the moment.") from error
    if response.status_code == 429 or response.status_code >= 500:
        raise RefusalError(503, "liveengage_unavailable", f"LiveEngage answered {response.status_code}.")
    if not isinstance(content, dict):
        raise RefusalError(502, "liveengage_refused", f"LiveEngage answered {response.status_code}.")
    return content


@cache
def the_lambda() -> LambdaClient:
    # With the two requests to LivePerson this stays below the function's own 29 s.
    config = Config(connect_timeout=2, read_timeout=18, retries={"total_max_attempts": 1})
    return boto3.client("lambda", config=config)


def answer(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Answer:
    return {"statusCode": status, "headers": {**HEADERS, **(headers or {})}, "body": json.dumps(content)}
