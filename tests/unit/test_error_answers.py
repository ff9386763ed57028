"""Which status, words and way on each error is answered with."""

from __future__ import annotations

import json

import pytest

from le_auth import error_answers, logout, web
from le_auth.errors import (
    ClientRefusedError,
    CrossSiteError,
    DomainApiUnavailableError,
    GrantMovedError,
    IdTokenError,
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RequestError,
    SecretsUnavailableError,
    SentinelUnavailableError,
    SettingError,
    TableUnavailableError,
    TransactionExpiredError,
)
from le_auth.settings import Environment, WebSettings
from tests.support.makers import BASE_URL

SETTINGS = WebSettings.read(Environment(variables={}))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError(), 400),
        (CrossSiteError(), 403),
        (TransactionExpiredError(), 400),
        (IdTokenError(), 400),
        (SentinelUnavailableError(""), 502),
        (OutcomeUnknownError(), 502),
        (TableUnavailableError(), 503),
        (DomainApiUnavailableError(), 503),
        (SecretsUnavailableError(), 503),
        (ClientRefusedError(), 500),
        (MisconfiguredError(), 500),
        (GrantMovedError(None), 500),
    ],
)
def test_each_error_answers_with_its_status_on_both_kinds_of_routes(error: LeAuthError, status: int) -> None:
    for answer in (error_answers.as_page, error_answers.as_json):
        assert answer(error, base_url=BASE_URL, settings=SETTINGS, request_id="r")["statusCode"] == status


def error_page(error: LeAuthError, *, base_url: str | None = BASE_URL) -> web.Answer:
    return error_answers.as_page(error, base_url=base_url, settings=SETTINGS, request_id="request-1")


def test_an_error_page_says_what_is_wrong_and_leads_back_to_launch() -> None:
    error = TransactionExpiredError("This sign-in was begun more than ten minutes ago.")
    error.account_id, error.return_to, error.cookies = "13099967", "/there?a=1", ["gone=; Max-Age=0"]

    answer = error_page(error)

    assert "This sign-in was begun more than ten minutes ago." in answer["body"]
    assert "https://auth.example.com/launch?account_id=13099967&amp;return_to=%2Fthere%3Fa%3D1" in answer["body"]
    assert answer["cookies"] == ["gone=; Max-Age=0"]


def test_a_failed_save_says_that_signing_in_again_is_safe() -> None:
    assert "Signing in again is safe" in error_page(TableUnavailableError("down"))["body"]


@pytest.mark.parametrize("error", [ClientRefusedError("canary"), SettingError("canary"), MisconfiguredError("canary")])
def test_what_only_an_operator_can_mend_is_not_told_to_the_person(error: LeAuthError) -> None:
    body = error_page(error)["body"]
    content = error_answers.as_json(error, base_url=None, settings=None, request_id="request-1")["body"]

    assert "canary" not in body + content
    assert "request-1" in body
    assert "not set up correctly" in body


def test_point_08_an_error_page_escapes_what_others_said() -> None:
    body = error_page(TransactionExpiredError("<script>alert(1)</script>"))["body"]

    assert "<script>" not in body


def test_an_error_before_our_address_is_known_has_no_way_back() -> None:
    assert "/launch" not in error_page(SettingError("x"), base_url=None)["body"]


def test_a_json_error_names_its_reason() -> None:
    answer = error_answers.as_json(TableUnavailableError("down"), base_url=None, settings=None, request_id="r1")

    content = {"error": "table_unavailable", "error_description": "down", "request_id": "r1"}
    assert json.loads(answer["body"]) == content


def test_without_a_genuine_transaction_launch_has_no_parameters() -> None:
    assert (
        error_answers.launch_url(BASE_URL)
        == error_answers.launch_url(BASE_URL, RequestError("x"))
        == f"{BASE_URL}/launch"
    )


# ---- of a sign-out ----


def sign_out_page(error: LeAuthError, *, base_url: str | None = BASE_URL) -> str:
    answer = logout.error_as_page(error, base_url=base_url, settings=SETTINGS, request_id="request-1")
    body: str = answer["body"]
    return body


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CrossSiteError("why"), "You were not signed out"),
        (RequestError("why"), "You were not signed out"),
        (TableUnavailableError("why"), "You are still signed in"),
        (MisconfiguredError("why"), "The application needs attention"),
    ],
)
def test_a_failed_sign_out_says_so_and_leads_back_to_the_landing_page(error: LeAuthError, words: str) -> None:
    page = sign_out_page(error)

    assert words in page
    assert 'href="https://auth.example.com/"' in page
    assert "/launch" not in page
    assert "ign in" not in page.replace("signed in", "")
    assert "href" not in sign_out_page(error, base_url=None)
