from typing import Any

import pytest

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import (
    ACCOUNT,
    APP,
    CALLBACK,
    CHALLENGE,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    SECRET,
    VERIFIER,
    Client,
    sha256,
)


def test_a_code_gives_tokens(client: Client) -> None:
    answer = client.exchange(client.sign_in())

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json()
    assert tokens.keys() == {"access_token", "token_type", "refresh_token", "id_token"}
    assert tokens["token_type"] == "Bearer"
    assert len(bytes.fromhex(tokens["access_token"])) == 32
    assert len(bytes.fromhex(tokens["refresh_token"])) == 150


@pytest.mark.parametrize("length", [150, 301, 700])
def test_the_refresh_tokens_length_can_be_chosen(client: Client, simulator: Simulator, length: int) -> None:
    simulator.settings.refresh_token_length = length

    assert len(client.exchange(client.issue_code()).json()["refresh_token"]) == length


def test_expires_in_comes_when_it_is_wanted(client: Client, simulator: Simulator) -> None:
    simulator.settings.sends_expires_in = True

    assert client.exchange(client.issue_code()).json()["expires_in"] == 3600


def test_a_code_is_good_once_and_what_it_gave_ends_with_a_second_use(client: Client, simulator: Simulator) -> None:
    code = client.issue_code()
    refresh_token = client.exchange(code).json()["refresh_token"]

    again = client.exchange(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert client.refresh(refresh_token).json()["error"] == "invalid_grant"
    assert simulator.grants.all()[0].ended_by == "code-reuse"


def test_a_code_expires(client: Client, simulator: Simulator) -> None:
    codes = [client.issue_code(), client.issue_code()]

    simulator.clock.advance(59)
    assert client.exchange(codes[0]).status_code == 200
    simulator.clock.advance(1)

    assert client.exchange(codes[1]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("account", "changes"),
    [
        (OTHER_ACCOUNT, {}),
        (ACCOUNT, {"client_id": OTHER_APP, "client_secret": OTHER_SECRET}),
        (ACCOUNT, {"redirect_uri": CALLBACK + "/"}),
        (ACCOUNT, {"redirect_uri": None}),
        (ACCOUNT, {"code": "canary-unknown"}),
        (ACCOUNT, {"code_verifier": VERIFIER}),
    ],
)
def test_a_code_is_bound_to_its_authorization_request(client: Client, account: str, changes: dict[str, Any]) -> None:
    code = client.issue_code()

    form: dict[str, Any] = {"code": code, **changes}

    answer = client.exchange(account=account, **form)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_that_failed_at_its_own_client_is_used(client: Client) -> None:
    code = client.issue_code()
    client.exchange(code, redirect_uri="https://app.example.com/other")

    assert client.exchange(code).json()["error"] == "invalid_grant"


def test_another_client_cannot_use_up_a_code(client: Client) -> None:
    code = client.issue_code()
    client.exchange(code, client_id=OTHER_APP, client_secret=OTHER_SECRET)

    assert client.exchange(code).status_code == 200


@pytest.mark.parametrize(
    ("verifier", "status"), [(VERIFIER, 200), (VERIFIER + "x", 400), (None, 400), (CHALLENGE, 400), ("short", 400)]
)
def test_pkce_is_checked_where_the_authorization_used_it(client: Client, verifier: str | None, status: int) -> None:
    code = client.sign_in(code_challenge=CHALLENGE, code_challenge_method="S256")

    assert client.exchange(code, code_verifier=verifier).status_code == status


def test_without_pkce_the_verifier_is_ignored(client: Client, simulator: Simulator) -> None:
    simulator.settings.pkce = False
    code = client.sign_in(code_challenge=CHALLENGE, code_challenge_method="S256")

    assert client.exchange(code, code_verifier="short").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "canary-wrong"},
        {"client_secret": None},
        {"client_secret": OTHER_SECRET},
        {"client_id": "unknown"},
        {"client_id": None},
    ],
)
def test_a_client_must_authenticate(client: Client, changes: dict[str, Any]) -> None:
    code = client.issue_code()

    answer = client.exchange(code, **changes)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert client.exchange(code).status_code == 200


def test_a_client_may_have_several_secrets(client: Client, simulator: Simulator) -> None:
    simulator.register(APP, secrets=["canary-new", SECRET], accounts=[ACCOUNT], redirect_uris=[CALLBACK])

    assert client.refresh(client.issue_refresh_token()).status_code == 200
    assert client.refresh(client.issue_refresh_token(), client_secret="canary-new").status_code == 200


def test_an_application_must_be_installed_on_the_account(client: Client) -> None:
    answer = client.exchange("canary", OTHER_ACCOUNT, client_id=OTHER_APP, client_secret=OTHER_SECRET)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_unknown_account_is_an_invalid_site(client: Client) -> None:
    answer = client.exchange("canary", "le404")

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_site")


def test_tokens_are_not_kept(client: Client, simulator: Simulator) -> None:
    tokens = client.exchange(client.issue_code()).json()

    kept = repr(vars(simulator.grants))
    assert sha256(tokens["refresh_token"]) in kept
    assert tokens["refresh_token"] not in kept
    assert tokens["access_token"] not in kept
