"""RefreshQueue in SQS: due tokens go in, and what a worker could not finish comes back later."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

    from le_auth.domain.scheduled import DueToken

BATCH = 10
_TRIES = 3
_LONGEST_VISIBILITY = timedelta(hours=12)


class QueueError(Exception):
    """SQS did not take every message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshQueue:
    """The queue.

    Args:
        at_once: requests under way at once. Where answers come at once, 16 keep the processor busy; SQS takes longer.
    """

    client: SQSClient
    url: str
    at_once: int = 32

    def send(self, messages: Sequence[DueToken]) -> None:
        """Send messages, ten at a time, several requests at once.

        Raises:
            QueueError: some were not taken; the checkpoint must not advance.
        """
        batches = list(batched(messages, BATCH, strict=False))
        with self._threads_for(batches) as threads:
            for _ in threads.map(self._send_batch, batches):
                pass

    def _send_batch(self, batch: Iterable[DueToken]) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": due.write()} for number, due in enumerate(batch)
        ]
        for _ in range(_TRIES):
            failed = self.client.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed", [])
            refused = {failure["Id"] for failure in failed}
            entries = [entry for entry in entries if entry["Id"] in refused]
            if not entries:
                return
        raise QueueError(f"{len(entries)} messages were not taken by the queue")

    def return_later(self, pauses: Mapping[str, timedelta]) -> int:
        """Let messages come back after a pause each; gives how many SQS refused (they come back by their time-out).

        Every request is tried before the first error is raised.

        Args:
            pauses: {receipt handle: pause}.
        """
        batches = list(batched(pauses.items(), BATCH, strict=False))
        with self._threads_for(batches) as threads:
            asked = [threads.submit(self._hide_batch, batch) for batch in batches]
        return sum(batch.result() for batch in asked)

    def _hide_batch(self, batch: Iterable[tuple[str, timedelta]]) -> int:
        answer = self.client.change_message_visibility_batch(
            QueueUrl=self.url,
            Entries=[
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": _seconds(pause)}
                for number, (receipt, pause) in enumerate(batch)
            ],
        )
        return len(answer.get("Failed", []))

    def _threads_for(self, batches: Sequence[object]) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(1, min(self.at_once, len(batches))))


def _seconds(pause: timedelta) -> int:
    return math.ceil(min(pause, _LONGEST_VISIBILITY).total_seconds())
