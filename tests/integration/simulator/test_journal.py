from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Event

import pytest
import requests

from local.simulator import Simulator, User
from tests.integration.simulator.sentinel_client import ACCOUNT, SECRET, STATE, Client, sha256

PASSWORD = "canary-password"


def test_each_request_is_noted(client: Client, simulator: Simulator) -> None:
    client.domain()
    client.exchange(client.sign_in())

    noted = [(entry.number, entry.endpoint, entry.method, entry.status) for entry in simulator.journal.entries()]
    assert noted == [
        (1, "domain", "GET", 200),
        (2, "authorize", "GET", 302),
        (3, "login", "POST", 303),
        (4, "login", "GET", 302),
        (5, "token-code", "POST", 200),
    ]
    assert {entry.account for entry in simulator.journal.entries()} == {ACCOUNT}
    assert {entry.at for entry in simulator.journal.entries()} == {simulator.clock.now()}
    assert simulator.journal.counts() == {"domain": 1, "authorize": 1, "login": 2, "token-code": 1}


def test_entries_can_be_picked(client: Client, simulator: Simulator) -> None:
    client.domain()
    client.domain(account="le404")
    client.refresh("canary")

    assert [entry.number for entry in simulator.journal.entries("domain")] == [1, 2]
    assert [entry.number for entry in simulator.journal.entries(account=ACCOUNT)] == [1, 3]


def test_an_entry_names_grant_error_and_what_was_presented_as_a_hash(client: Client, simulator: Simulator) -> None:
    code = client.issue_code()
    token = client.exchange(code).json()["refresh_token"]
    client.refresh(token, client_secret="canary-wrong")
    client.revoke(token)

    exchange, refresh, revoke = simulator.journal.entries()
    assert (exchange.presented, refresh.presented, revoke.presented) == (sha256(code), sha256(token), sha256(token))
    assert exchange.grant == refresh.grant == revoke.grant == simulator.grants.all()[0].id
    assert (exchange.error, refresh.error) == (None, "invalid_client")


def test_a_reuse_is_noted(client: Client, simulator: Simulator) -> None:
    token = client.issue_refresh_token()
    client.refresh(token)
    assert simulator.journal.reuses == 0

    client.refresh(token)

    assert [entry.reuse for entry in simulator.journal.entries()] == [False, True]
    assert simulator.journal.reuses == 1


def test_the_peak_of_requests_at_the_token_endpoint_is_kept(client: Client, simulator: Simulator) -> None:
    release, tokens = Event(), [client.issue_refresh_token() for _ in range(3)]
    third = simulator.faults.order("token-refresh", "delay", until=release, nth=3)
    simulator.faults.order("token-refresh", "delay", until=release, times=2)

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(client.refresh, token) for token in tokens]
        assert third.reached.wait(10)
        release.set()
        assert [answer.result(10).status_code for answer in answers] == [200, 200, 200]
    client.refresh("canary")

    assert simulator.journal.peak_token_concurrency == 3
    assert simulator.journal.peak_by_grant == {grant.id: 1 for grant in simulator.grants.all()}


def test_two_requests_for_one_grant_at_once_are_seen(client: Client, simulator: Simulator) -> None:
    release, token = Event(), client.issue_refresh_token()
    second = simulator.faults.order("token-refresh", "delay", until=release, nth=2)
    simulator.faults.order("token-refresh", "delay", until=release)

    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(client.refresh, token) for _ in range(2)]
        assert second.reached.wait(10)
        release.set()
        assert sorted(answer.result(10).status_code for answer in answers) == [200, 400]

    assert simulator.journal.peak_by_grant == {simulator.grants.all()[0].id: 2}


def test_one_after_the_other_is_never_counted_as_at_once(client: Client, simulator: Simulator) -> None:
    token = client.issue_refresh_token()
    for _ in range(200):
        token = client.refresh(token).json()["refresh_token"]

    assert simulator.journal.peak_token_concurrency == 1


def test_it_can_be_cleared(client: Client, simulator: Simulator) -> None:
    client.refresh("canary")

    simulator.journal.clear()

    assert simulator.journal.entries() == []
    assert simulator.journal.peak_token_concurrency == 0


@pytest.mark.parametrize("verbose", [False, True])
def test_neither_journal_nor_log_ever_holds_a_secret(
    client: Client, simulator: Simulator, capfd: pytest.CaptureFixture[str], verbose: bool
) -> None:
    assert simulator._server is not None
    simulator._server.verbose = verbose
    simulator.users.add(User(name="eve", user_id="66", password=PASSWORD))
    code = client.sign_in("eve", PASSWORD)
    tokens = client.exchange(code).json()
    use_everything(client, simulator, code, tokens)

    noted = "".join(repr(asdict(entry)) for entry in simulator.journal.entries())
    noted += repr(client.control("GET", "journal")) + repr(client.control("GET", "grants"))
    logged = capfd.readouterr().err
    assert bool(logged) == verbose
    assert "?" not in logged
    for secret in (code, PASSWORD, SECRET, STATE, *(set(tokens.values()) - {"Bearer"})):
        assert secret not in noted + logged


def use_everything(client: Client, simulator: Simulator, code: str, tokens: dict[str, str]) -> None:
    client.get(f"/sentinel/api/account/{ACCOUNT}/token?code={code}&client_secret={SECRET}")
    client.exchange(code, code_verifier=SECRET)
    client.refresh(tokens["refresh_token"], client_secret=SECRET + "x")
    simulator.faults.order("token-refresh", "drop-after")
    with pytest.raises(requests.ConnectionError):
        client.refresh(tokens["refresh_token"])
    client.refresh(tokens["refresh_token"])
    client.revoke(tokens["refresh_token"])
    client.user(tokens["access_token"])


def test_a_malformed_account_is_not_noted(client: Client, simulator: Simulator) -> None:
    client.get("/sentinel/api/account/canary.secret/authorize")

    assert simulator.journal.entries()[0].account is None
