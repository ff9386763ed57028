"""How many inputs are tried: 150 for each test, always the same, unless FUZZ_INPUTS asks for more.

`make fuzz` asks for more; then they are new at each run, and fewer than FUZZ_AT_LEAST in all are a failure.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.canaries import HELD, watch
from tests.support.tallies import Tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

_TRIED = "hostile inputs"


@pytest.fixture
def count(request: pytest.FixtureRequest, tallies: Tallies) -> Callable[[], None]:
    """Count an input of this test."""
    tried = tallies.of(_TRIED)
    name = request.node.originalname.removeprefix("test_").replace("_", " ")

    def count_one() -> None:
        tried[name] += 1

    return count_one


@pytest.fixture(autouse=True)
def _drawn_values_are_no_secrets() -> Iterator[None]:
    """What the code takes for a secret is, here, what was drawn for it, often in the very words of our own texts."""
    yield
    watch.disregard(HELD)


def pytest_sessionfinish(session: pytest.Session) -> None:
    is_one_of_several = hasattr(session.config, "workeroutput")
    tried = Tallies.of_run(session.config).of(_TRIED).total()
    if not is_one_of_several and tried < _AT_LEAST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
