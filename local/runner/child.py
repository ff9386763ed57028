"""A program that the run starts: in a session of its own, its output in a file, ended by its own id."""

import contextlib
import io
import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Self

from local.runner.errors import RunError

_PATIENCE_SECONDS = 10.0
_LINES_SHOWN = 3


class Child:
    """One started program and all that it starts in turn.

    A session of its own keeps a Ctrl-C in the terminal from reaching it: the run ends it, in order.

    Args:
        hidden: what of its output is left out of the log.
    """

    def __init__(  # noqa: PLR0913 - named, all but two
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path,
        hidden: re.Pattern[bytes] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own tools, by their full paths
                [str(part) for part in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output if hidden is None else subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._copying = None if hidden is None else self._start_copying(hidden)
        self._note = log.with_suffix(".pid")
        self._note.write_text(f"{self.pid} {_begun(self.pid)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, wait until it has, then end whatever it left behind."""
        if self.is_running():
            self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        if self._copying is not None:
            self._copying.join(_PATIENCE_SECONDS)
        self._note.unlink(missing_ok=True)

    def _start_copying(self, hidden: re.Pattern[bytes]) -> Thread:
        """Write its output to the log, line by line."""

        def copy() -> None:
            with self._process.stdout or io.BytesIO() as lines, self.log.open("ab", buffering=0) as log:
                for line in lines:
                    log.write(hidden.sub(b"", line))

        copying = Thread(target=copy, daemon=True)
        copying.start()
        return copying

    def finish(self) -> int:
        """Wait until it ends by itself; its exit code."""
        return self._process.wait()

    def last_words(self) -> str:
        """The last lines of its output that say something, in one."""
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return " | ".join(lines[-_LINES_SHOWN:]) or "no output"

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until it is ready.

        Raises:
            RunError: it ended instead, or it takes too long.
        """
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running():
                raise RunError(f"{self.name} ended at its start: {self.last_words()} (whole log: {self.log})")
            if time.monotonic() > deadline:
                raise RunError(f"{self.name} is not ready after {seconds:.0f} s (log: {self.log})")
            time.sleep(0.05)


def end_leftovers(logs: Path) -> None:
    """End what a run that was itself killed left behind; `logs` has its notes."""
    for note in logs.glob("*.pid"):
        pid, _, begun = note.read_text().partition(" ")
        # The system may have given the number to another process since.
        if begun and _begun(int(pid)) == begun:
            with contextlib.suppress(ProcessLookupError):
                _kill_group(int(pid))


def _kill_group(pid: int) -> None:
    """Return when it has let go of its files and ports."""
    process = os.pidfd_open(pid)
    try:
        os.killpg(pid, signal.SIGKILL)
        select.select([process], [], [], _PATIENCE_SECONDS)
    finally:
        os.close(process)


def _begun(pid: int) -> str:
    """When a process began, in the kernel's own count; empty where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The name, in parentheses, may hold blanks; the 20th field after it is the start time.
    return stat.rpartition(")")[2].split()[19]
