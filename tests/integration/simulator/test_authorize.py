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
    SECRET,
    STATE,
    Client,
    query_of,
)


def test_with_a_session_a_code_comes_at_once(client: Client) -> None:
    first = client.sign_in()

    again = client.authorize()

    assert again.status_code == 302
    assert again.headers["Location"].startswith(CALLBACK)
    assert query_of(again)["code"] != first


def test_a_session_is_of_one_browser(client: Client, other_browser: Client) -> None:
    client.sign_in()

    assert "/login" in other_browser.authorize().headers["Location"]


def test_a_session_is_of_one_account(client: Client) -> None:
    client.sign_in()

    assert "/login" in client.authorize(account=OTHER_ACCOUNT).headers["Location"]


def test_a_session_carried_to_another_account_is_none(client: Client, other_browser: Client) -> None:
    client.sign_in()
    other_browser.session.headers["Cookie"] = f"sso_session={client.session.cookies['sso_session']}"

    assert "/login" in other_browser.authorize(account=OTHER_ACCOUNT).headers["Location"]
    assert "code" in query_of(other_browser.authorize())


def test_a_session_serves_all_applications_of_the_account(client: Client) -> None:
    client.sign_in()

    assert "code" in query_of(client.authorize(client_id=OTHER_APP))


def test_a_session_ends(client: Client, simulator: Simulator) -> None:
    client.sign_in()

    simulator.clock.advance(simulator.settings.sso_seconds)

    assert "/login" in client.authorize().headers["Location"]


def test_a_refresh_extends_the_session(client: Client, simulator: Simulator) -> None:
    refresh_token = client.exchange(client.sign_in()).json()["refresh_token"]
    simulator.clock.advance(simulator.settings.sso_seconds - 1)
    client.refresh(refresh_token)

    simulator.clock.advance(simulator.settings.sso_seconds - 1)

    assert "code" in query_of(client.authorize())


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"v": None}, 400),
        ({"v": "2.0"}, 400),
        ({"client_id": None}, 400),
        ({"client_id": "unknown"}, 401),
        ({"redirect_uri": CALLBACK + "/"}, 400),
        ({"redirect_uri": CALLBACK.upper()}, 400),
        ({"redirect_uri": CALLBACK + "?a=b"}, 400),
        ({"redirect_uri": "https://evil.example.com/"}, 400),
    ],
)
def test_what_cannot_be_trusted_is_never_redirected(client: Client, changes: dict[str, Any], status: int) -> None:
    answer = client.authorize(**changes)

    assert answer.status_code == status
    assert "Location" not in answer.headers
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("account", ["le404", "56072331x"])
def test_an_unknown_account_is_an_invalid_site(client: Client, account: str) -> None:
    assert client.authorize(account=account).status_code == 401


def test_an_application_must_be_installed_on_the_account(client: Client) -> None:
    assert client.authorize(account=OTHER_ACCOUNT, client_id=OTHER_APP).status_code == 401


def test_a_repeated_parameter_is_a_bad_request(client: Client) -> None:
    url = f"/sentinel/api/account/{ACCOUNT}/authorize?v=1.0&response_type=code&client_id={APP}&state=1&state=2"

    assert client.get(url).status_code == 400


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT"])
def test_another_method_is_refused(client: Client, simulator: Simulator, method: str) -> None:
    url = f"{simulator.base_url}/sentinel/api/account/{ACCOUNT}/authorize?v=1.0"

    assert client.session.request(method, url, timeout=10).status_code == 405


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_other_mistakes_are_told_to_the_application(client: Client, changes: dict[str, Any], error: str) -> None:
    answer = client.authorize(**changes)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(CALLBACK)
    assert (query_of(answer)["error"], query_of(answer)["state"]) == (error, STATE)


def test_unknown_parameters_are_ignored(client: Client) -> None:
    assert "/login" in client.authorize(nonce="canary", prompt="none").headers["Location"]


def test_without_pkce_its_parameters_are_unknown(client: Client, simulator: Simulator) -> None:
    simulator.settings.pkce = False

    assert "/login" in client.authorize(code_challenge="short").headers["Location"]


def test_the_only_registered_redirect_uri_may_be_left_out(client: Client, simulator: Simulator) -> None:
    code = client.sign_in(redirect_uri=None)
    assert client.exchange(code, redirect_uri=None).status_code == 200

    simulator.add_redirect_uri(APP, "https://app.example.com/other")

    assert client.authorize(redirect_uri=None).status_code == 400


def test_a_redirect_uri_keeps_its_own_query(client: Client, simulator: Simulator) -> None:
    simulator.register(APP, secrets=[SECRET], accounts=[ACCOUNT], redirect_uris=[CALLBACK + "?a=b"])
    client.sign_in(redirect_uri=CALLBACK + "?a=b")

    answer = client.authorize(redirect_uri=CALLBACK + "?a=b")

    assert answer.headers["Location"].startswith(CALLBACK + "?a=b&code=")


def test_without_a_state_none_comes_back(client: Client) -> None:
    client.sign_in()

    assert query_of(client.authorize(state=None)).keys() == {"code"}


def test_the_callbacks_parameters_can_be_changed(client: Client, simulator: Simulator) -> None:
    client.sign_in()
    simulator.settings.callback_parameters = {"iss": "Sentinel", "state": None}

    assert query_of(client.authorize()).keys() == {"code", "iss"}
