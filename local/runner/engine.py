"""The container engine that `sam local` needs: where it answers, how its containers reach this machine, its images."""

import http
import ipaddress
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from local.runner.engine_api import EngineAnswer, ask, may_answer
from local.runner.errors import RunError

_DEFAULT_NETWORK = "bridge"
_SILENT_SECONDS = 600.0  # while an image comes
_IPV4 = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A container engine that answered.

    Args:
        address: as DOCKER_HOST has it, unix:///path or tcp://host:port.
        gateway: this machine's address in its containers' network, if this machine is where they run; None where the
            engine names none.
        is_rootless: its containers do not reach this machine.
    """

    address: str
    gateway: str | None
    is_rootless: bool = False

    def has_image(self, name: str) -> bool:
        answer = ask(self.address, "GET", f"/images/{quote(name)}/json")
        return answer is not None and answer.status == http.HTTPStatus.OK

    def pull(self, name: str) -> None:
        """Fetch an image.

        Raises:
            RunError: it does not come.
        """
        repository, _, tag = name.rpartition(":")
        query = urlencode({"fromImage": repository, "tag": tag})
        answer = ask(self.address, "POST", f"/images/create?{query}", seconds=_SILENT_SECONDS)
        if not self.has_image(name):
            raise RunError(f"The container engine cannot fetch {name}: {_read_reason(answer)}")

    def remove_containers_of(self, folder: Path) -> None:
        """Remove the containers that have something of this folder in them, running or not."""
        for container in _read(self.address, "/containers/json?all=true") or []:
            if any(Path(mount.get("Source") or "/").is_relative_to(folder) for mount in container["Mounts"]):
                ask(self.address, "DELETE", f"/containers/{container['Id']}?force=true", seconds=60)


def find_engine(environment: Mapping[str, str]) -> Engine:
    """The engine that DOCKER_HOST names, else the first that answers at a usual place.

    Raises:
        RunError: none answers.
    """
    for address in _addresses(environment):
        if may_answer(address) and _read(address, "/_ping") is not None:
            return Engine(address=address, gateway=_find_gateway(address), is_rootless=_is_rootless(address))
    raise RunError(
        "make sam-local needs a container engine, and none answers: start Docker, or name its socket by DOCKER_HOST. "
        "`make run` needs none."
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
    ]
    return [f"unix://{path}" for path in sockets]


def _find_gateway(address: str) -> str | None:
    return next(_gateways(_read(address, "/networks") or []), None)


def _gateways(networks: list[dict[str, Any]]) -> Iterator[str]:
    """Docker names the gateway only from its second start on; it is the subnet's first address."""
    for network in networks:
        if network.get("Name") == _DEFAULT_NETWORK:
            for subnet in (network.get("IPAM") or {}).get("Config") or []:
                addresses = ipaddress.ip_network(subnet["Subnet"])
                if addresses.version == _IPV4:
                    yield subnet.get("Gateway") or str(addresses[1])


def _is_rootless(address: str) -> bool:
    return "name=rootless" in ((_read(address, "/info") or {}).get("SecurityOptions") or [])


def _read(address: str, path: str) -> Any:
    """What the engine answers; None where there is no good answer."""
    answer = ask(address, "GET", path)
    return answer.read() if answer is not None and answer.status == http.HTTPStatus.OK else None


def _read_reason(answer: EngineAnswer | None) -> str:
    """An engine tells a failure as {"message": ...}, or, once it has begun, in the last of many lines of JSON."""
    if answer is None:
        return "it does not answer"
    last = EngineAnswer(status=answer.status, content=(answer.content.splitlines() or [b""])[-1]).read()
    return str(last.get("message") or last.get("error") or last) if isinstance(last, dict) else str(last)
