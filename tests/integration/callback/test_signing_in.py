"""GET /callback: from a real login at the simulator to the stored tokens and the session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.slots import slot_of
from le_auth.domain.users import User
from tests.support.answers import EVERY_ANSWER, cookies_of
from tests.support.browser import parameters
from tests.support.installation import ACCOUNT, ADA, APP, BASE_URL, NOON, OTHER_ACCOUNT, SECRET, Installation
from tests.support.refreshes import token_at_liveperson

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser


def test_whoever_signs_in_lands_on_the_landing_page_with_a_session(browser: Browser) -> None:
    answer = browser.sign_in()

    assert answer["headers"].items() >= EVERY_ANSWER.items()
    assert answer["headers"]["Location"] == f"{BASE_URL}/"
    assert answer["body"] == ""
    assert list(browser.cookies) == ["__Host-le-session"]
    assert browser.visit("/session")["statusCode"] == 200


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    _, attributes = cookies_of(browser.sign_in())["__Host-le-session"]

    assert attributes == {"Max-Age=43200", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


def test_inside_liveengage_both_cookies_are_partitioned(installation: Installation, browser: Browser) -> None:
    installation.configure(EmbeddedInLiveEngage="true")

    cookies = cookies_of(browser.sign_in())

    assert len(cookies) == 2
    for _, attributes in cookies.values():
        assert attributes >= {"Path=/", "Secure", "HttpOnly", "SameSite=None", "Partitioned"}


def test_the_stored_tokens_are_the_ones_that_liveperson_issued(installation: Installation, browser: Browser) -> None:
    browser.sign_in()

    access_token, refresh_token = installation.tokens(ADA)
    for kind, token in (("access", access_token), ("refresh", refresh_token)):
        state = token_at_liveperson(installation, token)
        assert state is not None
        assert (state.kind, state.state, state.grant.user_id) == (kind, "live", "1001")
    grant = installation.grant(ADA)
    assert (grant.status, grant.slot) == (Status.ACTIVE, slot_of(ADA))
    assert grant.issued_at == grant.refreshed_at == grant.last_used_at == NOON
    assert (grant.is_admin, grant.is_lpa) == (True, False)
    assert (grant.lease_owner, grant.unsettled, grant.failures) == (None, 0, 0)


def test_no_token_stands_in_the_table_in_clear(installation: Installation, browser: Browser) -> None:
    browser.sign_in()

    stored = b"".join(value for item in installation.items().values() for each in item.values() for value in _raw(each))
    for token in installation.tokens(ADA):
        assert token.encode() not in stored
        assert bytes.fromhex(token) not in stored


def _raw(value: dict[str, object]) -> list[bytes]:
    ((_, content),) = value.items()
    return [content if isinstance(content, bytes) else str(content).encode()]


def test_a_sign_in_costs_one_request_at_sentinel_and_two_writes(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    installation.calls.clear()
    installation.simulator.journal.clear()

    assert browser.visit(callback)["statusCode"] == 303

    assert installation.simulator.journal.counts() == {"domain": 1, "token-code": 1}
    assert sorted(installation.calls.operations) == ["GetSecretValue", "GetSecretValue", "PutItem", "UpdateItem"]


def test_expires_in_is_stored_where_liveperson_sends_it(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.sends_expires_in = True

    browser.sign_in()

    assert installation.grant(ADA).access_expires_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("return_to", "lands_at"),
    [
        ("/app?tab=1%23x", f"{BASE_URL}/app?tab=1%23x"),
        (f"{BASE_URL}/app", f"{BASE_URL}/app"),
        ("https://front.example.com/start", "https://front.example.com/start"),
        ("https://app.example.com/deep", "https://app.example.com/deep"),
    ],
)
def test_whoever_asked_to_go_somewhere_lands_there(
    installation: Installation, browser: Browser, return_to: str, lands_at: str
) -> None:
    installation.configure(AppUrl="https://app.example.com/home?x=1", ReturnOrigins="https://front.example.com")

    answer = browser.sign_in(f"return_to={return_to.replace('%', '%25').replace('?', '%3F')}")

    assert answer["headers"]["Location"] == lands_at


def test_with_an_app_url_people_land_there(installation: Installation, browser: Browser) -> None:
    installation.configure(AppUrl="https://app.example.com/home?x=1")

    assert browser.sign_in()["headers"]["Location"] == "https://app.example.com/home?x=1"


def test_two_accounts_are_kept_apart(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    other = new_browser()

    browser.sign_in()
    other.sign_in(f"account_id={OTHER_ACCOUNT}")

    users = {pk for pk in installation.items() if not pk.startswith("state#")}
    assert users == {f"{ACCOUNT}#1001", f"{OTHER_ACCOUNT}#1001"}
    assert installation.tokens(ADA) != installation.tokens(User(account_id=OTHER_ACCOUNT, user_id="1001"))
    assert f'"{OTHER_ACCOUNT}"' in other.visit("/session")["body"]


def test_two_tabs_of_one_browser_both_finish(browser: Browser) -> None:
    first, second = browser.launch(), browser.launch()

    answers = [browser.visit(browser.log_in(location)) for location in (second, first)]

    assert [answer["statusCode"] for answer in answers] == [303, 303]
    assert list(browser.cookies) == ["__Host-le-session"]


def test_a_second_sign_in_replaces_the_tokens_and_leaves_other_sessions_standing(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in()
    before, generation = installation.tokens(ADA), installation.grant(ADA).generation
    installation.go_on(timedelta(minutes=1))

    new_browser().sign_in()

    assert installation.tokens(ADA) != before
    assert installation.grant(ADA).generation > generation
    assert browser.visit("/session")["statusCode"] == 200


def test_a_sign_in_in_the_same_moment_takes_the_next_generation(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in()
    generation = installation.grant(ADA).generation

    new_browser().sign_in()

    assert installation.grant(ADA).generation == generation + 1
    assert installation.tokens(ADA)


def test_with_pkce_the_code_is_exchanged_with_its_verifier(installation: Installation, browser: Browser) -> None:
    installation.configure(UsePkce="true")
    browser.sign_in()

    stolen = browser.come_back()
    name = next(name for name in browser.cookies if "-tx-" in name)
    installation.configure(UsePkce="false")
    without_verifier = browser.launch()
    code = parameters(stolen)["code"]
    del browser.cookies[name]

    answer = browser.visit(f"/callback?state={parameters(without_verifier)['state']}&code={code}")

    assert answer["statusCode"] == 400
    assert installation.simulator.journal.entries("token-code")[-1].error == "invalid_grant"


def test_an_issuer_that_names_this_sentinel_is_accepted(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.callback_parameters = {"iss": "Sentinel"}

    browser.sign_in()


def test_the_id_tokens_signature_is_checked_where_a_key_is_configured(
    installation: Installation, browser: Browser
) -> None:
    installation.configure(IdTokenPublicKey=installation.simulator.public_key_pem)

    browser.sign_in()


def test_with_api_gateways_own_address_the_whole_sign_in_works(installation: Installation, browser: Browser) -> None:
    own = "https://abcdef1234.execute-api.eu-west-1.amazonaws.com"
    installation.configure(PublicBaseUrl="")
    location = browser.launch()
    assert parameters(location)["redirect_uri"] == f"{own}/callback"
    code = _issue_code(installation, redirect_uri=f"{own}/callback")

    answer = browser.visit(f"/callback?state={parameters(location)['state']}&code={code}")

    assert answer["statusCode"] == 303
    assert answer["headers"]["Location"] == f"{own}/"


def _issue_code(installation: Installation, *, redirect_uri: str) -> str:
    installation.simulator.add_redirect_uri(APP, redirect_uri)
    return installation.simulator.issue_code(
        app_install_id=APP, account=ACCOUNT, user_id="1001", redirect_uri=redirect_uri
    )


def test_a_replayed_callback_is_refused_and_the_session_stays(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    transaction = dict(browser.cookies)
    assert browser.visit(callback)["statusCode"] == 303
    tokens = installation.tokens(ADA)
    browser.cookies.update(transaction)
    installation.simulator.journal.clear()

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert installation.simulator.journal.counts() == {}
    assert installation.tokens(ADA) == tokens
    assert browser.visit("/session")["statusCode"] == 200


def test_of_parallel_callbacks_exactly_one_wins(installation: Installation, browser: Browser) -> None:
    event = browser.event(browser.come_back())
    installation.invoke("callback", browser.event("/callback"))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: installation.invoke("callback", event), range(8)))

    assert sorted(answer["statusCode"] for answer in answers) == [303] + [400] * 7
    assert installation.simulator.journal.counts()["token-code"] == 1
    assert installation.simulator.journal.reuses == 0


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"sec_purpose": "prefetch"}), ("GET", {"x_moz": "prefetch"}), ("POST", {})],
)
def test_what_is_no_persons_visit_consumes_nothing(
    installation: Installation, browser: Browser, method: str, headers: dict[str, str]
) -> None:
    callback = browser.come_back()
    installation.calls.clear()

    assert browser.visit(callback, method=method, **headers)["statusCode"] in {405, 503}

    assert installation.calls.made == []
    assert browser.visit(callback)["statusCode"] == 303


def test_the_older_of_two_listed_secrets_serves_until_liveperson_takes_the_newer(
    installation: Installation, browser: Browser
) -> None:
    installation.put_app_install_secret(["canary-newer-app-install-secret", SECRET])

    browser.sign_in()
    assert installation.simulator.journal.counts()["token-code"] == 2

    installation.simulator.journal.clear()
    browser.sign_in()
    assert installation.simulator.journal.counts()["token-code"] == 1, "the accepted one is tried first"


def test_a_secret_changed_at_both_ends_is_picked_up_by_the_next_sign_in(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    installation.go_on(timedelta(minutes=2))
    installation.change_app_install_secret("canary-changed-app-install-secret")

    browser.sign_in()
