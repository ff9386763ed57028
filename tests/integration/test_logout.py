"""POST /logout: who may send it, what it ends, and what it answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.sessions import COOKIE
from le_auth.domain.users import User
from tests.support.answers import cookies_of, json_of, page_of
from tests.support.event_bus import install_bus, received
from tests.support.installation import ACCOUNT, BASE_URL, SEALING_KEY, Installation
from tests.support.outline import Outline
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser
    from tests.support.installation import Answer

ADA = User(account_id=ACCOUNT, user_id="1001")
FRONT_END = "https://app.example.com"
FORM = {"accept": "text/html", "content_type": "application/x-www-form-urlencoded"}


def signed_in(browser: Browser) -> Browser:
    """Ada's browser; a front end elsewhere may call."""
    browser.installation.configure(ReturnOrigins=FRONT_END)
    browser.sign_in()
    return browser


def is_signed_in(browser: Browser) -> bool:
    return bool(browser.visit("/session")["statusCode"] == 200)


# ---- by the forms of our pages ----


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


# ---- by scripts ----


@pytest.mark.parametrize("origin", [BASE_URL, FRONT_END])
def test_a_script_of_ours_or_of_an_allowed_origin_signs_out(
    installation: Installation, browser: Browser, origin: str
) -> None:
    ada = signed_in(browser)
    answer = ada.call("/logout", origin=origin)

    assert answer["statusCode"] == 200
    assert json_of(answer) == {"status": "signed_out"}
    assert COOKIE not in ada.cookies
    assert installation.item(ADA)["status"] == {"S": "signed_out"}
    assert answer["headers"].get("Access-Control-Allow-Origin") == (None if origin == BASE_URL else FRONT_END)
    assert answer["headers"]["Vary"] == "Origin"


def test_a_script_may_end_the_session_at_liveperson_too(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    answer = ada.call("/logout?scope=liveperson", origin=FRONT_END, accept="application/json")

    assert json_of(answer) == {"status": "signed_out"}
    assert installation.simulator.journal.counts()["revoke"] == 1


def test_a_script_without_a_session_is_told_so(browser: Browser, installation: Installation) -> None:
    installation.configure(ReturnOrigins=FRONT_END)

    answer = browser.call("/logout", origin=FRONT_END)

    assert answer["statusCode"] == 401
    assert json_of(answer)["error"] == "not_signed_in"
    assert answer["headers"]["Access-Control-Allow-Origin"] == FRONT_END
    assert answer["cookies"] == []


def test_a_script_may_send_the_forms_token_in_place_of_an_origin(browser: Browser) -> None:
    ada = signed_in(browser)
    token = form_token_of(ada.visit("/"))

    answer = ada.call(
        "/logout", body=f"form_token={token}", content_type="application/x-www-form-urlencoded", accept="*/*"
    )

    assert json_of(answer) == {"status": "signed_out"}


# ---- by nobody else ----


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "accept": "application/json"},
        {"origin": "null", **FORM},
        {"origin": "https://evil.example", **FORM},
        {"origin": BASE_URL + ".evil.example"},
        {"referer": f"{BASE_URL}/"},
        {"host": "auth.example.com", "x_forwarded_host": "auth.example.com", "sec_fetch_site": "same-origin"},
    ],
    ids=str,
)
def test_point_26_without_token_and_trusted_origin_nothing_is_asked_or_changed(
    installation: Installation, browser: Browser, headers: dict[str, str]
) -> None:
    ada = signed_in(browser)
    installation.calls.clear()

    answer = ada.call("/logout", **headers)

    assert answer["statusCode"] == 403
    assert answer["cookies"] == []
    assert installation.calls.made == []
    assert "Access-Control-Allow-Origin" not in answer["headers"]
    assert is_signed_in(ada)


def test_point_26_a_token_of_another_session_is_refused(browser: Browser, new_browser: Callable[[], Browser]) -> None:
    ada = signed_in(browser)
    mallory = new_browser()
    mallory.sign_in(name="ben")

    answer = ada.submit(mallory.visit("/"))

    assert answer["statusCode"] == 403
    assert answer["cookies"] == []
    assert page_of(answer).links == [f"{BASE_URL}/"]
    assert is_signed_in(ada)
    assert is_signed_in(mallory)


@pytest.mark.parametrize("token", ["A" * 43, "x", "\N{SNOWMAN}"])
def test_point_26_a_made_up_token_is_refused(browser: Browser, token: str) -> None:
    ada = signed_in(browser)
    assert ada.submit(ada.visit("/"), form_token=token)["statusCode"] == 403
    assert is_signed_in(ada)


def test_point_26_a_right_token_sent_by_another_sites_page_is_refused(browser: Browser) -> None:
    ada = signed_in(browser)
    token = form_token_of(ada.visit("/"))

    answer = ada.call("/logout", body=f"form_token={token}", origin="https://evil.example", **FORM)

    assert answer["statusCode"] == 403
    assert is_signed_in(ada)


def test_point_26_another_sites_form_that_comes_without_the_cookie_does_not_clear_it(browser: Browser) -> None:
    """A browser leaves the cookie out of such a request, but would obey a Set-Cookie of its answer."""
    answer = browser.call("/logout", body="form_token=" + "A" * 43, origin="null", **FORM)

    assert answer["statusCode"] == 303
    assert answer["cookies"] == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_point_26_a_sign_out_is_a_post(installation: Installation, browser: Browser, method: str) -> None:
    ada = signed_in(browser)
    event = ada.event("/logout?scope=liveperson", method=method, origin=BASE_URL) | {"routeKey": "POST /logout"}
    answer: Answer = installation.invoke("session", event)

    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "POST")
    assert is_signed_in(ada)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("scope=everything", ""),
        ("scope=", ""),
        ("scope=local&scope=liveperson", ""),
        ("", "form_token=a&form_token=b"),
        ("", "form_token=%ff"),
        ("", "x" * 5000),
    ],
)
def test_point_07_what_cannot_be_read_is_refused_before_anything_is_asked(
    installation: Installation, browser: Browser, query: str, body: str
) -> None:
    ada = signed_in(browser)
    installation.calls.clear()

    answer = ada.call(f"/logout?{query}", body=body, origin=BASE_URL, **{**FORM, "accept": "*/*"})

    assert answer["statusCode"] == 400
    assert json_of(answer)["error"] == "bad_request"
    assert installation.calls.made == []


# ---- when AWS or the settings fail ----


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem"])
def test_where_nothing_can_be_stored_the_person_stays_signed_in_and_is_told_so(
    installation: Installation, browser: Browser, operation: str
) -> None:
    ada = signed_in(browser)
    page = ada.visit("/")
    installation.calls.order(operation, code="InternalServerError")

    answer = ada.submit(page)

    assert answer["statusCode"] == 503
    assert "You are still signed in" in page_of(answer).text
    installation.calls.clear()
    assert is_signed_in(ada)


def test_a_front_end_may_read_that_it_failed(installation: Installation, browser: Browser) -> None:
    ada = signed_in(browser)
    installation.calls.order("UpdateItem", code="InternalServerError")

    answer = ada.call("/logout", origin=FRONT_END)

    assert (answer["statusCode"], json_of(answer)["error"]) == (503, "table_unavailable")
    assert answer["headers"]["Access-Control-Allow-Origin"] == FRONT_END


def test_a_missing_app_install_secret_does_not_keep_anybody_signed_in(
    installation: Installation, browser: Browser
) -> None:
    ada = signed_in(browser)
    page = ada.visit("/?confirm=liveperson")
    installation.put_app_install_secret(7)

    answer = ada.submit(page)

    assert answer["headers"]["Location"] == f"{BASE_URL}/?signed_out=liveperson_soon"
    assert not is_signed_in(ada)


# ---- what is told ----


def test_a_sign_out_is_told_on_the_event_bus_after_it_was_stored(installation: Installation, browser: Browser) -> None:
    bus = install_bus(installation)
    browser.sign_in()

    browser.submit(browser.visit("/?confirm=liveperson"))

    _, event = received(installation.emulator, bus)
    assert event["detail-type"] == "UserSignedOut"
    assert event["detail"].items() >= {"account_id": ACCOUNT, "user_id": "1001", "scope": "liveperson"}.items()
    assert installation.calls.operations[-1] == "PutEvents"


def test_a_refused_sign_out_is_not_told(installation: Installation, browser: Browser) -> None:
    install_bus(installation)
    browser.sign_in()
    installation.calls.clear()

    browser.submit(browser.visit("/"), form_token="x")

    assert installation.calls.of("PutEvents") == []


def test_a_sign_out_is_logged_with_who_how_far_and_with_what_end(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = signed_in(browser)
    ada.submit(ada.visit("/?confirm=liveperson"))

    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [line] = [line for line in lines if line.get("message") == "signed out"]
    assert (
        line.items()
        >= {
            "account_id": ACCOUNT,
            "user_id": "1001",
            "scope": "liveperson",
            "revocation": "done",
        }.items()
    )


def test_point_28_neither_cookie_nor_form_token_is_logged(browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    ada = signed_in(browser)
    page = ada.visit("/")
    secrets = SecretsSeen()
    secrets.add("cookie", ada.cookies[COOKIE])
    secrets.add("form token", form_token_of(page))

    ada.submit(page, x="x" * 5000)
    ada.submit(page, scope="nonsense")
    ada.submit(page)

    logged = capsys.readouterr().out
    assert "signed out" in logged
    assert secrets.found_in(logged) == []


def form_token_of(page: Answer) -> str:
    [field] = Outline(page["body"]).named("input")
    return field["value"] or ""
