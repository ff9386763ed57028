from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
import requests

from local.simulator import Entry, Simulator
from tests.integration.simulator.sentinel_client import ACCOUNT, APP, Client


def generation(simulator: Simulator) -> int:
    return simulator.grants.all()[0].generation


def last(simulator: Simulator) -> Entry:
    return simulator.journal.entries()[-1]


def test_a_status_comes_instead_of_processing(client: Client, simulator: Simulator) -> None:
    token = client.issue_refresh_token()
    simulator.faults.order("token-refresh", "status", status=429, headers={"Retry-After": "7"}, body="slow down")

    answer = client.refresh(token)

    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (429, "7", "slow down")
    assert generation(simulator) == 1
    assert (last(simulator).status, last(simulator).processed, last(simulator).fault) == (429, False, "status")
    assert client.refresh(token).status_code == 200


def test_a_status_has_no_other_headers_than_ordered(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("token-refresh", "status", status=429)

    assert "Retry-After" not in client.refresh("canary").headers


def test_a_status_may_be_a_redirect_or_unknown_to_http(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("domain", "status", status=302, headers={"Location": "http://evil.example.com/"})
    assert client.domain().headers["Location"] == "http://evil.example.com/"

    simulator.faults.order("domain", "status", status=599)
    assert client.domain().status_code == 599

    simulator.faults.order("domain", "status", status=204)
    assert (client.domain().status_code, client.domain().status_code) == (204, 200)


def test_a_delay_waits_and_then_answers(client: Client, simulator: Simulator, waited: list[float]) -> None:
    simulator.faults.order("token-refresh", "delay", seconds=30)

    assert client.refresh(client.issue_refresh_token()).status_code == 200
    assert waited == [30]


class Gate(Event):
    """Open, and notes how far the grant was when a request came to it."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__()
        self.simulator = simulator
        self.generations: list[int] = []

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002  (this gate is open)
        self.generations.append(generation(self.simulator))
        return True


@pytest.mark.parametrize(("when", "generation_meanwhile"), [("before", 1), ("after", 2)])
def test_a_request_can_be_held_before_or_after_processing(
    client: Client, simulator: Simulator, when: str, generation_meanwhile: int
) -> None:
    gate, token = Gate(simulator), client.issue_refresh_token()
    simulator.faults.order("token-refresh", "delay", until=gate, when=when)

    assert client.refresh(token).status_code == 200
    assert gate.generations == [generation_meanwhile]
    assert generation(simulator) == 2


def test_a_held_request_goes_on_when_its_event_is_set(client: Client, simulator: Simulator) -> None:
    release = Event()
    held = simulator.faults.order("token-refresh", "delay", until=release)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.refresh, client.issue_refresh_token())
        assert held.reached.wait(10)
        assert (generation(simulator), simulator.journal.entries()) == (1, [])
        release.set()

        assert answer.result(10).status_code == 200


@pytest.mark.parametrize(("kind", "generation_after"), [("drop-before", 1), ("drop-after", 2)])
def test_a_connection_is_dropped_before_or_after_processing(
    client: Client, simulator: Simulator, kind: str, generation_after: int
) -> None:
    token = client.issue_refresh_token()
    simulator.faults.order("token-refresh", kind)

    with pytest.raises(requests.ConnectionError):
        client.refresh(token)

    assert generation(simulator) == generation_after
    entry = last(simulator)
    assert (entry.status, entry.processed, entry.fault) == (None, generation_after == 2, kind)


def test_a_malformed_body_is_no_json_though_it_says_so(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("token-refresh", "malformed-body")

    answer = client.refresh(client.issue_refresh_token())

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert generation(simulator) == 2


def test_a_truncated_body_is_shorter_than_its_content_length(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("token-refresh", "truncated-body")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        client.refresh(client.issue_refresh_token())

    assert generation(simulator) == 2


def test_an_oversized_body_is_valid_but_large(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("token-refresh", "oversized-body", size=3_000_000)

    answer = client.refresh(client.issue_refresh_token())

    assert len(answer.content) == 3_000_000
    assert {"access_token", "refresh_token"} < answer.json().keys()


def test_wrong_content_is_a_page_in_place_of_json(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("token-refresh", "wrong-content")

    answer = client.refresh(client.issue_refresh_token())

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert generation(simulator) == 2


def test_wrong_content_can_be_any(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("domain", "wrong-content", body='{"baseURIs": []}', content_type="application/json")

    assert client.domain().json() == {"baseURIs": []}


def test_a_slow_answer_comes_in_small_pieces(client: Client, simulator: Simulator, waited: list[float]) -> None:
    simulator.faults.order("token-refresh", "slow", seconds=2, chunk=100)

    answer = client.refresh(client.issue_refresh_token())

    assert answer.status_code == 200
    assert len(waited) >= len(answer.content) // 100
    assert set(waited) == {2}


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        ("token-type", {}, {"token_type": "mac"}),
        ("token-type", {"value": "DPoP"}, {"token_type": "DPoP"}),
        ("empty-refresh-token", {}, {"refresh_token": ""}),
        ("missing-fields", {"names": ["access_token"]}, {"access_token": None}),
        ("missing-fields", {"names": ["id_token", "refresh_token"]}, {"id_token": None, "refresh_token": None}),
        ("fields", {"fields": {"expires_in": -5, "extra": [1]}}, {"expires_in": -5, "extra": [1]}),
        ("fields", {"fields": {"id_token": None, "token_type": None}}, {"id_token": None, "token_type": None}),
        ("fields", {"fields": {"id_token": "canary"}}, {"id_token": "canary"}),
    ],
)
def test_an_answers_fields_are_changed_after_processing(
    client: Client, simulator: Simulator, kind: str, details: dict[str, Any], expected: dict[str, Any]
) -> None:
    simulator.faults.order("token-code", kind, **details)

    answer = client.exchange(client.issue_code())

    assert answer.status_code == 200
    assert {name: answer.json().get(name) for name in expected} == expected
    assert len(simulator.grants.all()) == 1


def test_a_domain_answer_can_name_another_host(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("domain", "fields", fields={"baseURI": "evil.example.com"})

    assert client.domain().json()["baseURI"] == "evil.example.com"


def test_a_fault_leaves_the_connection_usable(client: Client, simulator: Simulator) -> None:
    simulator.register(APP, secrets=["canary"], accounts=[ACCOUNT], redirect_uris=[])
    for kind in ("malformed-body", "oversized-body", "wrong-content", "slow", "status"):
        simulator.faults.order("domain", kind)
        client.domain()

    assert client.domain().status_code == 200
