"""The one local address hands requests and answers on as they are."""

import http.client
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.runner.errors import RunError
from local.runner.front import Front
from local.runner.ports import LOOPBACK, free_port
from tests.support.web_server import running


class Emulator(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.requests: list[tuple[str, str, list[tuple[str, str]], bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Emulator

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.requests.append((self.command, self.path, self.headers.items(), body))
        self.send_response(302)
        for name, value in [("Location", "https://other.example/"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]:
            self.send_header(name, value)
        self.send_header("Content-Length", "5")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"words")

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with running(Emulator()) as emulator:
        yield emulator


@pytest.fixture
def connection(emulator: Emulator) -> Iterator[http.client.HTTPConnection]:
    with Front(free_port()) as front:
        front.serve(emulator_port=emulator.server_port, api_id="1ea0a001")
        connection = http.client.HTTPConnection(front.base_url.removeprefix("http://"), timeout=10)
        yield connection
        connection.close()


def test_path_query_cookies_and_body_arrive_unchanged_under_the_apis_own_name(
    emulator: Emulator, connection: http.client.HTTPConnection
) -> None:
    path = "/callback?a=%2F+%20&a=2&empty=&;x"
    connection.request("POST", path, body=b"\x00body", headers={"Cookie": "a=1; b=2", "Connection": "keep-alive"})
    connection.getresponse().read()

    [(method, arrived, headers, body)] = emulator.requests
    assert (method, arrived, body) == ("POST", path, b"\x00body")
    assert dict(headers)["Host"] == f"1ea0a001.execute-api.localhost:{emulator.server_port}"
    assert dict(headers)["Cookie"] == "a=1; b=2"
    assert "Connection" not in dict(headers)


def test_status_redirect_and_each_cookie_come_back_and_the_redirect_is_not_followed(
    emulator: Emulator, connection: http.client.HTTPConnection
) -> None:
    connection.request("GET", "/launch")
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (302, b"words")
    assert answer.getheader("Location") == "https://other.example/"
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert len(emulator.requests) == 1


def test_a_head_request_has_no_body_and_the_connection_goes_on(connection: http.client.HTTPConnection) -> None:
    for method, expected in [("HEAD", b""), ("GET", b"words")]:
        connection.request(method, "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (302, expected)


def test_a_body_of_unknown_length_is_refused(emulator: Emulator, connection: http.client.HTTPConnection) -> None:
    connection.connect()
    connection.sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert emulator.requests == []


@pytest.mark.parametrize(
    "request_line", [b"GET http://other.example/ HTTP/1.1", "GET /ä HTTP/1.1".encode(), b"GET * HTTP/1.1"]
)
def test_a_target_that_is_no_path_is_refused(
    emulator: Emulator, connection: http.client.HTTPConnection, request_line: bytes
) -> None:
    connection.connect()
    connection.sock.sendall(request_line + b"\r\nHost: localhost\r\n\r\n")
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert emulator.requests == []


def test_an_emulator_that_is_gone_gives_502() -> None:
    with Front(free_port()) as front:
        front.serve(emulator_port=free_port(), api_id="1ea0a001")
        connection = http.client.HTTPConnection(front.base_url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 502
        connection.close()


def test_a_port_that_somebody_else_listens_on_is_not_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as other, pytest.raises(RunError, match="is busy"):
        Front(other.getsockname()[1])


@pytest.mark.parametrize("host", ["rebound.evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_name_that_somebody_has_led_to_this_machine_is_not_served(
    connection: http.client.HTTPConnection, emulator: Emulator, host: str
) -> None:
    connection.request("GET", "/session", headers={"Host": host})

    assert connection.getresponse().status == 421
    assert emulator.requests == []


@pytest.mark.parametrize("host", ["localhost:8400", "LOCALHOST", "127.0.0.1:8400", "[::1]:8400", "app.localhost"])
def test_this_machines_own_names_are_served(connection: http.client.HTTPConnection, host: str) -> None:
    connection.request("GET", "/session", headers={"Host": host})

    assert connection.getresponse().status == 302
