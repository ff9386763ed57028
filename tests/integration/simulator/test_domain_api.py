import pytest

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import ACCOUNT, OTHER_ACCOUNT, Client


@pytest.mark.parametrize("service", ["sentinel", "accountConfigReadOnly"])
def test_a_service_is_at_the_simulators_own_host(client: Client, simulator: Simulator, service: str) -> None:
    answer = client.domain(service)

    assert answer.status_code == 200
    assert answer.json() == {"service": service, "account": ACCOUNT, "baseURI": simulator.host}


def test_without_a_service_name_all_services_are_listed(client: Client, simulator: Simulator) -> None:
    answer = client.get(f"/api/account/{ACCOUNT}/service/baseURI.json?version=1.0")

    assert answer.json() == {
        "baseURIs": [
            {"service": "sentinel", "account": ACCOUNT, "baseURI": simulator.host},
            {"service": "accountConfigReadOnly", "account": ACCOUNT, "baseURI": simulator.host},
        ]
    }


def test_an_account_can_live_at_another_host(client: Client, simulator: Simulator) -> None:
    simulator.settings.sentinel_hosts = {OTHER_ACCOUNT: "127.0.0.1:9", "le999": "127.0.0.1:10"}

    assert client.domain(account=OTHER_ACCOUNT).json()["baseURI"] == "127.0.0.1:9"
    assert client.domain(account="le999").json()["baseURI"] == "127.0.0.1:10"
    assert client.domain(account=ACCOUNT).json()["baseURI"] == simulator.host


@pytest.mark.parametrize("query", ["", "version=", "version=2.0", "version=1.0&version=1.0", "Version=1.0"])
def test_a_wrong_version_is_a_bad_request(client: Client, query: str) -> None:
    assert client.domain(query=query).status_code == 400


def test_an_unknown_account_is_an_invalid_site(client: Client) -> None:
    assert client.domain(account="le404").status_code == 401


def test_a_malformed_account_is_a_bad_request(client: Client) -> None:
    assert client.domain(account="le-1%20").status_code == 400


def test_service_names_are_case_sensitive(client: Client) -> None:
    assert client.domain("Sentinel").status_code == 404


def test_another_method_is_refused(client: Client) -> None:
    answer = client.post(f"/api/account/{ACCOUNT}/service/sentinel/baseURI.json?version=1.0")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
