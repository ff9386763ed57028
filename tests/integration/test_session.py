"""GET / and GET /session: who is signed in in this browser."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.sessions import COOKIE, Session
from le_auth.domain.users import User
from tests.support.answers import json_of, page_of
from tests.support.forged import FORGED_SESSIONS
from tests.support.installation import ACCOUNT, ADA, BASE_URL, NOON, OTHER_ACCOUNT, SEALING_KEY, Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser


def test_the_landing_page_leads_to_launch_where_nobody_is_signed_in(
    installation: Installation, browser: Browser
) -> None:
    answer = browser.visit("/")

    assert answer["statusCode"] == 200
    assert page_of(answer).links == [f"{BASE_URL}/launch"]
    assert installation.calls.made == [], "without a cookie there is nothing to ask for"


def test_the_landing_page_shows_who_is_signed_in_and_how_fresh_the_token_is(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    installation.go_on(timedelta(minutes=10))

    page = page_of(browser.visit("/"))

    assert page.links == [f"{BASE_URL}/?confirm=liveperson"]
    for words in ("1001", ACCOUNT, "Administrator", "Refreshed 10 minutes ago", "9 March 2099, 12:00 UTC"):
        assert words in page.text


def test_a_livepersons_own_administrator_is_called_so(browser: Browser) -> None:
    browser.sign_in(name="lea")

    assert "LPA" in page_of(browser.visit("/")).text


def test_the_session_says_as_json_who_is_signed_in(browser: Browser) -> None:
    browser.sign_in()

    answer = browser.visit("/session")

    assert answer["statusCode"] == 200
    noon = int(NOON.timestamp())
    assert json_of(answer) == {
        "account_id": ACCOUNT,
        "user_id": "1001",
        "is_admin": True,
        "is_lpa": False,
        "status": "active",
        "issued_at": noon,
        "refreshed_at": noon,
    }


def test_the_session_is_one_consistent_read(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    installation.calls.clear()

    browser.visit("/session")
    browser.visit("/")

    assert installation.calls.operations == ["GetSecretValue", "GetItem", "GetItem"]
    assert all(call.params["ConsistentRead"] for call in installation.calls.of("GetItem"))


def test_the_session_answers_401_where_nobody_is_signed_in(browser: Browser) -> None:
    answer = browser.visit("/session")

    assert answer["statusCode"] == 401
    assert json_of(answer)["error"] == "not_signed_in"


def test_no_token_stands_on_the_page_or_in_the_json(installation: Installation, browser: Browser) -> None:
    browser.sign_in()

    answers = json.dumps([browser.visit("/"), browser.visit("/session")])

    for token in installation.tokens(ADA):
        assert token not in answers


def test_a_session_ends_after_its_hours(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    installation.go_on(timedelta(hours=12, seconds=-1))
    assert browser.visit("/session")["statusCode"] == 200

    installation.go_on(timedelta(seconds=1))

    assert browser.visit("/session")["statusCode"] == 401
    assert page_of(browser.visit("/")).links == [f"{BASE_URL}/launch"]


@pytest.mark.parametrize("cookie", FORGED_SESSIONS)
def test_a_forged_session_is_none(installation: Installation, browser: Browser, cookie: str) -> None:
    installation.sign_in()
    browser.cookies[COOKIE] = cookie

    assert browser.visit("/session")["statusCode"] == 401
    assert browser.visit("/")["statusCode"] == 200
    assert "GetItem" not in installation.calls.operations


def test_each_altered_character_of_a_session_makes_it_none(browser: Browser) -> None:
    browser.sign_in()
    genuine = browser.cookies[COOKIE]

    for position in range(2, len(genuine) - 1, 7):
        other = "A" if genuine[position] != "A" else "B"
        browser.cookies[COOKIE] = genuine[:position] + other + genuine[position + 1 :]
        assert browser.visit("/session")["statusCode"] == 401


def test_forged_key_ids_make_the_secret_be_read_at_most_once_a_minute(
    installation: Installation, browser: Browser
) -> None:
    browser.cookies[COOKIE] = "9.AAAA"
    for _ in range(5):
        browser.visit("/session")
    assert installation.calls.operations == ["GetSecretValue"]

    installation.go_on(timedelta(minutes=1))
    for _ in range(5):
        browser.visit("/session")

    assert installation.calls.operations == ["GetSecretValue"] * 2


def test_a_session_sealed_with_a_key_that_was_just_added_is_opened(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    newer = {"keys": [{"id": "1", "key": "canary-newer-sealing-key-" + "n" * 40}, {"id": "0", "key": SEALING_KEY}]}
    secret_id = installation.deployed.resources["SealingKeySecret"]
    browser.visit("/session")
    installation.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(newer))
    installation.module("callback").the_sign_in.cache_clear()
    installation.go_on(timedelta(minutes=1))

    browser.sign_in()

    assert browser.cookies[COOKIE].startswith("1.")
    assert browser.visit("/session")["statusCode"] == 200
    assert installation.item(ADA)["key_id"] == {"S": "1"}


def test_a_session_of_another_epoch_is_over(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    grant = installation.grant(ADA)
    older = Session(user=ADA, epoch=grant.session_epoch - 1, issued_at=NOON)

    browser.cookies[COOKIE] = older.seal(installation.keyring).reveal()

    assert browser.visit("/session")["statusCode"] == 401


def test_a_session_of_somebody_who_is_not_stored_is_none(installation: Installation, browser: Browser) -> None:
    nobody = Session(user=User(account_id=OTHER_ACCOUNT, user_id="1"), epoch=1, issued_at=NOON)
    browser.cookies[COOKIE] = nobody.seal(installation.keyring).reveal()

    assert browser.visit("/session")["statusCode"] == 401


def test_whoever_must_sign_in_again_is_told_so(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ADA))

    page = page_of(browser.visit("/"))
    session = browser.visit("/session")

    assert "Please sign in again" in page.text
    assert page.links == [f"{BASE_URL}/launch?account_id={ACCOUNT}"]
    assert session["statusCode"] == 200
    assert json_of(session)["status"] == "reauthorize"


def test_the_page_says_when_refreshing_is_paused(installation: Installation, browser: Browser) -> None:
    installation.configure(IdleDays="1", SessionHours="72")
    browser.sign_in()
    installation.go_on(timedelta(days=2))
    installation.work(installation.due(ADA))

    assert "paused until the application is used again" in page_of(browser.visit("/")).text


@pytest.mark.parametrize("path", ["/", "/session"])
@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [("GetItem", "InternalServerError", 503), ("GetSecretValue", "InternalServiceError", 503)],
)
def test_what_cannot_be_read_now_asks_to_try_again(
    installation: Installation, browser: Browser, path: str, operation: str, code: str, status: int
) -> None:
    browser.sign_in()
    installation.calls.order(operation, code=code)

    answer = browser.visit(path)

    assert answer["statusCode"] == status
    if path == "/":
        assert "Try again" in page_of(answer).text
    else:
        assert json_of(answer)["error"] in {"table_unavailable", "secrets_unavailable"}


def test_a_session_of_one_browser_is_not_seen_by_another(browser: Browser, new_browser: Callable[[], Browser]) -> None:
    browser.sign_in()

    assert new_browser().visit("/session")["statusCode"] == 401


def test_the_landing_page_may_be_framed_inside_liveengage_only_where_that_is_configured(
    installation: Installation, browser: Browser
) -> None:
    outside = browser.visit("/")["headers"]
    installation.configure(EmbeddedInLiveEngage="true")
    inside = browser.visit("/")["headers"]

    assert "frame-ancestors 'none'" in outside["Content-Security-Policy"]
    assert outside["X-Frame-Options"] == "DENY"
    assert "frame-ancestors https://*.liveperson.net" in inside["Content-Security-Policy"]
    assert "X-Frame-Options" not in inside


def test_a_head_request_reads_nothing(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    installation.calls.clear()

    assert browser.visit("/", method="HEAD")["statusCode"] == 405
    assert installation.calls.made == []


def test_signing_out_everywhere_is_asked_about_before(browser: Browser) -> None:
    browser.sign_in()

    page = page_of(browser.visit("/?confirm=liveperson"))

    assert "Sign out of LivePerson?" in page.text
    assert page.links == [f"{BASE_URL}/"]


def test_whoever_is_not_signed_in_is_not_asked(browser: Browser) -> None:
    assert page_of(browser.visit("/?confirm=liveperson")).links == [f"{BASE_URL}/launch"]


def test_whoever_must_sign_in_again_is_not_asked_either_since_nothing_is_left_to_revoke(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ADA))

    assert "Please sign in again" in page_of(browser.visit("/?confirm=liveperson")).text


def test_an_address_cannot_make_the_page_say_that_somebody_signed_in_is_signed_out(browser: Browser) -> None:
    browser.sign_in()

    assert "You are signed in" in page_of(browser.visit("/?signed_out=liveperson")).text


@pytest.mark.parametrize("query", ["confirm=local", "confirm=", "signed_out=x", "signed_out=local&signed_out=local"])
def test_point_07_an_address_that_is_none_of_ours_is_refused(
    installation: Installation, browser: Browser, query: str
) -> None:
    browser.sign_in()
    installation.calls.clear()

    answer = browser.visit(f"/?{query}")

    assert answer["statusCode"] == 400
    assert page_of(answer).links == [f"{BASE_URL}/"]
    assert installation.calls.made == []
