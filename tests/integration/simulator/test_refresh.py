from concurrent.futures import ThreadPoolExecutor

import pytest

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import ACCOUNT, OTHER_ACCOUNT, OTHER_APP, OTHER_SECRET, Client, sha256


def test_a_refresh_gives_new_tokens(client: Client, simulator: Simulator) -> None:
    old = client.exchange(client.issue_code()).json()

    answer = client.refresh(old["refresh_token"])

    assert answer.status_code == 200
    new = answer.json()
    assert new.keys() == {"access_token", "token_type", "refresh_token"}
    assert new["access_token"] != old["access_token"]
    assert new["refresh_token"] != old["refresh_token"]
    (grant,) = simulator.grants.all()
    assert (grant.generation, grant.refreshes, grant.live) == (2, 1, True)


def test_a_chain_of_refreshes_goes_on(client: Client, simulator: Simulator) -> None:
    token = client.issue_refresh_token()

    for _ in range(5):
        token = client.refresh(token).json()["refresh_token"]

    assert simulator.grants.all()[0].generation == 6


def test_an_old_refresh_token_is_refused_and_voids_the_newer_one(client: Client, simulator: Simulator) -> None:
    old = client.issue_refresh_token()
    new = client.refresh(old).json()

    reused = client.refresh(old)

    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert client.refresh(new["refresh_token"]).json()["error"] == "invalid_grant"
    assert client.user(new["access_token"]).status_code == 401
    assert simulator.grants.all()[0].ended_by == "reuse"


def test_in_the_lenient_mode_an_old_refresh_token_is_merely_refused(client: Client, simulator: Simulator) -> None:
    simulator.settings.reuse = "lenient"
    old = client.issue_refresh_token()
    new = client.refresh(old).json()["refresh_token"]

    assert client.refresh(old).json()["error"] == "invalid_grant"
    assert client.refresh(new).status_code == 200


def test_reuse_ends_one_grant_only(client: Client) -> None:
    bystander = client.issue_refresh_token()
    old = client.issue_refresh_token()
    client.refresh(old)

    client.refresh(old)

    assert client.refresh(bystander).status_code == 200


def test_of_parallel_refreshes_with_one_token_one_wins(client: Client, simulator: Simulator) -> None:
    simulator.settings.reuse = "lenient"
    token = client.issue_refresh_token()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.refresh(token).status_code, range(8)))

    assert sorted(statuses) == [200, *[400] * 7]


@pytest.mark.parametrize(
    ("account", "changes"),
    [(OTHER_ACCOUNT, {}), (ACCOUNT, {"client_id": OTHER_APP, "client_secret": OTHER_SECRET})],
)
def test_a_refresh_token_is_bound_to_account_and_client(client: Client, account: str, changes: dict[str, str]) -> None:
    token = client.issue_refresh_token()

    assert client.refresh(token, account, **changes).json()["error"] == "invalid_grant"
    assert client.refresh(token).status_code == 200


@pytest.mark.parametrize("kind", ["unknown", "access_token"])
def test_only_refresh_tokens_refresh(client: Client, kind: str) -> None:
    tokens = client.exchange(client.issue_code()).json()

    assert client.refresh(tokens.get(kind, "canary")).json()["error"] == "invalid_grant"


def test_a_refresh_token_can_expire(client: Client, simulator: Simulator) -> None:
    simulator.settings.refresh_token_seconds = 100
    token = client.refresh(client.issue_refresh_token()).json()["refresh_token"]
    simulator.clock.advance(99)
    token = client.refresh(token).json()["refresh_token"]

    simulator.clock.advance(100)

    assert client.refresh(token).json()["error"] == "invalid_grant"
    found = simulator.grants.find_token(sha256(token), simulator.clock.now())
    assert found is not None
    assert found.state == "expired"


def test_without_rotation_the_refresh_token_stays(client: Client, simulator: Simulator) -> None:
    simulator.settings.rotates = False
    token = client.exchange(client.issue_code()).json()["refresh_token"]

    answers = [client.refresh(token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("refresh_token" not in answer.json() for answer in answers)
    assert simulator.grants.all()[0].generation == 4


def test_a_refresh_can_bring_an_id_token(client: Client, simulator: Simulator) -> None:
    simulator.settings.id_token_at_refresh = True

    assert "id_token" in client.refresh(client.issue_refresh_token()).json()


def test_an_ended_users_tokens_are_void(client: Client, simulator: Simulator) -> None:
    token, bystander = client.issue_refresh_token("1001"), client.issue_refresh_token("1002")

    assert simulator.grants.end_user(ACCOUNT, "1001") == 1

    assert client.refresh(token).json()["error"] == "invalid_grant"
    assert client.refresh(bystander).status_code == 200
