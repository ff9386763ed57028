from typing import Any

import pytest

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import (
    ACCOUNT,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    Client,
    query_of,
)


def test_revocation_ends_the_users_grants_in_all_applications(client: Client, simulator: Simulator) -> None:
    token = client.issue_refresh_token()
    others = client.issue_refresh_token(app=OTHER_APP)
    bystander = client.issue_refresh_token("1002")

    answer = client.revoke(token)

    assert (answer.status_code, answer.json()) == (200, {})
    assert client.refresh(token).json()["error"] == "invalid_grant"
    other = client.refresh(others, client_id=OTHER_APP, client_secret=OTHER_SECRET)
    assert other.json()["error"] == "invalid_grant"
    assert client.refresh(bystander).status_code == 200
    assert [grant.ended_by for grant in simulator.grants.all()] == ["revocation", "revocation", None]


def test_revocation_can_be_of_one_grant(client: Client, simulator: Simulator) -> None:
    simulator.settings.revocation = "grant"
    token, other = client.issue_refresh_token(), client.issue_refresh_token()

    client.revoke(token)

    assert client.refresh(token).status_code == 400
    assert client.refresh(other).status_code == 200


def test_revocation_ends_the_single_sign_on_session(client: Client) -> None:
    token = client.exchange(client.sign_in()).json()["refresh_token"]
    assert "code" in query_of(client.authorize())

    client.revoke(token)

    assert "/login" in client.authorize().headers["Location"]


def test_revocation_ends_the_access_token(client: Client) -> None:
    tokens = client.exchange(client.issue_code()).json()

    client.revoke(tokens["refresh_token"])

    assert client.user(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("query", ["v=1.0", "v1.0", ""])
def test_the_version_may_be_written_as_documented_or_left_out(client: Client, simulator: Simulator, query: str) -> None:
    assert client.revoke(client.issue_refresh_token(), query=query).status_code == 200
    assert not simulator.grants.all()[0].live


def test_another_version_is_a_bad_request(client: Client) -> None:
    assert client.revoke(client.issue_refresh_token(), query="v=2.0").status_code == 400


def test_a_token_that_stands_for_nothing_is_no_error_and_ends_nothing(client: Client, simulator: Simulator) -> None:
    old = client.issue_refresh_token()
    new = client.refresh(old).json()

    for token in ("canary-unknown", old, new["access_token"]):
        assert client.revoke(token).status_code == 200

    assert simulator.grants.all()[0].live


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "canary-wrong"}, 401, "invalid_client"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"token": None}, 400, "invalid_request"),
        ({"client_id": OTHER_APP, "client_secret": OTHER_SECRET}, 400, "invalid_grant"),
    ],
)
def test_a_wrong_request_ends_nothing(
    client: Client, simulator: Simulator, changes: dict[str, Any], status: int, error: str
) -> None:
    form: dict[str, Any] = {"token": client.issue_refresh_token(), **changes}

    answer = client.revoke(**form)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert simulator.grants.all()[0].live


def test_an_unknown_account_is_an_invalid_site(client: Client) -> None:
    assert client.revoke("canary", "le404").status_code == 401


def test_a_token_is_revoked_at_its_own_account(client: Client, simulator: Simulator) -> None:
    assert client.revoke(client.issue_refresh_token(), OTHER_ACCOUNT).status_code == 400
    assert simulator.grants.all()[0].live


def test_another_method_is_refused(client: Client) -> None:
    assert client.get(f"/sentinel/api/account/{ACCOUNT}/token/revoke?v=1.0").status_code == 405
