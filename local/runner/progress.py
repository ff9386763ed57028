"""What a run tells while it works: a live line in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console


class Progress(Protocol):
    """Where the steps of a run are told."""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Tell that a step begins and, if it does, that it ended well."""
        ...


class Told:
    """Tells a person."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(what):
                yield
        else:
            self._console.print(f"  ... {what}", markup=False, highlight=False)
            yield
        seconds = time.monotonic() - begun
        self._console.print(f"  ok  {what} ({seconds:.1f} s)", markup=False, highlight=False)


class Untold:
    """Tells nobody: for tests."""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:  # noqa: ARG002 - the protocol's signature
        yield
