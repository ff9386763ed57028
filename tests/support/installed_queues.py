"""The queues of an installation, and the schedule: what reaches the functions, as Lambda and EventBridge do it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.support.invocation import record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from le_auth.domain.users import User
    from local.simulator import Simulator
    from tests.support.aws_calls import AwsCalls
    from tests.support.emulator import Emulator
    from tests.support.installation import Record
    from tests.support.template import Deployed

MOST_AT_ONCE = 10
"""Messages in one answer of SQS."""


class Queues:
    """A part of Installation, which has all that this needs."""

    if TYPE_CHECKING:
        simulator: Simulator
        emulator: Emulator
        calls: AwsCalls
        deployed: Deployed
        invoke: Callable[..., Any]

        @property
        def now(self) -> datetime: ...

    @property
    def queue_url(self) -> str:
        return self.deployed.resources["RefreshQueue"]

    def due(self, *users: User, at: datetime | None = None) -> list[Record]:
        """Put a message for each user into the queue and give all that is visible there."""
        due_at = int((at or self.now).timestamp())
        for user in users:
            body = json.dumps({"pk": user.pk, "due_at": due_at})
            self.emulator.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)
        return self.receive()

    def receive(self) -> list[Record]:
        """Take all visible messages out of the queue, as Lambda does for a batch."""
        return self._receive(self.queue_url)

    def _receive(self, url: str) -> list[Record]:
        records: list[Record] = []
        while True:
            answer = self.emulator.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=MOST_AT_ONCE, MessageSystemAttributeNames=["All"]
            )
            messages = answer.get("Messages", [])
            records += [record_of(message, url) for message in messages]
            if len(messages) < MOST_AT_ONCE:  # the emulator holds none back
                return records

    def work(self, records: Sequence[Record], *, remaining: timedelta | None = None) -> list[Record]:
        """Invoke the worker with a batch and delete what it finished, as Lambda does; gives the messages that stay."""
        return self._deliver(self.queue_url, records, remaining)

    def receive_rescues(self) -> list[Record]:
        """Take all visible messages out of RescueQueue; they count as in flight until they are landed."""
        return self._receive(self.deployed.resources["RescueQueue"])

    def land(self, records: Sequence[Record]) -> list[Record]:
        """Invoke the worker with rescues and delete those that landed; gives those that come back."""
        return self._deliver(self.deployed.resources["RescueQueue"], records, None)

    def _deliver(self, url: str, records: Sequence[Record], remaining: timedelta | None) -> list[Record]:
        answer = self.invoke("refresh_worker", {"Records": list(records)}, remaining=remaining)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        assert failed <= {record["messageId"] for record in records}
        for record in records:
            if record["messageId"] not in failed:
                self._delete(url, record)
        return [record for record in records if record["messageId"] in failed]

    def _delete(self, url: str, record: Record) -> None:
        """Delete a message, also one that came twice and is gone: to AWS that is no error, to the emulator it is."""
        with suppress(self.emulator.sqs.exceptions.ReceiptHandleIsInvalid):
            self.emulator.sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])

    def hidden_messages(self) -> int:
        """Count the messages that are neither deleted nor visible: they come back later."""
        answer = self.emulator.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessagesNotVisible"])

    def pauses(self) -> list[int]:
        """Give the seconds after which the worker lets messages come back, as it told SQS."""
        changes = self.calls.of("ChangeMessageVisibilityBatch")
        return [entry["VisibilityTimeout"] for call in changes for entry in call.params["Entries"]]

    def schedule(self, at: datetime | None = None, *, remaining: timedelta | None = None) -> dict[str, Any]:
        """Let EventBridge Scheduler fire; at a time that lies ahead, the clock is there by then."""
        if at is not None and at > self.now:
            self.simulator.clock.set(at)
        event = {
            "version": "0",
            "source": "aws.scheduler",
            "time": f"{at or self.now:%Y-%m-%dT%H:%M:%SZ}",
            "detail": "{}",
        }
        done: dict[str, Any] = self.invoke("refresh_scheduler", event, remaining=remaining)
        return done
