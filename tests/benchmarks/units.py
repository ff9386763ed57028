"""What the steps of a user's life cost: units as Amazon's engine counts them, bytes of an item and of the log."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from local.runner.errors import RunError
from local.runner.places import PROJECT
from tests.benchmarks.figures import Figure, Samples, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.bench import Bench

STEPS = "tests/benchmarks/steps_of_a_user.py"
KINDS = {"written": "write units", "written_to_indexes": "write units of the index", "read": "read units"}
_REFRESH = {"written": Target(at_most=2), "written_to_indexes": Target(at_most=0), "read": Target(at_most=0)}


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.progress.step("the units of a sign-in, a refresh, a vend"):
        notes = take_steps(bench)
    for step, units in notes["units"].items():
        for kind, name in KINDS.items():
            target = _REFRESH[kind] if step == "refresh" else None
            if units[kind] or target is not None:
                yield Figure(part="units", what=f"{step}: {name}", measured=Samples((units[kind],), ""), target=target)
    for what, size in notes["bytes"].items():
        yield Figure(part="units", what=what, measured=Samples((size,), "bytes"))


def take_steps(bench: Bench) -> dict[str, dict[str, Any]]:
    """Run the steps by pytest.

    Raises:
        RunError: one of them failed.
    """
    notes = bench.folder / "units.json"
    notes.unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [bench.places.dev_python, "-m", "pytest", "-q", "-p", "no:cacheprovider", STEPS],
        env={**os.environ, "UNITS_TO": str(notes)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RunError(f"{STEPS} failed:\n{done.stdout[-3000:]}")
    found: dict[str, dict[str, Any]] = json.loads(notes.read_text())
    return found
