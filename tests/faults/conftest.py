"""What the fault tests share, and the count of their cases at the end of the run."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.users import User
from tests.faults.judge import Judge
from tests.faults.life import Life
from tests.faults.town import Town
from tests.support.crossings import Crossings
from tests.support.installation import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.installation import Installation

CASES = pytest.StashKey[Counter[str]]()
STEPS = pytest.StashKey[Counter[str]]()
_user_ids = count(700_000)


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(CASES, Counter())
    config.stash.setdefault(STEPS, Counter())


@pytest.fixture
def cases(pytestconfig: pytest.Config) -> Counter[str]:
    """Counts the cases tried, by scenario."""
    return pytestconfig.stash[CASES]


@pytest.fixture
def steps(pytestconfig: pytest.Config) -> Counter[str]:
    """Counts what happened in the lives of the model-based test."""
    return pytestconfig.stash[STEPS]


@pytest.fixture
def forget_output(capsys: pytest.CaptureFixture[str]) -> Callable[[], None]:
    """Drop what was written so far; thousands of lives log a lot."""

    def forget() -> None:
        capsys.readouterr()

    return forget


@pytest.fixture
def town(
    installation: Installation, crossings: Crossings, steps: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> Town:
    """Give everybody's town, with workers of one thread: each life can be lived again exactly."""
    installation.configure(MaxConcurrentRefreshes="2")
    judge = Judge()
    monkeypatch.setattr("le_auth.observe.log_unexpected", judge.unexpected.append)
    return Town(installation=installation, crossings=crossings, judge=judge, counted=steps)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counted = config.stash.get(CASES, Counter())
    if counted:
        terminalreporter.section("fault matrix")
        for scenario, number in counted.items():
            terminalreporter.write_line(f"{number:5} cases: {scenario}")
        terminalreporter.write_line(f"{counted.total():5} cases in all")
    steps = config.stash.get(STEPS, Counter())
    if steps:
        terminalreporter.section("any life")
        for name, number in steps.most_common():
            terminalreporter.write_line(f"{number:8,} {name.replace('_', ' ')}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a process of pytest-xdist has counted."""
    counted = getattr(node, "workeroutput", {})
    node.config.stash[CASES].update(counted.get("cases", {}))
    node.config.stash[STEPS].update(counted.get("steps", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: Any = getattr(session.config, "workeroutput", None)
    if output is not None:
        cases, steps = session.config.stash[CASES], session.config.stash[STEPS]
        output |= {"cases": dict(cases), "steps": dict(steps)}


@pytest.fixture
def crossings(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crossings]:
    from le_auth.adapters import aws

    clients = [aws.dynamodb(), aws.sqs(), aws.secrets_manager()]
    crossings = Crossings(simulator=installation.simulator)
    crossings.watch(clients, monkeypatch)
    yield crossings
    crossings.forget(clients)


@pytest.fixture
def new_life(installation: Installation, crossings: Crossings) -> Callable[[], Life]:
    """Begin the life of somebody whom nobody knows yet."""

    def begin() -> Life:
        user = User(account_id=ACCOUNT, user_id=str(next(_user_ids)))
        return Life(installation=installation, crossings=crossings, user=user)

    return begin
