"""Clients of AWS in memory, as far as our adapters call them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Barrier, Lock
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "canary"}}, "Operation")


@dataclass
class FakeSecretsManager:
    """Secrets Manager with one secret.

    Args:
        content: the secret's string, or the error that reading it meets; None: it has no string.
        then: called in the midst of each reading.
    """

    content: str | Exception | None
    reads: int = 0
    then: Callable[[], object] | None = None

    @property
    def client(self) -> SecretsManagerClient:
        return cast("SecretsManagerClient", self)

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto3's form
        self.reads += 1
        if self.then is not None:
            self.then()
        if isinstance(self.content, Exception):
            raise self.content
        return {"ARN": SecretId} if self.content is None else {"ARN": SecretId, "SecretString": self.content}


@dataclass
class FakeEventBridge:
    """EventBridge that remembers what it took.

    Args:
        refusals: for each of the next requests, the error codes by the numbers of the entries that it does not take, or
            the error that the whole request meets.
        then: called at the end of each request.
        forgets: so many entries are missing in each answer.
    """

    refusals: deque[dict[int, str] | Exception] = field(default_factory=deque)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    then: Callable[[], object] | None = None
    forgets: int = 0
    closed: int = 0

    def make_client(self) -> EventBridgeClient:
        return cast("EventBridgeClient", self)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert 1 <= len(Entries) <= 10
        self.requests.append(Entries)
        refused = self.refusals.popleft() if self.refusals else {}
        if self.then is not None:
            self.then()
        if isinstance(refused, Exception):
            raise refused
        answers = [{"ErrorCode": refused[n]} if n in refused else {"EventId": str(n)} for n in range(len(Entries))]
        answers = answers[self.forgets :]
        return {"FailedEntryCount": len(refused), "Entries": answers}

    def close(self) -> None:
        self.closed += 1


@dataclass
class FakeSqs:
    """SQS that remembers what it took.

    Args:
        refusals: for each of the next requests, the numbers of the entries that it does not take.
        broken: receipt handles; a request that has one fails as a whole.
        meeting: where requests wait for one another.
    """

    refusals: deque[set[int]] = field(default_factory=deque)
    sent: list[str] = field(default_factory=list)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    broken: frozenset[str] = frozenset()
    meeting: Barrier | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def client(self) -> SQSClient:
        return cast("SQSClient", self)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if self.meeting is not None:
            self.meeting.wait(timeout=5)
        with self._lock:
            failed = self._refuse(QueueUrl, Entries)
            self.sent.extend(entry["MessageBody"] for entry in Entries if entry["Id"] not in failed)
        return _answer(failed)

    def change_message_visibility_batch(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        Entries: list[dict[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        if self.meeting is not None:
            self.meeting.wait(timeout=5)
        with self._lock:
            failed = self._refuse(QueueUrl, Entries)
        if self.broken & {entry["ReceiptHandle"] for entry in Entries}:
            raise client_error("InternalError")
        return _answer(failed)

    def _refuse(self, url: str, entries: list[dict[str, Any]]) -> set[str]:
        assert url == "https://sqs.example/queue"
        assert 1 <= len(entries) <= 10
        assert len({entry["Id"] for entry in entries}) == len(entries)
        self.requests.append(entries)
        numbers = self.refusals.popleft() if self.refusals else set()
        return {entry["Id"] for number, entry in enumerate(entries) if number in numbers}


def _answer(failed: set[str]) -> dict[str, Any]:
    return {"Failed": [{"Id": number, "Code": "InternalError"} for number in sorted(failed)]} if failed else {}
