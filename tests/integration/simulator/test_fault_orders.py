from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import ACCOUNT, OTHER_ACCOUNT, Client


@pytest.mark.parametrize(
    ("endpoint", "request_it"),
    [
        ("domain", lambda client: client.domain()),
        ("authorize", lambda client: client.authorize()),
        ("login", lambda client: client.get(f"/sentinel/api/account/{ACCOUNT}/login")),
        ("token-code", lambda client: client.exchange("canary")),
        ("token-refresh", lambda client: client.refresh("canary")),
        ("revoke", lambda client: client.revoke("canary")),
        ("users", lambda client: client.user("canary")),
    ],
)
def test_each_endpoint_can_fail_alone(
    client: Client, simulator: Simulator, endpoint: str, request_it: Callable[[Client], requests.Response]
) -> None:
    simulator.faults.order(endpoint, "status", status=503, times=None)

    assert request_it(client).status_code == 503
    others = [client.domain(), client.exchange("canary"), client.refresh("canary"), client.user("canary")]
    assert sum(answer.status_code == 503 for answer in others) <= 1


def test_a_fault_can_be_of_one_account(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("domain", "status", account=OTHER_ACCOUNT, times=None)

    assert client.domain(account=ACCOUNT).status_code == 200
    assert client.domain(account=OTHER_ACCOUNT).status_code == 500


def test_a_fault_can_wait_for_the_nth_request_and_happen_several_times(client: Client, simulator: Simulator) -> None:
    fault = simulator.faults.order("domain", "status", nth=2, times=2)

    assert [client.domain().status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert fault.fired == 2


def test_a_fault_without_an_end_lasts_until_it_is_cancelled(client: Client, simulator: Simulator) -> None:
    fault = simulator.faults.order("domain", "status", times=None)
    assert [client.domain().status_code for _ in range(3)] == [500, 500, 500]

    fault.cancel()

    assert client.domain().status_code == 200
    assert fault.fired == 3


def test_all_faults_can_be_cleared(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("domain", "status")
    simulator.faults.order("domain", "drop-before")

    simulator.faults.clear()

    assert client.domain().status_code == 200


def test_faults_queue_up_in_order_and_delays_come_on_top(
    client: Client, simulator: Simulator, waited: list[float]
) -> None:
    simulator.faults.order("domain", "status", status=500)
    simulator.faults.order("domain", "status", status=502)
    simulator.faults.order("domain", "delay", seconds=1, times=2)

    assert [client.domain().status_code for _ in range(3)] == [500, 502, 200]
    assert waited == [1, 1]


@pytest.mark.parametrize(
    ("endpoint", "kind", "details"),
    [
        ("nowhere", "status", {}),
        ("domain", "unknown", {}),
        ("domain", "empty-refresh-token", {}),
        ("domain", "status", {"seconds": 1}),
        ("domain", "status", {"times": 0}),
        ("domain", "status", {"nth": 0}),
        ("domain", "delay", {"when": "later"}),
        ("token-code", "id-signature", {"value": "RS256"}),
        ("token-code", "id-signature", {}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    simulator: Simulator, endpoint: str, kind: str, details: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        simulator.faults.order(endpoint, kind, **details)
