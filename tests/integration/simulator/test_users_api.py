import pytest

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import ACCOUNT, OTHER_ACCOUNT, Client


def test_a_live_access_token_opens_the_users_api(client: Client) -> None:
    answer = client.user(client.exchange(client.issue_code()).json()["access_token"])

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["loginName"]) == (1001, "ada")


def test_an_access_token_lasts_an_hour_refreshed_or_not(client: Client, simulator: Simulator) -> None:
    tokens = client.exchange(client.issue_code()).json()
    client.refresh(tokens["refresh_token"])

    simulator.clock.advance(3599)
    assert client.user(tokens["access_token"]).status_code == 200
    simulator.clock.advance(1)

    assert client.user(tokens["access_token"]).status_code == 401


def test_an_access_token_is_of_one_account(client: Client) -> None:
    access_token = client.exchange(client.issue_code()).json()["access_token"]

    assert client.user(access_token, OTHER_ACCOUNT).status_code == 401


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer canary", "Basic canary"])
def test_without_a_live_token_it_stays_shut(client: Client, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = client.get(f"/api/account/{ACCOUNT}/configuration/le-users/users/1001?v=6.0", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_refresh_token_is_no_access_token(client: Client) -> None:
    assert client.user(client.issue_refresh_token()).status_code == 401


def test_the_version_is_needed(client: Client) -> None:
    access_token = client.exchange(client.issue_code()).json()["access_token"]

    answer = client.get(
        f"/api/account/{ACCOUNT}/configuration/le-users/users/1001",
        headers={"Authorization": f"Bearer {access_token}"},
    )

    assert answer.status_code == 400


def test_a_user_is_named_by_digits(client: Client) -> None:
    access_token = client.exchange(client.issue_code()).json()["access_token"]

    assert client.user(access_token, user_id="ada").status_code == 404
