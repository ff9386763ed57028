"""The LivePerson simulator's process."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from local.runner.aws import function_environment
from local.runner.child import Child
from local.runner.options import SIMULATED_ACCOUNT, SIMULATED_APP_INSTALL, LivePerson
from local.runner.places import PROJECT, Places

_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorProcess:
    """A running simulator with one AppInstall, whose secret was made for this run."""

    child: Child
    base_url: str
    secret: str = field(repr=False)

    @property
    def live_person(self) -> LivePerson:
        """How the system is to see it."""
        return LivePerson(
            domain_api_url=self.base_url,
            app_installs=f"{SIMULATED_ACCOUNT}={SIMULATED_APP_INSTALL}",
            secret=self.secret,
        )


def start_simulator(places: Places, *, redirect_uri: str) -> SimulatorProcess:
    """Start a simulator on a free port; ready when this returns.

    Raises:
        RunError: it does not come up.
    """
    secret = secrets.token_hex(13)
    child = Child(
        "The LivePerson simulator",
        [places.dev_python, "-m", "local.simulator", *_arguments(redirect_uri)],
        env=function_environment() | {"PATH": os.defpath, "APP_INSTALL_SECRET": secret},
        log=places.logs / "simulator.log",
        cwd=PROJECT,
    )
    try:
        child.wait_until(lambda: bool(_answer(child.log)), seconds=_START_SECONDS)
    except BaseException:
        child.stop()
        raise
    return SimulatorProcess(child=child, base_url=json.loads(_answer(child.log))["base_url"], secret=secret)


def _answer(log: Path) -> str:
    """The line that tells its address, once it is whole."""
    whole_lines = log.read_text(errors="replace").split("\n")[:-1]
    return next((line for line in whole_lines if line.startswith('{"base_url"')), "")


def _arguments(redirect_uri: str) -> list[str]:
    return [
        "--app-install",
        SIMULATED_APP_INSTALL,
        "--account",
        SIMULATED_ACCOUNT,
        "--redirect-uri",
        redirect_uri,
        "--verbose",
    ]
