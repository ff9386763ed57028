"""What the fault tests share."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.users import User
from tests.faults.life import Life
from tests.support.crossings import Crossings
from tests.support.installation import ACCOUNT

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from tests.support.installation import Installation
    from tests.support.tallies import Tallies

_user_ids = count(700_000)


@pytest.fixture
def cases(tallies: Tallies) -> Counter[str]:
    """Counts the cases tried, by scenario."""
    return tallies.of("fault matrix: cases")


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
