"""The faults that `make load` orders, met by requests to a simulator."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import requests

from local.simulator import Simulator
from tests.load.livepersons_side import EVERY, FAULTS, LivePersonsSide, told
from tests.support.installation import ACCOUNT, APP, CALLBACK_URL, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUND = EVERY * len(FAULTS)
"""As many requests as it takes to meet each fault once."""


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that waits for nothing."""
    with Simulator(wait=lambda _: None) as simulator:
        simulator.register(APP, secrets=[SECRET], accounts=[ACCOUNT], redirect_uris=[CALLBACK_URL])
        yield simulator


def refresh(simulator: Simulator, session: requests.Session, user_id: str) -> None:
    token = simulator.issue_tokens(app_install_id=APP, account=ACCOUNT, user_id=user_id).refresh_token
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": APP, "client_secret": SECRET}
    url = f"{simulator.base_url}/sentinel/api/account/{ACCOUNT}/token?v=2.0"
    try:
        session.post(url, form, timeout=10)
    except requests.ConnectionError:
        assert simulator.journal.entries()[-1].fault in {"drop-before", "drop-after"}


def test_every_twentieth_request_meets_a_fault_and_lost_answers_are_known_by_user(simulator: Simulator) -> None:
    liveperson = LivePersonsSide(simulator.base_url)
    liveperson.order_faults("token-refresh", len(FAULTS))
    with requests.Session() as session:
        session.trust_env = False
        for number in range(ROUND + EVERY - 1):
            refresh(simulator, session, str(number))

    seen = liveperson.seen("token-refresh")
    assert seen.faults == Counter(kind for kind, _ in FAULTS)
    harmless = sum(kind == "delay" for kind, _ in FAULTS)
    assert seen.succeeded == seen.requests - len(FAULTS) + harmless
    assert liveperson.users_whose_answers_were_lost() == {str(ROUND - EVERY - 1), str(ROUND - 1)}
    assert liveperson.highest_concurrency() == (1, 1)
    assert told(seen).startswith(f"{len(FAULTS)} in {seen.requests} requests, 4.")


def test_faults_that_are_cleared_are_met_no_more(simulator: Simulator) -> None:
    liveperson = LivePersonsSide(simulator.base_url)
    liveperson.order_faults("token-refresh", 1)
    liveperson.clear_faults()

    assert simulator.faults.all() == []
