"""Small web servers for real browsers: our functions as API Gateway hands requests to them, and pages of others."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from tests.support.api_events import api_event
from tests.support.template import properties, read_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.installation import Answer, Installation

type Respond = Callable[[dict[str, Any]], Answer]


@contextmanager
def serving(respond: Respond) -> Iterator[int]:
    """Serve on a free port of loopback, whatever host is asked for; gives the port.

    Args:
        respond: gives the answer to an event, both as API Gateway has them (payload 2.0).
    """
    with running(_Server(respond)) as server:
        yield server.server_port


@contextmanager
def running[S: HTTPServer](server: S) -> Iterator[S]:
    """Let a server serve in a thread of its own, until the block ends."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def the_functions(installation: Installation) -> Respond:
    """Answer by the function that the template has for a route, one request at a time: they share this process."""
    one_at_a_time = Lock()

    def respond(event: dict[str, Any]) -> Answer:
        function = _functions_by_route().get(event["routeKey"])
        if function is None:
            return {"statusCode": 404, "headers": {}, "body": ""}
        with one_at_a_time:
            answer: Answer = installation.invoke(function, event)
        return answer

    return respond


def a_page(html: str) -> Respond:
    """Answer every request with one page."""
    return lambda _: {"statusCode": 200, "headers": {"Content-Type": "text/html; charset=utf-8"}, "body": html}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, respond: Respond) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond = respond


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def answer(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        cookies = headers.pop("cookie", "")
        body = self.rfile.read(int(headers.get("content-length", "0")))
        event = api_event(path, method=self.command, query=query, cookies=cookies.split("; ") if cookies else None)
        self._write(self.server.respond({**event, "headers": headers, **_body(body)}))

    do_GET = do_HEAD = do_POST = do_OPTIONS = answer  # noqa: N815 - the names that http.server calls

    def _write(self, answer: Mapping[str, Any]) -> None:
        body = answer["body"].encode()
        self.send_response_only(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        for cookie in answer.get("cookies", ()):
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _body(body: bytes) -> dict[str, Any]:
    """Hand a body on as API Gateway does one that it does not take for text: forms are among those."""
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True} if body else {}


@cache
def _functions_by_route() -> dict[str, str]:
    """Give the folder of the function behind each route."""
    resources = read_template()["Resources"].values()
    routes = [each["Properties"] for each in resources if each["Type"] == "AWS::ApiGatewayV2::Route"]
    return {route["RouteKey"]: _folder_behind(route["Target"]["Fn::Sub"]) for route in routes}


def _folder_behind(target: str) -> str:
    """Follow `integrations/${...}` to its function's folder."""
    integration = properties(target.removeprefix("integrations/${").removesuffix("}"))
    function, _, _ = integration["IntegrationUri"]["Fn::GetAtt"].partition(".")
    code: str = properties(function)["CodeUri"]
    return code.split("/")[1]
