"""A container engine's HTTP API, as Docker has it."""

import http.client
import json
import socket
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, override

_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAnswer:
    """What an engine answered, whole."""

    status: int
    content: bytes

    def read(self) -> Any:
        """Its content; text where it is no JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return self.content.decode(errors="replace")


def may_answer(address: str) -> bool:
    """Whether it is worth asking there.

    Args:
        address: as DOCKER_HOST has it, unix:///path or tcp://host:port.
    """
    parts = urllib.parse.urlsplit(address)
    return parts.scheme in {"tcp", "http"} or (parts.scheme == "unix" and Path(parts.path).is_socket())


def ask(
    address: str, method: str, path: str, *, body: BinaryIO | None = None, seconds: float = _SECONDS
) -> EngineAnswer | None:
    """One request; None where nothing that speaks HTTP answers.

    Args:
        path: with its query.
        body: an archive.
        seconds: how long the engine may be silent.
    """
    connection = _connection(address, seconds)
    headers = {} if body is None else {"Content-Type": "application/x-tar"}
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return EngineAnswer(status=answer.status, content=answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _connection(address: str, seconds: float) -> http.client.HTTPConnection:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path, seconds)
    return http.client.HTTPConnection(parts.hostname or "localhost", parts.port, timeout=seconds)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
