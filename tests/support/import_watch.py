"""What importing modules does: clocks read, random numbers drawn, connections opened, threads begun.

It runs in an interpreter of its own.

A call counts for the innermost module that is being imported: `uuid.uuid4()` at the top of a module is that module's.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

_RANDOM = {"urandom", "getrandom", "getrandbits", "random", "seed", "RAND_bytes", "generate_key"}
_CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
_DATES = {"now", "utcnow", "today", "localtime", "gmtime"}
_OUTSIDE = {"connect", "connect_ex", "getaddrinfo", "gethostname", "getpid"}
_THREADS = {"start_new_thread", "start_joinable_thread"}
_WATCHED = _RANDOM | _CLOCKS | _DATES | _OUTSIDE | _THREADS

_calls: set[tuple[str, str]] = set()


def _note(frame: FrameType, event: str, called: object) -> None:
    if event == "c_call" and getattr(called, "__name__", "") in _WATCHED:
        _calls.add((_importing(frame), getattr(called, "__qualname__", "")))


def _importing(frame: FrameType | None) -> str:
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return "" if frame is None else str(frame.f_globals.get("__name__"))


_STALE = {"boto3", "botocore", "requests", "urllib3", "http", "socket", "ssl"}
"""Whose objects hold connections, credentials or times."""


def _kept() -> list[str]:
    """Name what modules of ours keep: filled caches, and objects that grow old."""
    ours = [name for name in sys.modules if name.partition(".")[0] in {"le_auth", "functions", "app"}]
    return sorted(f"{module}.{name}" for module in ours for name, it in vars(sys.modules[module]).items() if _ages(it))


def _ages(it: Any) -> bool:
    if hasattr(it, "cache_info"):
        return bool(it.cache_info().currsize)
    return not isinstance(it, type) and type(it).__module__.partition(".")[0] in _STALE


def main(names: list[str]) -> None:
    """Import modules; print {"calls": [[importing module, what it called]], "kept": [what grows old]}."""
    sys.setprofile(_note)
    for name in names:
        import_module(name)
    sys.setprofile(None)
    import json  # only now: it may be among what is watched

    sys.stdout.write(json.dumps({"calls": sorted(_calls), "kept": _kept()}))
