"""A server that answers with whatever bytes a test wants, at whatever pace."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(kw_only=True)
class RawServer:
    """Listens on a free loopback port.

    Args:
        answer: gets each connection's socket after a whole request has arrived there, and an event that is set when
            the server stops. It may be called again for a further request of the same connection.
        requests: all that arrived, as bytes.
    """

    answer: Callable[[socket.socket, Event], object]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    _stopping: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/path"

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        with connection, suppress(OSError):
            while (request := self._read_request(connection)) is not None:
                self.requests.append(request)
                self.answer(connection, self._stopping)

    def _read_request(self, connection: socket.socket) -> bytes | None:
        received = b""
        while not self._stopping.is_set():
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                continue
            if not piece:
                return None
            received += piece
            head, separator, body = received.partition(b"\r\n\r\n")
            if separator and len(body) >= _content_length(head):
                return received
        return None


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0
