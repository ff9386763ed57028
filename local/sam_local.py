"""`make sam-local`: the API by `sam local start-api`, in containers, against the same emulator and simulator.

The stack comes up as for `make run`; then SAM CLI serves the API's functions in containers in place of the emulator.
The schedule and the worker stay with the emulator, on the same table.
"""

import json
import os
import socket
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from local.runner.aws import tool_environment
from local.runner.child import Child
from local.runner.command import only_one, read_options
from local.runner.containers import HOST, as_seen_from_containers, read_environments, write_template
from local.runner.engine import Engine, find_engine
from local.runner.errors import RunError
from local.runner.options import SIMULATED_ACCOUNT, Options
from local.runner.places import PROJECT, Places, architecture
from local.runner.ports import LOOPBACK, choose_port, free_port, require_free
from local.runner.progress import Told
from local.runner.relay import Relay
from local.runner.signals import StopAskedError, stopping_on_signals
from local.runner.stack import Stack, running_stack

_STATE = PROJECT / ".local" / "sam-local"


def main(environment: Mapping[str, str]) -> int:
    """Run until stopped.

    Returns:
        the exit code: 0 when it was stopped, 1 when it could not start or go on.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        with suppress(StopAskedError), stopping_on_signals():
            engine = find_engine(environment)
            options = read_options(environment)
            with only_one(_STATE):
                _run(engine, options, console)
    except RunError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), markup=False)
        return 1
    return 0


def _run(engine: Engine, options: Options, console: Console) -> None:
    if options.live_person is None:
        require_host_name()
    port = options.port or choose_port()
    require_free(port)
    places = Places(state=_STATE)
    with running_stack(replace(options, port=free_port()), places, Told(console)) as stack:
        base_url = f"http://localhost:{port}"
        _move_simulator(stack, base_url)
        with relays(engine, stack) as added_host:
            command = start_api(places, read_environments(stack, base_url=base_url), port, added_host)
            console.print(f"\nOpen {base_url}/launch once SAM CLI says that it runs. Ctrl-C stops all.\n", markup=False)
            _follow(command, stack, places, engine, console)


def require_host_name() -> None:
    """Browser and containers must reach the simulator by one name.

    Raises:
        RunError: this machine does not know that name for itself.
    """
    with suppress(OSError):
        if socket.gethostbyname(HOST).startswith("127."):
            return
    raise RunError(f"make sam-local needs the line `{LOOPBACK} {HOST}` in /etc/hosts: see `man hosts`")


def _move_simulator(stack: Stack, base_url: str) -> None:
    """Let the simulator take the new callback, and give its address by the name that containers know."""
    if stack.simulator_url is None:
        return
    for install in stack.parameters["AppInstalls"].split(","):
        uri = {"app_install_id": install.partition("=")[2], "redirect_uri": f"{base_url}/callback"}
        _tell(stack.simulator_url, "POST", "redirect-uris", uri)
    host = as_seen_from_containers(stack.simulator_url).removeprefix("http://")
    _tell(stack.simulator_url, "PATCH", "settings", {"sentinel_hosts": {SIMULATED_ACCOUNT: host}})


def _tell(simulator_url: str, method: str, path: str, content: object) -> None:
    request = urllib.request.Request(  # noqa: S310 - the simulator's own address
        f"{simulator_url}/_simulator/{path}",
        data=json.dumps(content).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=5):  # noqa: S310
        pass


@contextmanager
def relays(engine: Engine, stack: Stack) -> Iterator[str | None]:
    """Let containers reach the emulator and LivePerson's simulator; yields the address to give them for this machine.

    On Linux that is the gateway of their network. Where the engine runs in a machine of its own (Docker Desktop), the
    gateway is not ours and the engine itself hands on to the loopback.
    """
    urls = [stack.aws.endpoint, *([stack.simulator_url] if stack.simulator_url else [])]
    with ExitStack() as running:
        if engine.gateway is None:
            yield None
            return
        try:
            for url in urls:
                running.enter_context(Relay(engine.gateway, urllib.parse.urlsplit(url).port or 80))
        except OSError:
            running.close()
            yield None
            return
        yield engine.gateway


def start_api(
    places: Places, environments: Mapping[str, Mapping[str, str]], port: int, added_host: str | None
) -> list[str | Path]:
    """The command that serves the API on a port of the loopback."""
    template = write_template(places.build / "artifacts" / "template.yaml", environments)
    known_host = ["--add-host", f"{HOST}:{added_host}"] if added_host else []
    return [
        places.sam,
        "local",
        "start-api",
        "--template-file",
        template,
        "--config-file",
        places.temporary / "samconfig.toml",
        "--host",
        LOOPBACK,
        "--port",
        str(port),
        "--warm-containers",
        "EAGER",
        "--parameter-overrides",
        f"Architecture={architecture()}",
        *known_host,
    ]


def _follow(command: Sequence[str | Path], stack: Stack, places: Places, engine: Engine, console: Console) -> None:
    endpoint = as_seen_from_containers(stack.aws.endpoint)
    environment = tool_environment(endpoint) | {"DOCKER_HOST": engine.address, "SAM_CLI_TELEMETRY": "0"}
    log = places.logs / "sam-local.log"
    with Child("sam local start-api", command, env=environment, log=log, cwd=PROJECT) as child, log.open() as output:
        while child.is_running():
            stack.require_running()
            console.print(output.read(), end="", markup=False)
            time.sleep(0.5)
        raise RunError(f"sam local start-api ended: {child.last_words()} (whole log: {log})")


if __name__ == "__main__":
    sys.exit(main(os.environ))
