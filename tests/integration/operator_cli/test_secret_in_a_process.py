"""`secret` as a real process: what is typed or piped is in no process list, shell history, output or exception."""

from __future__ import annotations

import fcntl
import os
import secrets
import subprocess
import sys
import termios
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import IO, TYPE_CHECKING, Literal

import pytest

from tests.support.canaries import watch
from tests.support.emulator import aws_environment
from tests.support.installation import ACCOUNT, APP
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated

type Way = Literal["prompt", "pipe"]

PROJECT = Path(__file__).parents[3]
IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
PATIENCE = 60.0


@dataclass
class ProcessList:
    """All that any user of this machine could see of processes while the block runs: arguments and environments."""

    secret: str
    commands: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)

    def look(self) -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    text = (folder / name).read_bytes().decode(errors="replace").replace("\0", " ")
                except OSError:  # it has ended, or is somebody else's
                    continue
                if name == "cmdline":
                    self.commands.add(text)
                if self.secret in text:
                    self.found.add(name)


@contextmanager
def looking(secret: str) -> Iterator[ProcessList]:
    """Look at the processes again and again until the block is left."""
    processes, is_over = ProcessList(secret), Event()

    def look() -> None:
        while not is_over.wait(0.02):
            processes.look()

    thread = Thread(target=look)
    thread.start()
    try:
        yield processes
    finally:
        is_over.set()
        thread.join()


def unread(pipe: IO[bytes]) -> int:
    """Count the bytes that nobody has read yet: none are left when the tool waits for more."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@dataclass(kw_only=True)
class Operator:
    """An operator at the tool.

    Args:
        environment: of the shell.
        history: the shell's.
    """

    operate: Operated
    environment: dict[str, str]
    history: Path
    processes: ProcessList
    shown: str = ""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "operator_cli", "secret", "--replace", "--stack", self.operate.stack]

    def store(self, way: Way, *, refused: bool) -> None:
        """Store the secret; where AWS is to refuse it, what it would go to is removed while the tool waits."""
        if way == "pipe":
            self._pipe(refused=refused)
        else:
            self._type(refused=refused)

    def _pipe(self, *, refused: bool) -> None:
        with self._start(self.command) as process:
            assert process.stdin is not None
            process.stdin.write(self.processes.secret[:7].encode())
            process.stdin.flush()
            while process.poll() is None and unread(process.stdin):
                self.processes.look()
            self._meanwhile(refused=refused)
            rest, _ = process.communicate(self.processes.secret[7:].encode(), timeout=PATIENCE)
        self.shown += rest.decode()

    def _type(self, *, refused: bool) -> None:
        """In an interactive shell in a terminal, as people do."""
        shell = ["bash", "--noprofile", "--norc", "-i"]
        with self._start([sys.executable, "-c", IN_A_TERMINAL, *shell]) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            self._write(process.stdin, " ".join(self.command))
            self._read_until(process.stdout, "(not shown): ")
            self.processes.look()
            self._meanwhile(refused=refused)
            self._write(process.stdin, self.processes.secret)
            self._read_until(process.stdout, "PutSecretValue" if refused else "Stored: ")
            self._write(process.stdin, "exit")
            rest, _ = process.communicate(timeout=PATIENCE)
        self.shown += rest.decode()

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            command,
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def _meanwhile(self, *, refused: bool) -> None:
        if refused:
            arn = self.operate.installation.deployed.resources["AppInstallSecret"]
            secretsmanager = self.operate.installation.emulator.secretsmanager
            secretsmanager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    @staticmethod
    def _write(stdin: IO[bytes], line: str) -> None:
        stdin.write(f"{line}\n".encode())
        stdin.flush()

    def _read_until(self, stdout: IO[bytes], words: str) -> None:
        while words not in self.shown:
            chunk = os.read(stdout.fileno(), 4096)
            assert chunk, f"it ended before {words}: {self.shown}"
            self.shown += chunk.decode()


@pytest.fixture
def operator(new_stack: NewStack, tmp_path: Path) -> Iterator[Operator]:
    operate = new_stack(AppInstalls=f"{ACCOUNT}={APP}")
    history = tmp_path / "history"
    environment = {
        **aws_environment(operate.installation.emulator.endpoint),
        "PATH": os.defpath,
        "TERM": "dumb",
        "HISTFILE": str(history),
    }
    with looking(f"canary-{secrets.token_hex(16)}") as processes:
        yield Operator(operate=operate, environment=environment, history=history, processes=processes)


def secrets_in(output: str, operator: Operator) -> list[str]:
    seen = SecretsSeen()
    seen.add("secret", operator.processes.secret)
    return seen.found_in(output)


@pytest.mark.parametrize("way", ["prompt", "pipe"])
def test_a_secret_that_is_stored_shows_nowhere(operator: Operator, installation: Installation, way: Way) -> None:
    operator.store(way, refused=False)

    arn = installation.deployed.resources["AppInstallSecret"]
    stored = installation.emulator.secretsmanager.get_secret_value(SecretId=arn)["SecretString"]
    assert secrets_in(stored, operator)
    assert "Stored: AppInstall" in operator.shown
    assert secrets_in(operator.shown, operator) == []
    assert operator.processes.found == set()
    assert any(" ".join(operator.command) in command for command in operator.processes.commands)


@pytest.mark.parametrize("way", ["prompt", "pipe"])
def test_a_secret_that_aws_refuses_shows_nowhere_either(operator: Operator, way: Way) -> None:
    operator.store(way, refused=True)

    assert "AWS answered ResourceNotFoundException to PutSecretValue" in operator.shown
    assert "Traceback" not in operator.shown
    assert secrets_in(operator.shown, operator) == []
    assert operator.processes.found == set()


def test_a_shells_history_holds_the_command_and_not_the_secret(operator: Operator) -> None:
    operator.store("prompt", refused=False)

    history = operator.history.read_text()
    assert "operator_cli secret --replace" in history
    assert secrets_in(history, operator) == []


def test_a_secret_on_a_command_line_or_in_an_environment_would_be_seen(operator: Operator) -> None:
    """What the tests above look at is where it would be."""
    secret = operator.processes.secret
    pause = [sys.executable, "-c", "input()"]
    for command, added, name in (([*pause, secret], {}, "cmdline"), (pause, {"SECRET": secret}, "environ")):
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=operator.environment | added) as process:  # noqa: S603
            operator.processes.look()
            process.communicate(b"\n")

        assert operator.processes.found == {name}
        operator.processes.found.clear()
    watch.forget()
