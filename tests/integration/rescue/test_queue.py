"""RescueQueue on the emulator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Renewal
from le_auth.domain.rescue import read_rescue
from le_auth.errors import RescueUnavailableError
from tests.support.installation import NOON

if TYPE_CHECKING:
    from le_auth.adapters.rescue_queue import RescueQueue
    from le_auth.domain.users import User
    from tests.support.installation import Installation


def test_a_renewal_goes_through_the_queue_unchanged(installation: Installation, ada: User, queue: RescueQueue) -> None:
    sealed = installation.grant(ada).sealed
    assert sealed is not None
    renewal = Renewal(
        user=ada,
        replaces=sealed.generation - 1,
        sealed=sealed,
        received_at=NOON,
        access_expires_at=NOON + timedelta(hours=1),
    )

    queue.send(renewal)

    [record] = installation.receive_rescues()
    assert read_rescue(record["body"]) == renewal


def test_the_queue_is_empty_only_where_no_message_is_visible_in_flight_or_delayed(
    installation: Installation, queue: RescueQueue
) -> None:
    def send(**details: Any) -> None:
        installation.emulator.sqs.send_message(QueueUrl=queue.url, MessageBody="{}", **details)

    assert queue.is_empty()
    send()
    assert not queue.is_empty(), "visible"
    [record] = installation.receive_rescues()
    assert not queue.is_empty(), "in flight"
    installation.emulator.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=record["receiptHandle"])
    assert queue.is_empty()
    send(DelaySeconds=600)
    assert not queue.is_empty(), "delayed"


@pytest.mark.parametrize("code", ["InternalServerError", "AccessDenied", "QueueDoesNotExist"])
def test_a_queue_that_fails_is_told(installation: Installation, ada: User, queue: RescueQueue, code: str) -> None:
    sealed = installation.grant(ada).sealed
    assert sealed is not None
    for operation in ("SendMessage", "GetQueueAttributes"):
        installation.calls.order(operation, code=code, status=400)
    renewal = Renewal(user=ada, replaces=sealed.generation - 1, sealed=sealed, received_at=NOON, access_expires_at=None)

    with pytest.raises(RescueUnavailableError):
        queue.send(renewal)
    with pytest.raises(RescueUnavailableError):
        queue.is_empty()
