"""POST /logout when AWS or the settings fail, and what is told of a sign-out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.sessions import COOKIE
from tests.support.answers import json_of, page_of
from tests.support.event_bus import install_bus, received
from tests.support.installation import ACCOUNT, BASE_URL, Installation
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from tests.support.browser import Browser
from tests.support.sign_outs import FRONT_END, form_token_of, is_signed_in, signed_in


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
