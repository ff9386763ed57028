"""`make run`: the whole system until Ctrl-C."""

import fcntl
import getpass
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from local.runner.errors import RunError
from local.runner.log_lines import read_line
from local.runner.logs import LogTail
from local.runner.options import Asked, LivePerson, Options, needs_secret, read_asked, read_asked_port
from local.runner.places import PROJECT, Places
from local.runner.progress import Told
from local.runner.signals import StopAskedError, stopping_on_signals
from local.runner.stack import Stack, running_stack
from local.runner.welcome import read_welcome

_STATE = PROJECT / ".local"
_TAIL_PAUSE_SECONDS = 0.7


def main(environment: Mapping[str, str]) -> int:
    def run(console: Console) -> None:
        options = read_options(environment)
        with only_one(_STATE):
            _run(options, console)

    return until_stopped(run)


def until_stopped(run: Callable[[Console], None]) -> int:
    """Let something go on until it is stopped.

    Returns:
        the exit code: 0 when it was stopped, 1 when it could not start or go on.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        with suppress(StopAskedError), stopping_on_signals():
            run(console)
    except RunError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(str(error), markup=False)
        return 1
    console.print("Stopped.")
    return 0


def read_options(environment: Mapping[str, str]) -> Options:
    """What was asked for, the secret included.

    Raises:
        RunError: it cannot be done so.
    """
    asked = read_asked(environment)
    port = read_asked_port(asked)
    if not needs_secret(asked):
        return Options(port=port)
    secret = environment.get("APP_INSTALL_SECRET", "") or _ask_secret()
    return Options(port=port, live_person=_live_person(asked, secret))


def _live_person(asked: Asked, secret: str) -> LivePerson:
    return LivePerson(domain_api_url=asked.domain_api_url, app_installs=asked.app_installs, secret=secret)


def _ask_secret() -> str:
    if not sys.stdin.isatty():
        raise RunError("APP_INSTALL_SECRET is missing: set the environment variable, or run this in a terminal")
    secret = getpass.getpass("AppInstall secret: ")
    if not secret:
        raise RunError("An AppInstall secret is needed with DOMAIN_API_URL")
    return secret


def _run(options: Options, console: Console) -> None:
    begun = time.monotonic()
    console.print("Bringing the system up on this machine.")
    places = Places(state=_STATE)
    with running_stack(options, places, Told(console)) as stack:
        console.print(f"Ready after {time.monotonic() - begun:.0f} s.\n")
        console.print(read_welcome(stack, places), markup=False)
        try:
            _tail(stack, places, console)
        finally:
            console.print("\nStopping.")


def _tail(stack: Stack, places: Places, console: Console) -> NoReturn:
    tail = LogTail(stack.aws, stack.deployed.functions)
    with (places.logs / "functions.log").open("a") as whole:
        while True:
            stack.require_running()
            for event in tail.read_new():
                whole.write(f"{event.at.isoformat()} {event.name} {event.message}\n")
                line = read_line(event.name, event.at, event.message)
                if line:
                    console.print(line, markup=False)
            whole.flush()
            time.sleep(_TAIL_PAUSE_SECONDS)


@contextmanager
def only_one(state: Path, command: str = "make run") -> Iterator[None]:
    """The system lets go of the lock when a run ends, however it ends.

    Raises:
        RunError: a run is under way.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"`{command}` is already under way in this folder: stop that one first (Ctrl-C)") from error
        yield
