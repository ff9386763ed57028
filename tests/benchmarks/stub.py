"""Stands in for LivePerson and AWS: one process, one thread, whatever is asked answered after a set time.

    python -m tests.benchmarks.stub ANSWERS.json PORT SENTINEL_MS AWS_MS

It keeps nothing: a leased item comes as it was at first, however often it was saved since. So it costs little, and
what is measured is the caller.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.runner.ports import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is answered.

    Args:
        tokens: {grant type: the token endpoint's answer}.
        secrets: {ARN: string}.
        items: {pk: item of the token table}.
        due: keys of the index, the same for each slot.
        service: the Domain API's answer.
        sentinel_delay: seconds; aws_delay likewise.
    """

    tokens: dict[str, dict[str, Any]]
    secrets: dict[str, str]
    items: dict[str, dict[str, Any]]
    due: list[str]
    service: dict[str, str]
    sentinel_delay: float
    aws_delay: float

    def answer(self, target: str | None, body: bytes) -> tuple[Any, float]:
        """Give the answer to a request and the delay.

        Args:
            target: the header by which AWS's services tell their operations apart; None: it is LivePerson's.
        """
        if target is not None:
            return self._aws(target.rpartition(".")[2], json.loads(body)), self.aws_delay
        if not body:
            return self.service, 0
        if b"grant_type" not in body:
            return None, self.aws_delay  # S3 takes an object
        grant_type = "refresh_token" if b"grant_type=refresh_token" in body else "authorization_code"
        return self.tokens[grant_type], self.sentinel_delay

    def _aws(self, operation: str, asked: dict[str, Any]) -> Any:
        match operation:
            case "GetSecretValue":
                return {"ARN": asked["SecretId"], "SecretString": self.secrets[asked["SecretId"]]}
            case "UpdateItem":
                return self._updated(asked)
            case "GetItem":
                item = self.items.get(asked["Key"]["pk"]["S"])
                return {} if item is None else {"Item": item}
            case "Query":
                return {"Items": [{"pk": {"S": pk}} for pk in self.due], "Count": len(self.due)}
            case "SendMessageBatch":
                return {"Successful": [_sent(entry) for entry in asked["Entries"]], "Failed": []}
            case "PutItem":
                return {}
        raise ValueError(operation)

    def _updated(self, asked: dict[str, Any]) -> Any:
        match asked.get("ReturnValues", "NONE"):
            case "ALL_OLD":
                return {"Attributes": self.items[asked["Key"]["pk"]["S"]]}
            case "UPDATED_NEW":
                return {"Attributes": {"session_epoch": {"N": "1"}}}
            case _:
                return {}


def _sent(entry: dict[str, Any]) -> dict[str, str]:
    return {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": "0" * 32}


class Connection(asyncio.Protocol):
    """One client's connection: requests come one at a time."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        headers = dict(_read_header(line) for line in head.split(b"\r\n")[1:])
        if not separator or len(body) < int(headers.get("content-length", "0")):
            if separator and not body and "expect" in headers:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # S3's clients ask before they send
            return
        self._received = b""
        content, delay = self._answers.answer(headers.get("x-amz-target"), body)
        written = b"" if content is None else json.dumps(content).encode()
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        asyncio.get_running_loop().call_later(delay, self._transport.write, answer % (len(written), written))


def _read_header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.lower(), value.strip()


async def serve(port: int, answers: Answers) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answers), LOOPBACK, port)
    await server.serve_forever()


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text())
    port, sentinel_ms, aws_ms = (int(argument) for argument in sys.argv[2:])
    asyncio.run(serve(port, Answers(**told, sentinel_delay=sentinel_ms / 1000, aws_delay=aws_ms / 1000)))
