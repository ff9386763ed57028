"""`make sam-local`: what it needs, and what it would start."""

import errno
import json
import socket
import tomllib
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from local.runner.child import Child
from local.runner.containers import as_seen_from_containers, read_environments, write_settings, write_template
from local.runner.engine import Engine
from local.runner.errors import RunError
from local.runner.places import Places
from local.runner.ports import LOOPBACK, free_port
from local.runner.progress import Untold
from local.runner.relay import Relay
from local.runner.sam import Deployed
from local.runner.stack import Stack
from local.sam_local import _QUERIES, fetch_image, main, relays, start_api
from tests.support.template import read_template

NOWHERE = f"tcp://{LOOPBACK}:9"
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


def stack(domain_api_url: str = "http://127.0.0.1:7000", emulator_port: int = 4566) -> Stack:
    """A stack with two functions, whose variables the emulator tells."""
    variables = {"DOMAIN_API_URL": domain_api_url, "SENTINEL_DOMAIN": "", "PUBLIC_BASE_URL": "http://localhost:8400"}
    configuration = {"Environment": {"Variables": variables}}
    functions = SimpleNamespace(get_function_configuration=lambda FunctionName: configuration)  # noqa: N803, ARG005
    aws = SimpleNamespace(endpoint=f"http://127.0.0.1:{emulator_port}", functions=functions)
    deployed = {"LaunchFunction": "stack-launch", "CallbackFunction": "stack-callback"}
    return Stack(
        base_url="http://localhost:8400",
        aws=cast("object", aws),  # type: ignore[arg-type]
        deployed=Deployed(outputs={}, functions=deployed, roles=[], template={}),
        simulator_url=None,
        parameters={"DomainApiUrl": domain_api_url},
        children=[],
    )


def test_without_an_engine_one_line_says_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"DOCKER_HOST": f"tcp://{LOOPBACK}:{free_port()}"}) == 1

    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "needs a container engine" in told.err
    assert told.out == ""


def test_an_image_that_is_there_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(Engine, "pull", lambda _, name: fetched.append(name))
    engine = Engine(address=NOWHERE, gateway=None)

    monkeypatch.setattr(Engine, "has_image", lambda _, name: bool(name))
    fetch_image(engine, Untold())
    assert fetched == []

    monkeypatch.setattr(Engine, "has_image", lambda _, name: not name)
    fetch_image(engine, Untold())
    assert fetched[0].startswith("public.ecr.aws/lambda/python:3.13-")


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


def test_launch_names_sentinel_as_browsers_reach_it_and_the_others_as_containers_do() -> None:
    environments = read_environments(stack(), base_url="http://localhost:8461")

    launch, callback = environments["LaunchFunction"], environments["CallbackFunction"]
    assert launch["SENTINEL_DOMAIN"] == "127.0.0.1:7000"
    assert callback["SENTINEL_DOMAIN"] == "host.docker.internal:7000"
    # A local Sentinel is taken beside a local Domain API only.
    assert launch["DOMAIN_API_URL"] == callback["DOMAIN_API_URL"] == "http://host.docker.internal:7000"
    assert callback["AWS_ENDPOINT_URL"] == "http://host.docker.internal:4566"
    assert callback["PUBLIC_BASE_URL"] == "http://localhost:8461"


def test_with_the_real_liveperson_the_domain_api_is_asked() -> None:
    environments = read_environments(stack("https://api.liveperson.net"), base_url="http://localhost:8461")

    assert {environment["SENTINEL_DOMAIN"] for environment in environments.values()} == {""}
    assert environments["LaunchFunction"]["DOMAIN_API_URL"] == "https://api.liveperson.net"


def test_the_function_that_sends_browsers_is_the_one_of_launch() -> None:
    resources = read_template()["Resources"]
    integration = resources["LaunchRoute"]["Properties"]["Target"]["Fn::Sub"].partition("integrations/")[2].strip("${}")

    assert resources["LaunchRoute"]["Properties"]["RouteKey"] == "GET /launch"
    assert resources[integration]["Properties"]["IntegrationUri"] == {"Fn::GetAtt": "LaunchFunction.Arn"}


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


@pytest.mark.parametrize(("address", "added"), [("172.17.0.1", "host.docker.internal:172.17.0.1"), (None, None)])
def test_the_settings_of_sam_local_name_this_machine_where_the_engine_does_not(
    address: str | None, added: str | None, tmp_path: Path
) -> None:
    write_settings(tmp_path / "samconfig.toml", tmp_path / 'a "folder"' / "template.json", address)

    settings = tomllib.loads((tmp_path / "samconfig.toml").read_text())["default"]["global"]["parameters"]
    assert settings["template_file"] == str(tmp_path / 'a "folder"' / "template.json")
    assert settings["skip_pull_image"] is True
    assert settings.get("add_host") == added


def test_the_api_is_served_on_loopback(tmp_path: Path) -> None:
    command = [str(part) for part in start_api(Places(state=tmp_path), 8400)]

    assert command[1:3] == ["local", "start-api"]
    assert command[command.index("--host") + 1] == LOOPBACK
    assert command[command.index("--port") + 1] == "8400"


def test_a_request_is_shown_without_its_query(tmp_path: Path) -> None:
    line = '127.0.0.1 - - "GET /callback?code=code-canary&state=state-canary HTTP/1.1" 303 -'
    program = Child("echo", ["echo", line], env={}, log=tmp_path / "echo.log", cwd=tmp_path, hidden=_QUERIES)
    program.finish()
    program.stop()

    assert program.log.read_text() == '127.0.0.1 - - "GET /callback HTTP/1.1" 303 -\n'


@pytest.mark.allow_hosts([LOOPBACK, "127.0.0.2"])
def test_containers_reach_the_emulator_and_a_local_liveperson_at_the_gateway_and_only_while_it_runs() -> None:
    with socket.create_server((LOOPBACK, 0)) as emulator, socket.create_server((LOOPBACK, 0)) as liveperson:
        ports = [server.getsockname()[1] for server in (emulator, liveperson)]
        local = stack(f"http://127.0.0.1:{ports[1]}", ports[0])
        with relays(Engine(address=NOWHERE, gateway="127.0.0.2"), local) as address:
            assert address == "127.0.0.2"
            for port in ports:
                socket_to(address, port).close()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket_to("127.0.0.2", port)


def test_a_liveperson_elsewhere_is_reached_without_us(monkeypatch: pytest.MonkeyPatch) -> None:
    relayed: list[int] = []

    def relay(_: str, port: int) -> AbstractContextManager[None]:
        relayed.append(port)
        return nullcontext()

    monkeypatch.setattr("local.sam_local.Relay", relay)

    with relays(Engine(address=NOWHERE, gateway="127.0.0.2"), stack("https://api.liveperson.net", 4566)):
        assert relayed == [4566]


def test_an_engine_in_a_machine_of_its_own_hands_on_by_itself() -> None:
    with relays(Engine(address=NOWHERE, gateway="192.0.2.1"), stack(emulator_port=free_port())) as address:
        assert address is None
    with relays(Engine(address=NOWHERE, gateway=None), stack()) as address:
        assert address is None


def test_a_rootless_engine_is_refused_since_its_containers_do_not_reach_this_machine() -> None:
    rootless = Engine(address=NOWHERE, gateway="192.0.2.1", is_rootless=True)

    with pytest.raises(RunError, match=r"is rootless.*DOCKER_HOST"), relays(rootless, stack()):
        pass


@pytest.mark.allow_hosts([LOOPBACK, "127.0.0.2"])
def test_a_port_that_is_busy_at_the_gateway_is_told() -> None:
    with socket.create_server(("127.0.0.2", 0)) as other:
        local = stack(emulator_port=other.getsockname()[1])
        engine = Engine(address=NOWHERE, gateway="127.0.0.2")
        with pytest.raises(RunError, match=r"at 127\.0\.0\.2: Address already in use"), relays(engine, local):
            pass


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
    with pytest.raises(OSError, match="assign requested address") as refusal:
        Relay("192.0.2.1", free_port())
    assert refusal.value.errno == errno.EADDRNOTAVAIL


def socket_to(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), timeout=10)


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(100), b""))
