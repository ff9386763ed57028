"""The one local address: http://localhost:PORT, handed on to the API at the emulator.

The emulator serves the API under a host name of its own, {api id}.execute-api.localhost:PORT. Browsers other than
Chromium and Python's resolver need not know such names, and its port also answers every AWS call; so this stands
before it, short, and serving the API only.
"""

import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self, override

from local.runner.errors import RunError
from local.runner.guarded_ministack import names_this_machine
from local.runner.ports import LOOPBACK, require_free

_LONGEST_BODY = 10 * 1024 * 1024
_ANSWER_SECONDS = 35  # API Gateway itself gives up after 30
# They concern one connection only (RFC 9110 section 7.6.1), or this server writes them anew.
_NOT_HANDED_ON = {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
_WRITTEN_ANEW = _NOT_HANDED_ON | {"content-length"}


class Front:
    """Takes the port at once, so that nobody else can; answers from `serve` on.

    Raises:
        RunError: the port is busy.
    """

    def __init__(self, port: int) -> None:
        require_free(port)
        try:
            self._server = _Server((LOOPBACK, port), _Handler)
        except OSError as error:
            raise RunError(f"Port {port} cannot be used: {error.strerror}") from error
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self._server.server_port}"

    def serve(self, *, emulator_port: int, api_id: str) -> None:
        """Start answering."""
        self._server.emulator_port = emulator_port
        self._server.host_header = f"{api_id}.execute-api.localhost:{emulator_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    emulator_port = 0
    host_header = ""

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that goes away in the middle is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def _hand_on(self) -> None:
        refusal = self._find_refusal()
        if refusal:
            self._refuse(*refusal)
            return
        body = self.rfile.read(self._body_length())
        connection = http.client.HTTPConnection(LOOPBACK, self.server.emulator_port, timeout=_ANSWER_SECONDS)
        try:
            self._send_request(connection, body)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._refuse(502, f"The emulator does not answer: {type(error).__name__}")
        except ValueError:
            self._refuse(400, "The request's path or a header cannot be handed on.")
        else:
            self._send_answer(answer, content)
        finally:
            connection.close()

    # The names that http.server calls.
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _hand_on  # noqa: N815

    def _find_refusal(self) -> tuple[int, str] | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            return 400, "A request body needs a Content-Length."
        if not names_this_machine(self.headers.get("Host", "")):
            return 421, "This address answers for this machine only."
        if not self.path.startswith("/"):
            return 400, "A request needs a path."
        if self._body_length() > _LONGEST_BODY:
            return 413, "A request body may have 10 MB."
        return None

    def _body_length(self) -> int:
        return int(self.headers.get("Content-Length", "0"))

    def _send_request(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", self.server.host_header)
        for name, value in self.headers.items():
            if name.lower() not in _WRITTEN_ANEW | {"host", "expect"}:
                connection.putheader(name, value)
        if body or self.command in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)

    def _send_answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _WRITTEN_ANEW:
                self.send_header(name, value)
        self._end_answer(content, bodiless=answer.status in {204, 304})

    def _refuse(self, status: int, words: str) -> None:
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self._end_answer(words.encode(), bodiless=False)

    def _end_answer(self, content: bytes, *, bodiless: bool) -> None:
        if not bodiless:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a request line can hold a code and a state."""
