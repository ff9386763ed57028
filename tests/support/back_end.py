"""A back end that asks for tokens, by HTTP with IAM and by direct invocation, and what its calls leave behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.answers import json_of
from tests.support.api_events import token_event

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Answer, Installation

BACK_END = "arn:aws:iam::111122223333:user/back-end"


def vend(installation: Installation, user: User, **wish: Any) -> dict[str, Any]:
    """Invoke directly."""
    event = {"account_id": user.account_id, "user_id": user.user_id, **wish}
    answer: dict[str, Any] = installation.invoke("access_token", event)
    return answer


def request(installation: Installation, user: User, query: str = "") -> Answer:
    """Ask by HTTP; gives the answer as it is."""
    event = token_event(user.account_id, user.user_id, query=query, arn=BACK_END)
    answer: Answer = installation.invoke("access_token", event)
    return answer


def ask(installation: Installation, user: User, query: str = "") -> tuple[int, dict[str, Any]]:
    """Ask by HTTP; gives status and JSON."""
    answer = request(installation, user, query)
    return answer["statusCode"], json_of(answer)


def audit_line(logged: str) -> dict[str, Any]:
    """Give the one line that tells of a call."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged.splitlines()]
    [found] = [line for line in lines if line.get("message") in {"token vended", "token not vended"}]
    return found
