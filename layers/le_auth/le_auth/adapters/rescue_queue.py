"""RescueQueue in SQS: rotated tokens, sealed, that the table did not take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from le_auth.domain.rescue import write_rescue
from le_auth.errors import RescueUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

    from le_auth.domain.grants import Renewal

_COUNTS: Sequence[QueueAttributeNameType] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueQueue:
    """The port Rescues.

    SQS counts approximately, and may lag by up to a minute: the grace before the count is longer.
    """

    client: SQSClient
    url: str

    def send(self, renewal: Renewal) -> None:
        """Keep a renewal until the table is back. Raises: RescueUnavailableError."""
        try:
            self.client.send_message(QueueUrl=self.url, MessageBody=write_rescue(renewal))
        except (BotoCoreError, ClientError) as error:
            raise RescueUnavailableError("RescueQueue did not take a message.") from error

    def is_empty(self) -> bool:
        """Tell whether no message is visible, in flight or delayed. Raises: RescueUnavailableError."""
        try:
            answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=_COUNTS)
        except (BotoCoreError, ClientError) as error:
            raise RescueUnavailableError("RescueQueue could not be counted.") from error
        return all(int(answer["Attributes"][name]) == 0 for name in _COUNTS)
