"""Ctrl-C, SIGTERM and a closed terminal all end a run the same way."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAskedError(BaseException):
    """A person, or the system, ends the run."""


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """The first signal unwinds whatever is under way; while that goes on, further ones change nothing.

    Raises:
        StopAskedError: in the block, when a signal comes.
    """

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a handler's signature
        for further in _SIGNALS:
            signal.signal(further, signal.SIG_IGN)
        raise StopAskedError

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
