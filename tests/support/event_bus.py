"""An event bus for the functions, and what arrives there."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.emulator import Emulator
    from tests.support.installation import Installation

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "events.schema.json").read_text())

_numbers = count(1)


def install_bus(installation: Installation) -> str:
    """Deploy the functions with a bus; gives the URL of a queue that gets what arrives there."""
    name = f"my-app-{next(_numbers)}"
    queue_url = installation.emulator.make_event_bus(name)
    installation.configure(EventBusName=name)
    return queue_url


def received(emulator: Emulator, queue_url: str) -> list[dict[str, Any]]:
    """Take all events out of a queue; each must be as the schema says."""
    events = []
    while messages := emulator.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            emulator.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            events.append(json.loads(message["Body"]))
    for event in events:
        Draft202012Validator(SCHEMA).validate(event)
    return events


def sign_in_and_lose(installation: Installation, *user_ids: str) -> list[User]:
    """Have users signed in whose authorization is taken back at LivePerson, and let them fall due."""
    users = [installation.sign_in(user_id) for user_id in user_ids]
    installation.go_on(INTERVAL)
    for _ in users:
        installation.simulator.faults.order("token-refresh", "status", status=400, body='{"error": "invalid_grant"}')
    return users
