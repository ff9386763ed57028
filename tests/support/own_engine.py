"""A container engine for tests: the one that answers, else a Docker of the tests' own, on loopback only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local.runner.engine import Engine, find_engine
from local.runner.errors import RunError
from tests.support.lambda_image import made_where_missing

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_BRIDGE = Path("/sys/class/net/docker0")


@contextmanager
def running_engine() -> Iterator[Engine]:
    """Find an engine, or start one and end it again; it has an image for Lambda functions meanwhile.

    Raises:
        RunError: none answers, and none can be started.
    """
    try:
        engine = find_engine(os.environ)
    except RunError:
        with _own_docker() as engine, made_where_missing(engine):
            yield engine
    else:
        with made_where_missing(engine):
            yield engine


@contextmanager
def _own_docker() -> Iterator[Engine]:
    dockerd = shutil.which("dockerd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if dockerd is None or os.getuid() != 0:
        raise RunError(
            "No container engine answers. Start Docker; or install it (Debian: apt-get install --no-install-recommends "
            "docker.io) and run this as root, which starts one for itself."
        )
    had_bridge = _BRIDGE.exists()
    folder = Path(tempfile.mkdtemp(prefix="le-app-auth-"))
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(_command(dockerd, folder), stdout=log, stderr=log)  # noqa: S603
    try:
        yield _wait_for(daemon, folder)
    finally:
        daemon.terminate()
        daemon.wait(_STOP_SECONDS)
        if not had_bridge:
            subprocess.run(["ip", "link", "delete", _BRIDGE.name], check=False)  # noqa: S603, S607
        shutil.rmtree(folder)


def _command(dockerd: str, folder: Path) -> list[str]:
    """Leave the machine's firewall and routes alone, and publish no port beyond loopback."""
    places = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
    network = ["--iptables=false", "--ip-masq=false", "--ip-forward=false", "--ip=127.0.0.1"]
    return [dockerd, "--host", f"unix://{folder}/docker.sock", *places, *network]


def _wait_for(daemon: subprocess.Popen[bytes], folder: Path) -> Engine:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return find_engine({"DOCKER_HOST": f"unix://{folder}/docker.sock"})
        except RunError as error:
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise RunError(f"dockerd does not start:\n{(folder / 'log').read_text()[-2000:]}") from error
            time.sleep(0.2)
