"""Events as API Gateway's HTTP API sends them (payload format 2.0), and the sample events of `events/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[2] / "events"
DOMAIN_NAME = "abcdef1234.execute-api.eu-west-1.amazonaws.com"


def api_event(
    path: str,
    *,
    method: str = "GET",
    query: str = "",
    cookies: list[str] | None = None,
    body: str | None = None,
    **headers: str,
) -> dict[str, Any]:
    """Make an event; in header names `_` stands for `-`."""
    route = f"{method} {path}"
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        **({"cookies": cookies} if cookies else {}),
        "headers": {
            # A browser sends these, and whoever forges them must gain nothing by it.
            "host": "forged.example.net",
            "x-forwarded-host": "forged.example.net",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        "requestContext": {
            "domainName": DOMAIN_NAME,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": route,
            "stage": "$default",
        },
        **({} if body is None else {"body": body}),
        "isBase64Encoded": False,
    }


def authorizer_event(path: str, *, cookies: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """Make the event of a Lambda authorizer; its form differs from a route's in a few places."""
    event = api_event(path, cookies=cookies, **more)
    del event["isBase64Encoded"]
    return {
        **event,
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/$default/GET{path}",
        "identitySource": ["; ".join(cookies or [])],
    }


def guarded_event(path: str, context: dict[str, Any]) -> dict[str, Any]:
    """Make the event of a route behind the authorizer, which has let it through with this context."""
    event = api_event(path)
    event["requestContext"]["authorizer"] = {"lambda": context}
    return event


def token_event(account_id: str, user_id: str, *, query: str = "", arn: str) -> dict[str, Any]:
    """Make the event of a request for a token that IAM let through; `arn` is whose it is."""
    event = api_event(f"/token/{account_id}/{user_id}", query=query)
    event["routeKey"] = event["requestContext"]["routeKey"] = "GET /token/{account_id}/{user_id}"
    event["pathParameters"] = {"account_id": account_id, "user_id": user_id}
    event["requestContext"]["authorizer"] = {
        "iam": {
            "accessKey": "AKIAIOSFODNN7EXAMPLE",
            "accountId": "111122223333",
            "callerId": "AIDACKCEVSQ6C2EXAMPLE",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": arn,
            "userId": "AIDACKCEVSQ6C2EXAMPLE",
        }
    }
    return event


def sample_event(name: str) -> Any:
    """Read events/<name>.json."""
    return json.loads((EVENTS / f"{name}.json").read_text())
