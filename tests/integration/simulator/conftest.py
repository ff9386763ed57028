from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from local.simulator import Clock, Simulator
from tests.integration.simulator.sentinel_client import (
    ACCOUNT,
    APP,
    CALLBACK,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    SECRET,
    Client,
    open_client,
)


@pytest.fixture
def waited() -> list[float]:
    """How long the simulator would have waited, each time."""
    return []


@pytest.fixture
def simulator(waited: list[float]) -> Iterator[Simulator]:
    """A simulator whose clock stands still and which waits for nothing."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with Simulator(clock=Clock(noon), wait=waited.append) as simulator:
        simulator.register(APP, secrets=[SECRET], accounts=[ACCOUNT, OTHER_ACCOUNT], redirect_uris=[CALLBACK])
        simulator.register(OTHER_APP, secrets=[OTHER_SECRET], accounts=[ACCOUNT], redirect_uris=[CALLBACK])
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    yield from open_client(simulator)


@pytest.fixture
def other_browser(simulator: Simulator) -> Iterator[Client]:
    yield from open_client(simulator)
