"""`make sam-local`: what it needs, and what it would start."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from local import sam_local
from local.runner.containers import as_seen_from_containers, write_template
from local.runner.engine import find_engine
from local.runner.errors import RunError
from local.runner.places import Places
from local.runner.ports import LOOPBACK, free_port
from local.runner.relay import Relay
from local.sam_local import main, require_host_name, start_api

BUILT = """
Resources:
  LaunchFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: LaunchFunction
      Environment:
        Variables:
          TOKEN_TABLE_NAME:
            Ref: TokenTable
  TokenTable:
    Type: AWS::DynamoDB::Table
"""


class _Engine(BaseHTTPRequestHandler):
    """Answers as a container engine's API does."""

    def do_GET(self) -> None:
        networks = [{"Name": "host"}, {"Name": "bridge", "IPAM": {"Config": [{"Gateway": "172.17.0.1"}]}}]
        content = b"OK" if self.path == "/_ping" else json.dumps(networks).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine_address() -> Iterator[str]:
    with HTTPServer((LOOPBACK, 0), _Engine) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"tcp://{LOOPBACK}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_without_an_engine_one_line_says_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"DOCKER_HOST": f"tcp://{LOOPBACK}:{free_port()}"}) == 1

    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "needs a container engine" in told


def test_an_engine_that_answers_is_found_with_its_containers_way_to_this_machine(engine_address: str) -> None:
    engine = find_engine({"DOCKER_HOST": engine_address})

    assert (engine.address, engine.gateway) == (engine_address, "172.17.0.1")


def test_a_socket_that_is_not_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="none answers"):
        find_engine({"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})


def test_the_name_that_browser_and_containers_share_must_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostbyname", lambda _: "192.168.1.5")
    with pytest.raises(RunError, match=r"127\.0\.0\.1 host\.docker\.internal.*/etc/hosts"):
        require_host_name()

    monkeypatch.setattr(socket, "gethostbyname", lambda _: "127.0.0.1")
    require_host_name()


def test_functions_in_containers_get_the_deployed_names_as_values(tmp_path: Path) -> None:
    built = tmp_path / "template.yaml"
    built.write_text(BUILT)

    copy = write_template(built, {"LaunchFunction": {"TOKEN_TABLE_NAME": "table-1", "AWS_ENDPOINT_URL": "http://x"}})

    assert copy.parent == tmp_path
    resources = json.loads(copy.read_text())["Resources"]
    assert resources["LaunchFunction"]["Properties"] == {
        "CodeUri": "LaunchFunction",
        "Environment": {"Variables": {"TOKEN_TABLE_NAME": "table-1", "AWS_ENDPOINT_URL": "http://x"}},
    }
    assert resources["TokenTable"] == {"Type": "AWS::DynamoDB::Table"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://127.0.0.1:4566", "http://host.docker.internal:4566"),
        ("http://localhost:4566/0/queue", "http://host.docker.internal:4566/0/queue"),
        ("https://api.liveperson.net", "https://api.liveperson.net"),
        ("http://127.0.0.1.example.com", "http://127.0.0.1.example.com"),
        ("30", "30"),
    ],
)
def test_only_addresses_of_this_machines_loopback_change_for_containers(value: str, expected: str) -> None:
    assert as_seen_from_containers(value) == expected


def test_the_api_is_served_on_loopback_by_warm_containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sam_local, "write_template", lambda built, _: built)

    command = [str(part) for part in start_api(Places(state=tmp_path), {}, 8400, "172.17.0.1")]

    assert command[1:3] == ["local", "start-api"]
    assert command[command.index("--host") + 1] == LOOPBACK
    assert command[command.index("--port") + 1] == "8400"
    assert command[command.index("--warm-containers") + 1] == "EAGER"
    assert command[command.index("--add-host") + 1] == "host.docker.internal:172.17.0.1"


def test_where_the_engine_hands_on_by_itself_no_host_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sam_local, "write_template", lambda built, _: built)

    assert "--add-host" not in start_api(Places(state=tmp_path), {}, 8400, None)


@pytest.mark.allow_hosts([LOOPBACK, "127.0.0.2"])
def test_a_relay_hands_on_both_ways_until_each_side_ends() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with Relay("127.0.0.2", port), socket_to("127.0.0.2", port) as client:
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            accepted, _ = server.accept()
            with accepted:
                assert read_all(accepted) == b"question"
                accepted.sendall(b"answer")
            assert read_all(client) == b"answer"


def test_a_relay_at_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(OSError, match="assign requested address"):
        Relay("192.0.2.1", free_port())


def socket_to(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), timeout=10)


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(100), b""))
