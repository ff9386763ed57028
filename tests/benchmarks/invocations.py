"""The events that the functions are measured with: each one's ordinary work, which succeeds."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from le_auth.domain.sessions import COOKIE, Session
from le_auth.domain.transactions import Transaction, hash_state, new_random
from local.runner.aws import ACCOUNT, REGION
from tests.support.api_events import api_event, authorizer_event, token_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from le_auth.domain.users import User
    from tests.benchmarks.world import World


def events_of(world: World) -> dict[str, dict[str, Any]]:
    """Give an event for each function but the example of a protected route, which is not deployed by default."""
    user = world.users[0]
    cookies = [session_cookie(world)]
    return {
        "launch": api_event("/launch", query=f"account_id={user.account_id}"),
        "callback": callback(world),
        "session": api_event("/session", cookies=cookies),
        "authorizer": authorizer_event("/example", cookies=cookies),
        "access_token": token_event(user.account_id, user.user_id, arn=f"arn:aws:iam::{ACCOUNT}:user/back-end"),
        "refresh_scheduler": {"source": "aws.scheduler", "time": f"{world.now:%Y-%m-%dT%H:%M:%SZ}", "detail": "{}"},
        "refresh_worker": batch(world, world.users[:1]),
    }


def session_cookie(world: World) -> str:
    session = Session(user=world.users[0], epoch=1, issued_at=world.now).seal(world.keyring)
    return f"{COOKIE}={session.reveal()}"


def callback(world: World) -> dict[str, Any]:
    """Give a callback of a launch of its own."""
    state = new_random()
    transaction = Transaction(
        state_hash=hash_state(state), account_id=world.users[0].account_id, return_to=None, issued_at=world.now
    )
    cookie = f"{transaction.cookie_name}={transaction.write()}"
    query = f"code={secrets.token_hex(32)}&state={state.reveal()}"
    return api_event("/callback", query=query, cookies=[cookie])


def batch(world: World, users: Sequence[User]) -> dict[str, Any]:
    """Give a batch of the worker's queue."""
    due_at = int(world.now.timestamp())
    return {
        "Records": [
            {
                "messageId": user.user_id,
                "receiptHandle": user.user_id,
                "body": json.dumps({"pk": user.pk, "due_at": due_at}),
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:refresh",
            }
            for user in users
        ]
    }
