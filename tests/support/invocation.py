"""What Lambda gives a function: its context, and messages of a queue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

if TYPE_CHECKING:
    from le_auth.domain.ports import Clock


class Context(LambdaContext):
    """What Lambda tells a function of an invocation that begins now.

    Lambda names the moment of its end, and what is left until then is told by the process's clock.

    Source: awslambdaric, LambdaContext.get_remaining_time_in_millis.
    """

    def __init__(self, function: str, remaining: timedelta, *, clock: Clock) -> None:
        self._function_name = function
        self._aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
        self._clock = clock
        self._deadline = clock() + remaining

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return max(0, (self._deadline - self._clock()) // timedelta(milliseconds=1))


def record_of(message: Any, url: str) -> dict[str, Any]:
    """Give a message as it stands in the event of a batch."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{url.rpartition('/')[2]}",
        "awsRegion": "us-east-1",
    }
