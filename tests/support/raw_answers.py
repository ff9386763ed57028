"""What a server of LivePerson may answer, well or badly, and how long it is waited for."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event


DEADLINE = 0.4
SLACK = 1.0
FORM = {"grant_type": "refresh_token", "refresh_token": "canary-refresh-token"}


class Says:
    """Answers every request with the same bytes."""

    def __init__(self, answer: bytes, *, closes: bool = False) -> None:
        self.answer, self.closes = answer, closes

    def __call__(self, connection: socket.socket, stopping: Event) -> None:
        assert not stopping.is_set()
        connection.sendall(self.answer)
        if self.closes:
            connection.shutdown(socket.SHUT_RDWR)


def ok(body: bytes = b"{}", *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class Dribbles:
    """Sends a first part at once and then one byte now and then, for ever."""

    def __init__(self, first: bytes) -> None:
        self.first = first

    def __call__(self, connection: socket.socket, stopping: Event) -> None:
        connection.sendall(self.first)
        while not stopping.wait(0.05):
            connection.sendall(b" ")
