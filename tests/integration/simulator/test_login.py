import pytest

from local.simulator import DEFAULT_PASSWORD, Simulator, User
from tests.integration.simulator.sentinel_client import (
    ACCOUNT,
    APP,
    CALLBACK,
    STATE,
    Client,
    query_of,
)


def test_without_a_session_the_browser_is_sent_to_the_login_page(client: Client) -> None:
    answer = client.authorize()

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"/sentinel/api/account/{ACCOUNT}/login?request=")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("ibs_id=")
    assert "Max-Age=600" in cookie
    assert "HttpOnly" in cookie


def test_the_login_page_is_a_labelled_form_that_says_what_it_is(client: Client) -> None:
    page = client.get(client.authorize().headers["Location"])

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for expected in ('<label for="username">', '<label for="password">', "simulator", DEFAULT_PASSWORD, APP, ACCOUNT):
        assert expected in page.text


def test_signing_in_leads_to_the_callback_with_code_and_state(client: Client, simulator: Simulator) -> None:
    submitted = client.submit(client.authorize(), username="ada", password=DEFAULT_PASSWORD)
    assert submitted.status_code == 303

    back = client.get(simulator.base_url + submitted.headers["Location"])

    assert back.status_code == 302
    assert back.headers["Location"].startswith(CALLBACK + "?")
    assert query_of(back).keys() == {"code", "state"}
    assert query_of(back)["state"] == STATE


def test_a_wrong_password_shows_the_form_again(client: Client) -> None:
    login = client.authorize()

    wrong = client.submit(login, username="ada", password="canary-wrong")
    assert wrong.status_code == 401
    assert "User name or password is wrong" in wrong.text

    assert client.submit(login, username="ada", password=DEFAULT_PASSWORD).status_code == 303


def test_any_digits_are_a_user_of_that_id(client: Client, simulator: Simulator) -> None:
    client.exchange(client.sign_in(name="4711"))

    assert [grant.user_id for grant in simulator.grants.all()] == ["4711"]


@pytest.mark.parametrize("name", ["eve", "", "12345678901234567890123", "\N{FULLWIDTH DIGIT FOUR}2"])
def test_other_unknown_names_do_not_sign_in(client: Client, name: str) -> None:
    assert client.submit(client.authorize(), username=name, password=DEFAULT_PASSWORD).status_code == 401


def test_an_added_user_signs_in_with_the_own_password_only(client: Client, simulator: Simulator) -> None:
    simulator.users.add(User(name="77", user_id="88", password="canary-own"))

    assert client.submit(client.authorize(), username="77", password=DEFAULT_PASSWORD).status_code == 401
    client.exchange(client.sign_in(name="77", password="canary-own"))

    assert [grant.user_id for grant in simulator.grants.all()] == ["88"]


def test_denying_tells_the_application(client: Client, simulator: Simulator) -> None:
    denied = client.submit(client.authorize(), action="deny")
    back = client.get(simulator.base_url + denied.headers["Location"])

    assert back.headers["Location"].startswith(CALLBACK)
    assert query_of(back)["error"] == "access_denied"
    assert query_of(back)["state"] == STATE
    assert "/login" in client.authorize().headers["Location"]


def test_a_pending_authorization_lasts_ten_minutes(client: Client, simulator: Simulator) -> None:
    login = client.authorize()
    simulator.clock.advance(599)
    assert client.get(login.headers["Location"]).status_code == 200

    simulator.clock.advance(1)

    assert client.get(login.headers["Location"]).status_code == 400
    assert client.submit(login, username="ada", password=DEFAULT_PASSWORD).status_code == 400


def test_a_pending_authorization_belongs_to_one_browser(client: Client, other_browser: Client) -> None:
    login = client.authorize()

    assert other_browser.submit(login, username="ada", password=DEFAULT_PASSWORD).status_code == 400


def test_a_pending_authorization_is_finished_once(client: Client, simulator: Simulator) -> None:
    submitted = client.submit(client.authorize(), username="ada", password=DEFAULT_PASSWORD)
    url = simulator.base_url + submitted.headers["Location"]

    assert [client.get(url).status_code, client.get(url).status_code] == [302, 400]


def test_an_undecided_authorization_does_not_carry_on(client: Client) -> None:
    login = client.authorize().headers["Location"]

    assert client.get(login.replace("/login", "/authorize/continue")).headers["Location"] == login


def test_two_tabs_can_sign_in_one_after_the_other(client: Client) -> None:
    logins = [client.authorize(state="one"), client.authorize(state="two")]

    states = []
    for login in logins:
        submitted = client.submit(login, username="ada", password=DEFAULT_PASSWORD)
        states.append(query_of(client.get(submitted.headers["Location"]))["state"])

    assert states == ["one", "two"]
