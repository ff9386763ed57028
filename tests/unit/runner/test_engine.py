"""The container engine: where it is found, what it tells of its containers, and how its failures read."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.runner.engine import Engine, find_engine
from local.runner.errors import RunError
from local.runner.ports import LOOPBACK
from tests.support.web_server import running

NAMED = {"Gateway": "10.88.0.1", "Subnet": "10.88.0.0/16"}
IMAGE = "public.example/lambda/python:3.13"


class FakeEngine(HTTPServer):
    """Answers as a container engine's API does; what it does not know is 404."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {"GET /_ping": "OK"}
        super().__init__((LOOPBACK, 0), Handler)

    @property
    def address(self) -> str:
        return f"tcp://{LOOPBACK}:{self.server_port}"

    def has_networks(self, *subnets: dict[str, str]) -> None:
        bridge = {"Name": "bridge", "IPAM": {"Config": list(subnets)}}
        self.answers["GET /networks"] = [{"Name": "host", "IPAM": {"Config": None}}, bridge]


class Handler(BaseHTTPRequestHandler):
    server: FakeEngine

    def answer(self) -> None:
        request = f"{self.command} {self.path}"
        self.server.asked.append(request)
        content = self.server.answers.get(request, {"message": "page not found"})
        self.send_response(200 if request in self.server.answers else 404)
        self.end_headers()
        self.wfile.write((content if isinstance(content, str) else json.dumps(content)).encode())

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    with running(FakeEngine()) as server:
        yield server


def test_an_engine_that_answers_is_found_with_its_containers_way_to_this_machine(fake: FakeEngine) -> None:
    fake.has_networks(NAMED)

    assert find_engine({"DOCKER_HOST": fake.address}) == Engine(address=fake.address, gateway="10.88.0.1")


def test_a_gateway_that_docker_does_not_name_is_the_first_address_of_the_subnet(fake: FakeEngine) -> None:
    fake.has_networks({"Subnet": "fd00::/64"}, {"Subnet": "172.17.0.0/16"})

    assert find_engine({"DOCKER_HOST": fake.address}).gateway == "172.17.0.1"


def test_an_engine_without_a_bridge_names_no_gateway(fake: FakeEngine) -> None:
    assert find_engine({"DOCKER_HOST": fake.address}).gateway is None


def test_a_rootless_engine_says_so(fake: FakeEngine) -> None:
    fake.answers["GET /info"] = {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}

    assert find_engine({"DOCKER_HOST": fake.address}).is_rootless


def test_a_socket_that_is_not_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="none answers"):
        find_engine({"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})


def test_an_image_that_does_not_come_is_told_with_the_engines_reason(fake: FakeEngine) -> None:
    pull = "POST /images/create?fromImage=public.example%2Flambda%2Fpython&tag=3.13"
    fake.answers[pull] = '{"status": "Pulling"}\r\n{"errorDetail": {}, "error": "no such host"}\r\n'

    with pytest.raises(RunError, match=rf"cannot fetch {IMAGE}: no such host$"):
        Engine(address=fake.address, gateway=None).pull(IMAGE)
    fake.answers.pop(pull)
    with pytest.raises(RunError, match=r"page not found$"):
        Engine(address=fake.address, gateway=None).pull(IMAGE)


def test_an_image_that_came_is_there(fake: FakeEngine) -> None:
    engine = Engine(address=fake.address, gateway=None)
    assert not engine.has_image(IMAGE)

    fake.answers[f"GET /images/{IMAGE.replace(':', '%3A')}/json"] = {"Id": "sha256:1"}

    engine.pull(IMAGE)
    assert engine.has_image(IMAGE)


def test_only_containers_that_hold_something_of_the_folder_are_removed(fake: FakeEngine, tmp_path: Path) -> None:
    fake.answers["GET /containers/json?all=true"] = [
        {"Id": "ours", "Mounts": [{"Source": "/etc"}, {"Source": f"{tmp_path}/artifacts/LaunchFunction"}]},
        {"Id": "anothers", "Mounts": [{"Source": f"{tmp_path}-2/artifacts"}, {"Name": "a volume"}]},
        {"Id": "without", "Mounts": []},
    ]

    Engine(address=fake.address, gateway=None).remove_containers_of(tmp_path)

    assert [asked for asked in fake.asked if "DELETE" in asked] == ["DELETE /containers/ours?force=true"]
