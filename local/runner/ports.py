"""Ports of the loopback interface."""

import socket

from local.runner.errors import RunError

LOOPBACK = "127.0.0.1"
_USUAL_PORT = 8400
_TOO_LONG_TO_WAIT = 0.5


def free_port() -> int:
    """A port that nothing uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def choose_port() -> int:
    """The usual port where it is free, so that a bookmark keeps working; else any."""
    return free_port() if is_busy(_USUAL_PORT) else _USUAL_PORT


def is_busy(port: int) -> bool:
    """Whether something listens there, at either loopback address: a browser tries ::1 for "localhost" first."""
    return any(_is_answered(host, port) for host in (LOOPBACK, "::1"))


def _is_answered(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_TOO_LONG_TO_WAIT):
            return True
    except OSError:
        return False


def require_free(port: int) -> None:
    """Raise RunError where something listens there."""
    if is_busy(port):
        raise RunError(f"Port {port} is busy: another program listens there. Name another one: PORT={port + 1}")


def read_port(text: str) -> int:
    """Read a port number as a person typed it.

    Raises:
        RunError: it is none that can be listened on without privileges.
    """
    if not (text.isascii() and text.isdigit() and 1024 <= int(text[:6]) <= 65535):
        raise RunError(f"PORT must be a number from 1024 to 65535, not {text!r}")
    return int(text)
