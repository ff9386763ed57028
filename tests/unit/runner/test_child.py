"""Programs that a run starts, and ends."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from local.runner.child import Child, end_leftovers
from local.runner.errors import RunError

SLEEPS = "import time; print('ready', flush=True); time.sleep(60)"


def child(tmp_path: Path, source: str) -> Child:
    return Child("The program", [sys.executable, "-c", source], env={}, log=tmp_path / "program.log", cwd=tmp_path)


def test_a_program_is_waited_for_and_then_stopped(tmp_path: Path) -> None:
    program = child(tmp_path, SLEEPS)
    program.wait_until(lambda: "ready" in program.log.read_text(), seconds=20)

    assert program.is_running()
    program.stop()

    assert program.finish() == -signal.SIGTERM
    assert not list(tmp_path.glob("*.pid"))


def test_what_the_program_started_ends_with_it(tmp_path: Path) -> None:
    starts_another = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEPS!r}]).pid, flush=True)"
    )
    program = child(tmp_path, f"{starts_another}\n{SLEEPS}")
    program.wait_until(lambda: program.log.read_text().count("ready") == 2, seconds=20)
    other = int(program.log.read_text().split()[0])

    program.stop()

    deadline = time.monotonic() + 10
    while not is_gone(other):
        assert time.monotonic() < deadline


def test_a_program_that_ends_at_its_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        child(tmp_path, "import sys; sys.exit('no such thing')") as program,
        pytest.raises(RunError, match=r"^The program ended at its start: no such thing \(whole log: .*program.log\)$"),
    ):
        program.wait_until(lambda: False, seconds=20)


def test_a_program_that_is_never_ready_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with child(tmp_path, SLEEPS) as program, pytest.raises(RunError, match="not ready after 0 s"):
        program.wait_until(lambda: False, seconds=0)


def test_what_a_killed_run_left_behind_is_ended(tmp_path: Path) -> None:
    program = child(tmp_path, SLEEPS)

    end_leftovers(tmp_path)

    assert is_gone(program.pid), "the port that it held is free when this returns"
    assert program.finish() == -signal.SIGKILL


def test_a_process_that_has_an_old_number_by_chance_is_left_alone(tmp_path: Path) -> None:
    with child(tmp_path, SLEEPS) as program:
        (tmp_path / "program.pid").write_text(f"{program.pid} 1")

        end_leftovers(tmp_path)

        assert program.is_running()


def is_gone(pid: int) -> bool:
    """Whether a killed process has ended by now; the system may still list it until somebody asks for its exit code."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
