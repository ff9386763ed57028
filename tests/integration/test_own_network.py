"""A server that listens on all interfaces, started so that only this machine's loopback leads to it."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest

from local.runner.child import Child
from local.runner.places import PROJECT
from local.runner.ports import free_port
from tests.support import own_network

LISTENS_EVERYWHERE = ("-m", "http.server", "--bind", "0.0.0.0")  # noqa: S104 - in a network of its own


def test_only_loopback_leads_to_the_server(tmp_path: Path) -> None:
    port = free_port()
    server = [sys.executable, *LISTENS_EVERYWHERE, "--directory", str(tmp_path), str(port)]
    command = [sys.executable, "-m", "tests.support.own_network", str(port), *server]
    (tmp_path / "index.html").write_text("here")

    with Child("The server", command, env=os.environ, log=tmp_path / "server.log", cwd=PROJECT) as child:
        child.wait_until(lambda: "base_url" in child.log.read_text(), seconds=30)
        [line] = [line for line in child.log.read_text().splitlines() if "base_url" in line]
        base_url = urlsplit(json.loads(line)["base_url"])

        with urllib.request.urlopen(base_url.geturl(), timeout=10) as answer:  # noqa: S310 - http, as just written
            assert answer.read() == b"here"
        assert listening_addresses(base_url.port) == ["127.0.0.1"]
        assert listening_addresses(port) == []


def listening_addresses(port: int | None) -> list[str]:
    """Give the addresses of this machine's network at which something listens on a port, as the kernel tells them."""
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [local.split(":") for _, local, _, state, *_ in sockets if state == "0A"]
    return [socket.inet_ntoa(bytes.fromhex(address)[::-1]) for address, found in ends if int(found, 16) == port]


def test_a_server_that_ends_at_its_start_ends_all(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.own_network", str(free_port()), sys.executable, "-c", "exit(7)"]

    with Child("The server", command, env=os.environ, log=tmp_path / "server.log", cwd=PROJECT) as child:
        assert child.finish() == 7


def test_who_may_not_make_a_network_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(os, "unshare", refuse)
    monkeypatch.setattr(sys, "argv", ["own_network", "8000", "/usr/bin/java"])

    with pytest.raises(SystemExit, match=r"^java may not be started.* as root"):
        own_network.main()
