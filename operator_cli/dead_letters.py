"""Moving the messages of a dead-letter queue back to where they came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

    from operator_cli.output import Advance

_COUNTS: Sequence[QueueAttributeNameType] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_NO_SUCH_ACTION = {"InvalidAction", "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation"}
_LOOKS_EVERY = timedelta(seconds=2)
_HIDDEN_SECONDS = 120
_AT_ONCE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """A queue's messages.

    Args:
        in_flight: being worked on, or hidden until their next try.
    """

    visible: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.visible + self.in_flight + self.delayed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterQueue:
    """A queue's dead letters.

    Args:
        url, arn: of the dead-letter queue.
        source_url: of the queue whose messages they were.
    """

    client: SQSClient
    url: str
    arn: str
    source_url: str

    @classmethod
    def of(cls, client: SQSClient, source_url: str) -> DeadLetterQueue:
        """Find it by its queue's redrive policy."""
        answer = client.get_queue_attributes(QueueUrl=source_url, AttributeNames=["RedrivePolicy"])
        arn: str = json.loads(answer["Attributes"]["RedrivePolicy"])["deadLetterTargetArn"]
        url = client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        return cls(client=client, url=url, arn=arn, source_url=source_url)

    def count(self) -> int:
        """Count the messages that can be moved, about."""
        return count_messages(self.client, self.url).visible

    def move_back(self, advance: Advance, pause: Callable[[timedelta], None]) -> int:
        """Move all messages back; gives how many.

        Raises:
            OperatorError: SQS gave up.
        """
        try:
            handle = self.client.start_message_move_task(SourceArn=self.arn)["TaskHandle"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _NO_SUCH_ACTION:
                raise
            return self._carry_back(advance)
        return self._follow(handle, advance, pause)

    def _follow(self, handle: str, advance: Advance, pause: Callable[[timedelta], None]) -> int:
        """Look at a task of SQS until it has ended."""
        moved = 0
        while True:
            tasks: Any = self.client.list_message_move_tasks(SourceArn=self.arn, MaxResults=10)["Results"]
            # A task that has ended is listed without its handle.
            newest = max(tasks, key=lambda task: int(task.get("StartedTimestamp", 0)))
            task = next((task for task in tasks if task.get("TaskHandle") == handle), newest)
            now_moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
            advance(now_moved - moved)
            moved = now_moved
            if task["Status"] not in {"RUNNING", "CANCELLING"}:
                break
            pause(_LOOKS_EVERY)
        if task["Status"] != "COMPLETED":
            raise OperatorError(
                f"SQS moved {moved:,} messages and stopped ({task['Status'].lower()}).",
                reason="move_stopped",
                remedy="Nothing is lost: what was not moved is where it was. Run this again.",
            )
        return moved

    def _carry_back(self, advance: Advance) -> int:
        """Move message by message, where SQS has no such task: send first, then delete, so that none can be lost."""
        moved = 0
        while True:
            answer = self.client.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=_AT_ONCE, VisibilityTimeout=_HIDDEN_SECONDS
            )
            messages = answer.get("Messages", [])
            if not messages:
                return moved
            for message in messages:
                self.client.send_message(QueueUrl=self.source_url, MessageBody=message["Body"])
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            moved += len(messages)
            advance(len(messages))


def count_messages(client: SQSClient, url: str) -> QueueCounts:
    """Count a queue's messages, about: SQS lags by up to a minute."""
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
    visible, in_flight, delayed = (int(attributes[name]) for name in _COUNTS)
    return QueueCounts(visible=visible, in_flight=in_flight, delayed=delayed)
