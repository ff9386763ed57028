"""Whose rotated tokens the table does not take: refreshed by the worker, on a strict LivePerson."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from le_auth.adapters import aws
from le_auth.adapters.rescue_queue import RescueQueue
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from le_auth.domain.users import User
    from tests.support.installation import Installation


@pytest.fixture
def ada(installation: Installation) -> Iterator[User]:
    """Somebody who signed in at noon; it is half past. Nobody's token is ever sent twice."""
    user = installation.sign_in("1001")
    installation.go_on(INTERVAL)
    yield user
    assert installation.simulator.journal.reuses == 0


@pytest.fixture
def queue(installation: Installation) -> RescueQueue:
    return RescueQueue(client=aws.sqs(), url=installation.deployed.resources["RescueQueue"])
