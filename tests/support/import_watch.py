"""What importing modules does: clocks read, random numbers drawn, connections opened, threads begun.

It runs in an interpreter of its own.

A call counts for the innermost module that is being imported: `uuid.uuid4()` at the top of a module is that module's.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

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


def _filled_caches() -> list[str]:
    """Name those of our functions that have kept an answer already."""
    return sorted(
        f"{module_name}.{name}"
        for module_name, module in sys.modules.items()
        if module_name.partition(".")[0] in {"le_auth", "functions"}
        for name, content in vars(module).items()
        if hasattr(content, "cache_info") and content.cache_info().currsize
    )


def main(names: list[str]) -> None:
    """Import modules; print {"calls": [[importing module, what it called]], "kept": [caches of ours, filled]}."""
    sys.setprofile(_note)
    for name in names:
        import_module(name)
    sys.setprofile(None)
    import json  # only now: it may be among what is watched

    sys.stdout.write(json.dumps({"calls": sorted(_calls), "kept": _filled_caches()}))
