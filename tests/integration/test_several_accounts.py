"""Two accounts side by side, each with an AppInstall of its own and at a Sentinel of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.users import User
from local.simulator import Simulator
from tests.support.answers import json_of
from tests.support.api_events import authorizer_event
from tests.support.installation import (
    ACCOUNT,
    ADA,
    APP,
    CALLBACK_URL,
    INTERVAL,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    SECRET,
    Installation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.browser import Browser

LEA = User(account_id=OTHER_ACCOUNT, user_id="1003")
FIRST, SECOND = f"account_id={ACCOUNT}", f"account_id={OTHER_ACCOUNT}"


@pytest.fixture
def elsewhere(installation: Installation) -> Iterator[Simulator]:
    """The Sentinel of the second account; the Domain API stays where it is, and names this host for that account."""
    with Simulator(clock=installation.simulator.clock) as other:
        other.register(OTHER_APP, secrets=[OTHER_SECRET], accounts=[OTHER_ACCOUNT], redirect_uris=[CALLBACK_URL])
        installation.simulator.settings.sentinel_hosts = {OTHER_ACCOUNT: other.host}
        yield other


@pytest.fixture
def ada(new_browser: Callable[[], Browser], elsewhere: Simulator) -> Browser:
    """The browser of somebody of the first account, signed in."""
    assert elsewhere.host
    browser = new_browser()
    browser.sign_in(FIRST, name="ada")
    return browser


@pytest.fixture
def lea(new_browser: Callable[[], Browser], elsewhere: Simulator) -> Browser:
    """The browser of somebody of the second account, signed in."""
    assert elsewhere.host
    browser = new_browser()
    browser.sign_in(SECOND, name="lea")
    return browser


def asked(simulator: Simulator) -> set[tuple[str, str | None]]:
    """Give what a Sentinel was asked and for which account; the Domain API is left out."""
    return {(each.endpoint, each.account) for each in simulator.journal.entries() if each.endpoint != "domain"}


def clear(*simulators: Simulator) -> None:
    for simulator in simulators:
        simulator.journal.clear()


def vend(installation: Installation, user: User) -> dict[str, Any]:
    answer: dict[str, Any] = installation.invoke(
        "access_token", {"account_id": user.account_id, "user_id": user.user_id}
    )
    return answer


def test_each_person_signs_in_at_their_accounts_own_sentinel(
    installation: Installation, elsewhere: Simulator, ada: Browser, lea: Browser
) -> None:
    flow = ("authorize", "login", "token-code")
    assert asked(installation.simulator) == {(endpoint, ACCOUNT) for endpoint in flow}
    assert asked(elsewhere) == {(endpoint, OTHER_ACCOUNT) for endpoint in flow}

    assert set(installation.items()) >= {ADA.pk, LEA.pk}
    who = [json_of(browser.call("/session", method="GET")) for browser in (ada, lea)]
    assert [(each["account_id"], each["user_id"]) for each in who] == [(ACCOUNT, "1001"), (OTHER_ACCOUNT, "1003")]


def test_without_an_account_id_a_launch_goes_to_the_first_account(
    installation: Installation, elsewhere: Simulator, new_browser: Callable[[], Browser]
) -> None:
    location = new_browser().launch()

    assert location.startswith(f"{installation.simulator.base_url}/sentinel/api/account/{ACCOUNT}/authorize?")
    assert f"client_id={APP}&" in location
    assert elsewhere.host not in location


@pytest.mark.usefixtures("ada", "lea")
def test_each_token_is_refreshed_at_its_accounts_own_sentinel(installation: Installation, elsewhere: Simulator) -> None:
    clear(installation.simulator, elsewhere)
    installation.go_on(INTERVAL)

    assert installation.work(installation.due(ADA, LEA)) == []

    assert asked(installation.simulator) == {("token-refresh", ACCOUNT)}
    assert asked(elsewhere) == {("token-refresh", OTHER_ACCOUNT)}
    assert {installation.grant(user).refreshed_at for user in (ADA, LEA)} == {installation.now}


@pytest.mark.usefixtures("ada", "lea")
def test_a_back_end_gets_each_accounts_token_from_its_own_sentinel(
    installation: Installation, elsewhere: Simulator
) -> None:
    clear(installation.simulator, elsewhere)
    installation.go_on(2 * INTERVAL)

    tokens = [vend(installation, user)["access_token"] for user in (ADA, LEA)]

    assert tokens == [installation.tokens(user)[0] for user in (ADA, LEA)]
    assert asked(installation.simulator) == {("token-refresh", ACCOUNT)}
    assert asked(elsewhere) == {("token-refresh", OTHER_ACCOUNT)}


def test_a_sign_out_is_told_to_the_accounts_own_sentinel_and_leaves_the_other_account_alone(
    installation: Installation, elsewhere: Simulator, ada: Browser, lea: Browser
) -> None:
    clear(installation.simulator, elsewhere)

    answer = lea.call("/logout?scope=liveperson", origin="https://auth.example.com")

    assert json_of(answer) == {"status": "signed_out"}
    assert asked(elsewhere) == {("revoke", OTHER_ACCOUNT)}
    assert asked(installation.simulator) == set()
    assert [installation.grant(user).status for user in (ADA, LEA)] == [Status.ACTIVE, Status.SIGNED_OUT]
    assert ada.call("/session", method="GET")["statusCode"] == 200


@pytest.mark.usefixtures("ada", "lea")
def test_while_one_accounts_sentinel_is_down_the_other_account_goes_on(
    installation: Installation, elsewhere: Simulator
) -> None:
    elsewhere.faults.order("token-refresh", "status", status=500, times=None)
    installation.go_on(INTERVAL)

    left = installation.work(installation.due(ADA, LEA))

    assert [json.loads(record["body"])["pk"] for record in left] == [LEA.pk]
    assert installation.grant(ADA).refreshed_at == installation.now


@pytest.mark.usefixtures("ada", "lea")
def test_one_accounts_secret_is_never_sent_for_the_other(installation: Installation, elsewhere: Simulator) -> None:
    """A Sentinel refuses another AppInstall's id or secret, which its journal tells."""
    installation.go_on(INTERVAL)
    installation.work(installation.due(ADA, LEA))

    errors = [each.error for simulator in (installation.simulator, elsewhere) for each in simulator.journal.entries()]
    assert not any(errors)
    assert {grant.client_id for grant in elsewhere.grants.all()} == {OTHER_APP}
    assert {grant.client_id for grant in installation.simulator.grants.all()} == {APP}


@pytest.mark.usefixtures("ada", "lea")
def test_a_secret_is_changed_for_one_account_with_two_values_listed(
    installation: Installation, elsewhere: Simulator
) -> None:
    content = json.dumps({APP: SECRET, OTHER_APP: ["canary-newer-secret", OTHER_SECRET]})
    secret_id = installation.deployed.resources["AppInstallSecret"]
    installation.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=content)
    installation.start_cold()
    for secrets in ([OTHER_SECRET], ["canary-newer-secret"]):
        elsewhere.register(OTHER_APP, secrets=secrets, accounts=[OTHER_ACCOUNT], redirect_uris=[CALLBACK_URL])
        installation.go_on(INTERVAL)

        assert installation.work(installation.due(ADA, LEA)) == []


def test_point_25_an_account_that_is_taken_out_has_no_sessions_and_gets_no_tokens_any_more(
    installation: Installation, ada: Browser, lea: Browser
) -> None:
    installation.configure(AppInstalls=f"{ACCOUNT}={APP}")
    cookies = [f"{name}={value}" for name, value in lea.cookies.items()]
    installation.calls.clear()

    statuses = [browser.call("/session", method="GET")["statusCode"] for browser in (ada, lea)]
    verdict = installation.invoke("authorizer", authorizer_event("/own/route", cookies=cookies))

    assert (statuses, verdict) == ([200, 401], {"isAuthorized": False})
    assert [call.params["Key"]["pk"]["S"] for call in installation.calls.of("GetItem")] == [ADA.pk]
    assert vend(installation, LEA)["error"] == "not_signed_in"
    assert "access_token" in vend(installation, ADA)


def test_an_account_that_is_put_back_goes_on(installation: Installation, lea: Browser) -> None:
    installation.configure(AppInstalls=f"{ACCOUNT}={APP}")
    installation.configure(AppInstalls=f"{ACCOUNT}={APP},{OTHER_ACCOUNT}={OTHER_APP}")

    assert lea.call("/session", method="GET")["statusCode"] == 200
    assert "access_token" in vend(installation, LEA)
