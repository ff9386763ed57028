"""The HTTP server: sockets, connections, threads."""

import re
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition
from typing import Any, override

from local.simulator.dispatcher import Dispatcher
from local.simulator.web import Request

_LARGEST_BODY = 256 * 1024
_PRINTABLE = re.compile(r"[^\x21-\x7e]")


class Server(ThreadingHTTPServer):
    """Listens on loopback, one thread a connection, and ends them all when it is closed."""

    request_queue_size = 512
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, dispatcher: Dispatcher, *, verbose: bool) -> None:
        self.dispatcher = dispatcher
        self.verbose = verbose
        self._open: set[socket.socket] = set()
        self._changed = Condition()
        super().__init__(("127.0.0.1", port), Handler)

    @override
    def server_bind(self) -> None:
        """Bind without the look-up of a host name that http.server does."""
        # A port that another simulator listens on must be refused, on every system.
        self.allow_reuse_port = False
        super(ThreadingHTTPServer, self).server_bind()

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away, which faults and stopping bring about."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stop listening, cut the connections, wait for their threads."""
        self.shutdown()
        with self._changed:
            for connection in self._open:
                _cut(connection)
            self._changed.wait_for(lambda: not self._open, timeout=10)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads requests and hands them to the dispatcher."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def respond(self) -> None:
        """Answer one request; the connection stays open where both sides can go on."""
        body = self._read_body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(method=self.command, path=path, query=query, headers=headers, body=body)
        status, stays = self.server.dispatcher.serve(request, self._write)
        if not stays:
            self.close_connection = True
        self._note(status, path)

    # http.server looks its methods up by these names.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = respond  # noqa: N815

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)

    def _read_body(self) -> bytes | None:
        """Read the body, so that the next request begins after it; None: refused."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self.send_error(411)
        elif not re.fullmatch("[0-9]{1,9}", length):
            self.send_error(400)
        elif int(length) > _LARGEST_BODY:
            self.send_error(413)
        else:
            return self.rfile.read(int(length))
        self.close_connection = True
        return None

    def _note(self, status: int | None, path: str) -> None:
        if self.server.verbose:
            shown = _PRINTABLE.sub("?", path)
            answer = "no answer" if status is None else status
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {self.command} {shown} {answer}\n")

    @override
    def version_string(self) -> str:
        return "LivePersonSimulator"

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: http.server's own lines would show queries."""


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
