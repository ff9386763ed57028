"""Lets containers reach a port of this machine's loopback: hands connections on, byte by byte."""

import contextlib
import socket
import socketserver
from threading import Thread
from typing import Self

from local.runner.ports import LOOPBACK

_CHUNK = 65536


class Relay:
    """Listens at one address of this machine, and nowhere else, on the port that it hands on to.

    Raises:
        OSError: the address is none of this machine's.
    """

    def __init__(self, address: str, port: int) -> None:
        self._server = RelayServer((address, port), target=(LOOPBACK, port))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class RelayServer(socketserver.ThreadingTCPServer):
    """Listens at one address and hands on to another; both are host and port."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], *, target: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.target = target


class _Handler(socketserver.BaseRequestHandler):
    server: RelayServer
    request: socket.socket

    def handle(self) -> None:
        try:
            target = socket.create_connection(self.server.target)
        except OSError:
            return
        with target:
            for end in (target, self.request):  # a head and a body that come one by one go on one by one, at once
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = Thread(target=_pump, args=(target, self.request), daemon=True)
            back.start()
            _pump(self.request, target)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what comes until its end, then hand on the end too."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
