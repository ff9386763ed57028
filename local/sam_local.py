"""`make sam-local`: the API by `sam local start-api`, in containers, against the same emulator and simulator.

The stack comes up as for `make run`; then SAM CLI serves the API's functions in containers in place of the emulator.
The schedule and the worker stay with the emulator, on the same table.
"""

import errno
import http.client
import json
import os
import re
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from local.runner.aws import tool_environment
from local.runner.child import Child, end_leftovers
from local.runner.command import only_one, read_options, until_stopped
from local.runner.containers import (
    as_seen_from_containers,
    lambda_image,
    read_environments,
    write_settings,
    write_template,
)
from local.runner.engine import Engine, find_engine
from local.runner.errors import RunError
from local.runner.options import Options
from local.runner.places import PROJECT, Places
from local.runner.ports import LOOPBACK, choose_port, free_port, is_busy, require_free
from local.runner.progress import Progress, Told
from local.runner.relay import Relay
from local.runner.stack import Stack, running_stack
from local.runner.welcome import read_sign_in_lines

_STATE = PROJECT / ".local" / "sam-local"
SETTINGS = _STATE / "samconfig.toml"
_START_SECONDS = 60.0
# SAM CLI's server shows each request with its query, in which a callback has a code and a state.
_QUERIES = re.compile(rb"\?\S*(?= HTTP/)")


def main(environment: Mapping[str, str]) -> int:
    def run(console: Console) -> None:
        engine = find_engine(environment)
        options = read_options(environment)
        with only_one(_STATE, "make sam-local"):
            _run(engine, options, console)

    return until_stopped(run)


def _run(engine: Engine, options: Options, console: Console) -> None:
    # Containers hold on to what was built, and another run would build it anew.
    places = Places(state=_STATE, build=_STATE / "build")
    # A run that was itself killed may still hold the port.
    end_leftovers(places.logs)
    port = options.port or choose_port()
    require_free(port)
    base_url = f"http://localhost:{port}"
    told = Told(console)
    fetch_image(engine, told)
    with running_stack(replace(options, port=free_port()), places, told) as stack, relays(engine, stack) as added_host:
        _register_callback(stack, f"{base_url}/callback")
        template = places.build / "artifacts" / "template.yaml"
        write_settings(SETTINGS, write_template(template, read_environments(stack, base_url=base_url)), added_host)
        with _sam_local(engine, stack, places, port, told) as child:
            console.print(_read_welcome(stack, base_url, child.log), markup=False)
            _follow(child, stack, console)


def fetch_image(engine: Engine, progress: Progress) -> None:
    """Have Lambda's image at hand before anything is started.

    Raises:
        RunError: the engine does not have it and cannot fetch it.
    """
    image = lambda_image()
    if not engine.has_image(image):
        with progress.step(f"Fetching {image} (once, some minutes)"):
            engine.pull(image)


def _register_callback(stack: Stack, callback_url: str) -> None:
    """Let the simulator send browsers to where `sam local` answers."""
    if stack.simulator_url is None:
        return
    for install in stack.parameters["AppInstalls"].split(","):
        content = {"app_install_id": install.partition("=")[2], "redirect_uri": callback_url}
        simulator = http.client.HTTPConnection(urllib.parse.urlsplit(stack.simulator_url).netloc, timeout=5)
        header = {"Content-Type": "application/json"}
        simulator.request("POST", "/_simulator/redirect-uris", json.dumps(content), header)
        status = simulator.getresponse().status
        simulator.close()
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise RunError(f"The simulator does not take {callback_url}: {status}")


@contextmanager
def relays(engine: Engine, stack: Stack) -> Iterator[str | None]:
    """Let containers reach the emulator and a LivePerson on this machine; yields their address of this machine.

    On Linux that is the gateway of their network. Where the engine runs in a machine of its own (Docker Desktop), the
    gateway is not ours and the engine itself hands on to the loopback: None.

    Raises:
        RunError: containers cannot reach this machine.
    """
    urls = {as_seen_from_containers(url): url for url in (stack.aws.endpoint, stack.parameters["DomainApiUrl"])}
    ports = [urllib.parse.urlsplit(url).port or 80 for seen, url in urls.items() if seen != url]
    with ExitStack() as running:
        try:
            for port in ports if engine.gateway else []:
                running.enter_context(Relay(str(engine.gateway), port))
        except OSError as error:
            _check_is_elsewhere(engine, error)
            yield None
            return
        yield engine.gateway


def _check_is_elsewhere(engine: Engine, error: OSError) -> None:
    """Raise RunError unless the engine runs in a machine of its own."""
    if engine.is_rootless:
        raise RunError(
            f"The container engine at {engine.address} is rootless: its containers do not reach this machine. "
            "Name one that is not by DOCKER_HOST, or use `make run`, which needs none."
        ) from error
    if error.errno != errno.EADDRNOTAVAIL:
        raise RunError(f"Containers cannot be let reach this machine at {engine.gateway}: {error.strerror}") from error


@contextmanager
def _sam_local(engine: Engine, stack: Stack, places: Places, port: int, progress: Progress) -> Iterator[Child]:
    environment = tool_environment(as_seen_from_containers(stack.aws.endpoint))
    log = places.logs / "sam-local.log"
    engine.remove_containers_of(places.build)
    try:
        with Child(
            "sam local start-api",
            start_api(places, port),
            env=environment | {"DOCKER_HOST": engine.address, "SAM_CLI_TELEMETRY": "0"},
            log=log,
            cwd=PROJECT,
            hidden=_QUERIES,
        ) as child:
            with progress.step("Starting sam local start-api"):
                child.wait_until(lambda: is_busy(port), seconds=_START_SECONDS)
            yield child
    finally:
        # SAM CLI stops its containers, unless it was itself ended in a hurry.
        engine.remove_containers_of(places.build)


def start_api(places: Places, port: int) -> list[str | Path]:
    """The command that serves the API on a port of the loopback.

    A container is started at its function's first request and then kept. (EAGER starts them in threads, and where two
    threads meet, SAM CLI 1.170 forgets one's containers: they are neither used nor stopped.)
    """
    command: list[str | Path] = [places.sam, "local", "start-api", "--config-file", SETTINGS]
    return [*command, "--host", LOOPBACK, "--port", str(port), "--warm-containers", "LAZY"]


def _read_welcome(stack: Stack, base_url: str, log: Path) -> str:
    lines = [
        "",
        f"  Open          {base_url}/launch   (each function's first request starts its container)",
        *read_sign_in_lines(stack, base_url),
        f"  Whole log     {log}",
        "  Stop          Ctrl-C",
        "",
        "What SAM CLI says follows.",
    ]
    return "\n".join(lines)


def _follow(child: Child, stack: Stack, console: Console) -> NoReturn:
    with child.log.open(errors="replace") as output:
        while child.is_running():
            stack.require_running()
            console.print(output.read(), end="", markup=False)
            time.sleep(0.5)
    raise RunError(f"sam local start-api ended: {child.last_words()} (whole log: {child.log})")


if __name__ == "__main__":
    sys.exit(main(os.environ))
