import pytest

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import (
    ACCOUNT,
    APP,
    CALLBACK,
    SECRET,
    Client,
)

TOKEN_URL = f"/sentinel/api/account/{ACCOUNT}/token"


@pytest.mark.parametrize("query", ["v=2.0", "v=1.0", "v=2.0&unknown=1"])
def test_both_documented_versions_are_accepted(client: Client, query: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": client.issue_refresh_token()}

    assert client.token(form, query=query).status_code == 200


@pytest.mark.parametrize("query", ["", "v=", "v=3.0", "v2.0", "v=2.0&v=2.0", "V=2.0"])
def test_other_versions_are_a_bad_request(client: Client, query: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": client.issue_refresh_token()}

    answer = client.token(form, query=query)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_accepted_versions_can_be_narrowed(client: Client, simulator: Simulator) -> None:
    simulator.settings.token_versions = ("1.0",)

    assert client.refresh(client.issue_refresh_token()).status_code == 400


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code": "canary"}, "invalid_request"),
        ({"grant_type": "password", "username": "ada"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "redirect_uri": CALLBACK}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": ""}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_an_incomplete_request_is_a_bad_request(client: Client, form: dict[str, str], error: str) -> None:
    answer = client.token(form)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data", "", "application/x-www-form-urlencoded2"]
)
def test_only_forms_are_read(client: Client, content_type: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": client.issue_refresh_token()}

    assert client.token(form, headers={"Content-Type": content_type}).status_code == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    ],
)
def test_a_form_may_name_its_charset(client: Client, content_type: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": client.issue_refresh_token()}

    assert client.token(form, headers={"Content-Type": content_type}).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body + "&client_id=" + APP,
        lambda body: body + "&scope=a&scope=b",
        lambda body: body + "&novalue",
        lambda body: body + "&broken=%zz",
        lambda body: body + "&broken=%ff",
        lambda body: (body + "&broken=é").encode(),
    ],
)
def test_a_badly_formed_body_is_a_bad_request(client: Client, spoil: object) -> None:
    assert callable(spoil)
    token = client.issue_refresh_token()
    body = f"grant_type=refresh_token&refresh_token={token}&client_id={APP}&client_secret={SECRET}"
    form_type = {"Content-Type": "application/x-www-form-urlencoded"}

    spoilt = client.post(TOKEN_URL + "?v=2.0", spoil(body), headers=form_type)

    assert (spoilt.status_code, spoilt.json()["error"]) == (400, "invalid_request")
    assert client.post(TOKEN_URL + "?v=2.0", body, headers=form_type).status_code == 200


@pytest.mark.parametrize("name", ["client_secret", "code", "refresh_token"])
def test_credentials_in_the_url_are_refused(client: Client, name: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": client.issue_refresh_token()}

    assert client.token(form, query=f"v=2.0&{name}=canary").status_code == 400


def test_a_second_way_of_authentication_is_refused(client: Client) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": client.issue_refresh_token()}

    assert client.token(form, auth=(APP, SECRET)).status_code == 400


def test_another_method_is_refused(client: Client) -> None:
    answer = client.get(TOKEN_URL + "?v=2.0")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
