"""POST /logout by the forms of our pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.sessions import COOKIE
from tests.support.answers import cookies_of, page_of
from tests.support.installation import ACCOUNT, ADA, BASE_URL, SEALING_KEY, Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser
from tests.support.sign_outs import is_signed_in, signed_in


def test_the_landing_pages_form_ends_the_session_and_drops_the_tokens(
    installation: Installation, browser: Browser
) -> None:
    ada = signed_in(browser)
    before = dict(ada.cookies)

    answer = ada.submit(ada.visit("/"))

    assert (answer["statusCode"], answer["headers"]["Location"]) == (303, f"{BASE_URL}/?signed_out=local")
    assert COOKIE not in ada.cookies
    assert "sealed" not in installation.item(ADA)
    assert installation.item(ADA)["status"] == {"S": "signed_out"}
    ada.cookies = before
    assert not is_signed_in(ada), "the cookie itself is worthless now"
    assert "You are signed out" in page_of(ada.visit("/?signed_out=local")).text
    assert "revoke" not in installation.simulator.journal.counts()


def test_a_sign_out_ends_the_users_sessions_in_other_browsers_too(
    browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    ada = signed_in(browser)
    elsewhere, ben = new_browser(), new_browser()
    elsewhere.sign_in()
    ben.sign_in(name="ben")

    ada.submit(ada.visit("/"))

    assert not is_signed_in(elsewhere)
    assert is_signed_in(ben)


def test_the_confirmed_form_also_ends_the_session_at_liveperson(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    answer = ada.submit(ada.visit("/?confirm=liveperson"))

    assert answer["headers"]["Location"] == f"{BASE_URL}/?signed_out=liveperson"
    [revoked] = installation.simulator.journal.entries(endpoint="revoke")
    assert revoked.status == 200
    assert "sealed" not in installation.item(ADA)
    assert "/login?" in ada.liveperson.get(ada.launch(), allow_redirects=False).headers["Location"]


def test_where_liveperson_does_not_answer_the_page_says_that_it_follows(
    installation: Installation, browser: Browser
) -> None:
    ada = signed_in(browser)
    installation.simulator.faults.order("revoke", "status", status=503)

    answer = ada.submit(ada.visit("/?confirm=liveperson"))

    assert answer["headers"]["Location"] == f"{BASE_URL}/?signed_out=liveperson_soon"
    assert not is_signed_in(ada)
    assert "sealed" in installation.item(ADA), "the revocation needs it"
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ADA))
    assert "sealed" not in installation.item(ADA)
    assert [entry.status for entry in installation.simulator.journal.entries(endpoint="revoke")] == [503, 200]


def test_where_liveperson_refuses_the_page_says_so(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    installation.simulator.faults.order("revoke", "status", status=400, body='{"error": "unsupported"}')

    answer = ada.submit(ada.visit("/?confirm=liveperson"))

    assert answer["headers"]["Location"] == f"{BASE_URL}/?signed_out=liveperson_refused"
    assert "sign out there as well" in page_of(ada.visit("/?signed_out=liveperson_refused")).text


def test_whoever_must_sign_in_again_can_sign_out_instead(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ADA))

    answer = ada.submit(ada.visit("/"))

    assert answer["statusCode"] == 303
    assert installation.item(ADA)["status"] == {"S": "signed_out"}


def test_a_form_whose_session_is_over_goes_on_all_the_same(
    browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    ada = signed_in(browser)
    elsewhere = new_browser()
    elsewhere.sign_in()
    page = ada.visit("/")
    elsewhere.submit(elsewhere.visit("/"))

    answer = ada.submit(page)

    assert (answer["statusCode"], answer["headers"]["Location"]) == (303, f"{BASE_URL}/")
    assert COOKIE not in ada.cookies


def test_the_same_form_twice_does_no_harm(browser: Browser) -> None:
    ada = signed_in(browser)
    page = ada.visit("/")

    assert [ada.submit(page)["statusCode"] for _ in range(2)] == [303, 303]


def test_an_open_page_outlives_a_change_of_the_sealing_key(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    page = ada.visit("/")
    newer = {"keys": [{"id": "1", "key": "canary-newer-sealing-key-" + "n" * 40}, {"id": "0", "key": SEALING_KEY}]}
    secret_id = installation.deployed.resources["SealingKeySecret"]
    installation.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(newer))
    installation.start_cold()

    assert ada.submit(page)["statusCode"] == 303
    assert not is_signed_in(ada)


def test_in_the_embedded_mode_the_partitioned_cookie_is_cleared(installation: Installation, browser: Browser) -> None:
    installation.configure(EmbeddedInLiveEngage="true")
    browser.sign_in()

    answer = browser.submit(browser.visit("/"))

    value, attributes = cookies_of(answer)[COOKIE]
    assert value == ""
    assert attributes >= {"Max-Age=0", "SameSite=None", "Partitioned"}
