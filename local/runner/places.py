"""Where a local stack finds its tools and keeps what it makes."""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.runner.child import end_leftovers
from local.runner.errors import RunError

PROJECT = Path(__file__).resolve().parents[2]
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of one run.

    Args:
        state: this run's own, wiped in part at each start.
        build: what `sam build` makes and keeps; may be shared by runs, which take turns.
        tools: holds the environments `sam` and `ministack`.
    """

    state: Path
    build: Path = PROJECT / ".local" / "build"
    tools: Path = PROJECT / ".tools"

    @property
    def sam(self) -> Path:
        return self.tools / "sam" / "bin" / "sam"

    @property
    def ministack_python(self) -> Path:
        return self.tools / "ministack" / "bin" / "python3.13"

    @property
    def dev_python(self) -> Path:
        """Runs the simulator; its pip and compileall make the layer."""
        return self.tools / "dev" / "bin" / "python"

    @property
    def temporary(self) -> Path:
        return self.state / "tmp"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    def prepare(self) -> None:
        """Make the folders; what an earlier run left in the temporary ones goes.

        Raises:
            RunError: something that the run needs is missing.
        """
        require_tools(self)
        end_leftovers(self.logs)
        for emptied in (self.temporary, self.logs):
            shutil.rmtree(emptied, ignore_errors=True)
            emptied.mkdir(parents=True)
        self.build.mkdir(parents=True, exist_ok=True)


def require_tools(places: Places) -> None:
    """Raise RunError unless everything that a run starts is there."""
    architecture()
    for tool in (places.sam, places.ministack_python, places.dev_python):
        if not tool.exists():
            raise RunError(f"{_shown(tool)} is missing: run `make setup` first (it needs Python 3.13)")
    if shutil.which("make") is None:
        raise RunError("`make` is missing: sam build needs it for the layer; install it with your system's packages")


def architecture() -> str:
    """This machine's architecture in Lambda's words.

    Raises:
        RunError: the functions cannot run on this machine as they are built for Lambda.
    """
    found = _ARCHITECTURES.get(platform.machine().lower())
    if platform.system() != "Linux" or found is None:
        raise RunError(
            "The local run needs Linux on x86_64 or arm64 (WSL or a virtual machine will do): "
            f"the layer is built for Lambda, and this is {platform.system()} on {platform.machine()}"
        )
    return found


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)
