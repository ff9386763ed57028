"""What every part of the benchmark works with: the functions as built for Lambda, and the Python they run on."""

from __future__ import annotations

import json
import marshal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.runner.aws import Aws
from local.runner.errors import RunError
from local.runner.places import PROJECT, Places
from local.runner.sam import Sam, own_turn
from tests.support.template import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.runner.progress import Progress

ROOT = PROJECT / "tests" / "benchmarks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One run of the benchmark."""

    places: Places
    progress: Progress

    @classmethod
    def build(cls, progress: Progress) -> Bench:
        """Build functions and layer by `sam build`, for this machine.

        Raises:
            RunError: it failed, or tools are missing.
        """
        places = Places(state=PROJECT / ".local" / "bench")
        places.prepare()
        with progress.step("sam build"), own_turn(places):
            Sam(places, Aws("http://127.0.0.1:1")).build()
        return cls(places=places, progress=progress)

    @property
    def python(self) -> Path:
        """The interpreter of what is measured: its packages are boto3, as Lambda's runtime has it, and the peers."""
        return self.places.tools / "bench" / "bin" / "python"

    @property
    def folder(self) -> Path:
        """For files of this run."""
        return self.places.temporary

    @property
    def layer(self) -> Path:
        return self.places.build / "artifacts" / "SharedLayer" / "python"

    def function(self, name: str) -> Path:
        """Give the built folder of the function that stands in functions/<name>."""
        return self.places.build / "artifacts" / FUNCTIONS[name]

    def run(self, script: str, *arguments: object, environment: Mapping[str, str]) -> Any:
        """Run a script of `measured/` in a fresh interpreter; gives what it tells, which is its last line on stderr.

        No byte code is written: that of our functions would make their second start faster than Lambda's ever is.

        Raises:
            RunError: it failed.
        """
        command = [str(self.python), "-I", "-B", str(ROOT / "measured" / script), *map(str, arguments)]
        with (self.places.logs / f"{script}.log").open("w") as log:
            done = subprocess.run(  # noqa: S603 - our own script
                command, env=dict(environment), check=False, stdout=log, stderr=subprocess.PIPE, text=True
            )
        if done.returncode != 0:
            raise RunError(f"{script} {' '.join(map(str, arguments))} failed:\n{done.stderr}(its own log: {log.name})")
        return json.loads(done.stderr.rstrip().rpartition("\n")[2])

    def event_file(self, name: str, content: Any) -> Path:
        """Write an event for the scripts of `measured/`."""
        file = self.folder / f"{name}.event"
        file.write_bytes(marshal.dumps(content))
        return file
