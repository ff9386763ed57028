"""The container engine that `sam local` needs: where it answers, and how its containers reach this machine."""

import http.client
import json
import os
import socket
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override

from local.runner.errors import RunError

_SECONDS = 5
_DEFAULT_NETWORKS = ("bridge", "podman")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A container engine that answered.

    Args:
        address: as DOCKER_HOST has it, unix:///path or tcp://host:port.
        gateway: this machine's address in its containers' network; None where it names none.
    """

    address: str
    gateway: str | None


def find_engine(environment: Mapping[str, str]) -> Engine:
    """The engine that DOCKER_HOST names, else the first that answers at a usual place.

    Raises:
        RunError: none answers.
    """
    for address in _addresses(environment):
        if _may_answer(address) and _ask(address, "/_ping") is not None:
            return Engine(address=address, gateway=_find_gateway(address))
    raise RunError(
        "make sam-local needs a container engine, and none answers: start Docker, or Podman with its socket "
        "(podman system service), or name it by DOCKER_HOST. `make run` needs none."
    )


def _addresses(environment: Mapping[str, str]) -> list[str]:
    if named := environment.get("DOCKER_HOST"):
        return [named]
    home = environment.get("HOME", "/root")
    runtime = environment.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    sockets = [
        "/var/run/docker.sock",
        f"{runtime}/docker.sock",
        f"{home}/.docker/run/docker.sock",
        f"{runtime}/podman/podman.sock",
        "/run/podman/podman.sock",
    ]
    return [f"unix://{path}" for path in sockets]


def _may_answer(address: str) -> bool:
    parts = urllib.parse.urlsplit(address)
    return parts.scheme in {"tcp", "http"} or (parts.scheme == "unix" and Path(parts.path).is_socket())


def _find_gateway(address: str) -> str | None:
    networks: Any = _ask(address, "/networks") or []
    for network in networks:
        if network.get("Name") in _DEFAULT_NETWORKS:
            for subnet in (network.get("IPAM") or {}).get("Config") or []:
                if subnet.get("Gateway"):
                    return str(subnet["Gateway"])
    return None


def _ask(address: str, path: str) -> Any:
    """What the engine's API answers; text where it is no JSON, None where there is no good answer."""
    connection = _connection(address)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


def _connection(address: str) -> http.client.HTTPConnection:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path)
    return http.client.HTTPConnection(parts.hostname or "localhost", parts.port, timeout=_SECONDS)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
