import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import requests

from local.simulator import Clock, Simulator
from tests.integration.simulator.sentinel_client import ACCOUNT, Client


@pytest.fixture
def connection(simulator: Simulator) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(simulator.host, timeout=10)
    yield connection
    connection.close()


def exchange_bytes(simulator: Simulator, request: bytes) -> bytes:
    """Send bytes and read until the simulator closes the connection."""
    host, _, port = simulator.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(request)
        return b"".join(iter(lambda: plain.recv(65536), b""))


def test_a_connection_serves_many_requests(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    kept = connection.sock

    for method, path in (("GET", "/_simulator/health"), ("HEAD", "/nowhere"), ("POST", "/nowhere"), ("PUT", "/")):
        connection.request(method, path, body=b"ignored")
        connection.getresponse().read()

    assert connection.sock is kept


def test_nothing_else_answers(client: Client) -> None:
    for path in ("/", "/favicon.ico", f"/sentinel/api/account/{ACCOUNT}/nothing", "/_simulatorx", "/api/account//x"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: -1", b"400"),
        (b"Content-Length: x", b"400"),
        (b"Content-Length: 99999999", b"413"),
    ],
)
def test_a_body_whose_end_is_not_clear_is_refused(simulator: Simulator, head: bytes, status: bytes) -> None:
    answer = exchange_bytes(simulator, b"POST /_simulator/reset HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_it_listens_on_loopback_only(simulator: Simulator) -> None:
    assert simulator.base_url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_refused(simulator: Simulator) -> None:
    port = int(simulator.host.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        Simulator(port=port).start()


def test_it_can_be_stopped_and_started_at_the_same_address_with_what_it_knew(
    client: Client, simulator: Simulator
) -> None:
    token, address = client.issue_refresh_token(), simulator.base_url

    simulator.stop()
    with pytest.raises(requests.ConnectionError):
        client.domain()
    simulator.start()

    assert simulator.base_url == address
    assert client.refresh(token).status_code == 200


def test_stopping_twice_does_no_harm(simulator: Simulator) -> None:
    simulator.stop()
    simulator.stop()


@pytest.mark.parametrize("delay", [{"seconds": 3600}, {"until": Event()}])
def test_stopping_ends_requests_that_are_held(delay: dict[str, Any]) -> None:
    simulator = Simulator(clock=Clock())
    simulator.start()
    held = simulator.faults.order("domain", "delay", **delay)

    with ThreadPoolExecutor(1) as pool:
        url = f"{simulator.base_url}/api/account/{ACCOUNT}/service/baseURI.json"
        answer = pool.submit(requests.get, url, timeout=60)
        assert held.reached.wait(10)
        simulator.stop()

        with pytest.raises(requests.ConnectionError):
            answer.result(10)

    assert [(entry.status, entry.processed) for entry in simulator.journal.entries()] == [(None, False)]


def test_two_simulators_serve_two_accounts(simulator: Simulator, client: Client) -> None:
    with Simulator() as other:
        other.register("app", secrets=["canary"], accounts=["le2"], redirect_uris=[])
        simulator.settings.sentinel_hosts = {"le2": other.host}

        assert client.domain(account="le2").json()["baseURI"] == other.host
        assert client.authorize(account="le2").status_code == 401
