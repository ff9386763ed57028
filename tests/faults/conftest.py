"""What the fault tests share."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.users import User
from tests.faults.clocks import happenings
from tests.faults.judge import Judge
from tests.faults.life import Life
from tests.faults.town import Town
from tests.faults.trouble import lasting
from tests.support.crossings import Crossings
from tests.support.installation import ACCOUNT

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from tests.support.installation import Installation
    from tests.support.tallies import Tallies

_user_ids = count(700_000)
BUS = "the-application"


@pytest.fixture
def cases(tallies: Tallies) -> Counter[str]:
    """Counts the cases tried, by scenario."""
    return tallies.of("fault matrix: cases")


@pytest.fixture
def figures(tallies: Tallies) -> dict[str, str]:
    """What was measured, by the name of the outage."""
    return tallies.figures("two hours of trouble at LivePerson")


@pytest.fixture
def steps(tallies: Tallies) -> Counter[str]:
    """Counts what happened in the lives of the model-based test."""
    return tallies.of("any life")


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
    crossings.lasting = lasting
    monkeypatch.setattr("le_auth.observe.log_unexpected", judge.unexpected.append)
    return Town(installation=installation, crossings=crossings, judge=judge, counted=steps)


@pytest.fixture
def crossings(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crossings]:
    from le_auth.adapters import aws

    installation.emulator.events.create_event_bus(Name=BUS)
    installation.configure(EventBusName=BUS)
    clients = [aws.dynamodb(), aws.sqs(), aws.secrets_manager(), aws.events()]
    crossings = Crossings(simulator=installation.simulator)
    crossings.watch(clients, monkeypatch)
    installation.when_invoked = crossings.invoked
    yield crossings
    crossings.forget(clients)
    installation.emulator.events.delete_event_bus(Name=BUS)


@pytest.fixture
def new_life(installation: Installation, crossings: Crossings, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Life]:
    """Begin the life of somebody whom nobody knows yet."""

    def begin() -> Life:
        user = User(account_id=ACCOUNT, user_id=str(next(_user_ids)))
        life = Life(installation=installation, crossings=crossings, user=user)
        monkeypatch.setattr("le_auth.observe.log_unexpected", life.unexpected.append)
        crossings.happenings = happenings(life)
        return life

    return begin
