"""How many inputs are tried: 150 for each test, always the same, unless FUZZ_INPUTS asks for more.

`make fuzz` asks for more; then they are new at each run, and fewer than FUZZ_AT_LEAST in all are a failure.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

_INPUTS = int(os.environ.get("FUZZ_INPUTS", "150"))
_AT_LEAST = int(os.environ.get("FUZZ_AT_LEAST", "0"))

settings.register_profile(
    "fuzz",
    max_examples=_INPUTS,
    derandomize="FUZZ_INPUTS" not in os.environ,
    database=None,
    deadline=None,
    print_blob=True,
    # One installation serves all inputs of a test: that is the point.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fuzz")

_tried = Counter[str]()


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Count an input of this test."""
    name = request.node.originalname

    def count_one() -> None:
        _tried[name] += 1

    return count_one


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a process of pytest-xdist has tried."""
    _tried.update(node.workeroutput["tried"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if "FUZZ_INPUTS" in os.environ:
        for name, number in sorted(_tried.items()):
            terminalreporter.write_line(f"{number:9,} {name.removeprefix('test_').replace('_', ' ')}")
        terminalreporter.write_line(f"{_tried.total():9,} inputs in all")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tried"] = dict(_tried)
    elif _tried.total() < _AT_LEAST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
