"""GET /callback when LivePerson, the table or a setting fails: a page with the way back, and the code is sent once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.answers import page_of

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.installation import Installation
from tests.support.callback_pages import RETURN, assert_leads_back, assert_nothing_was_stored


def test_a_code_that_liveperson_refuses_is_sent_once(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back(RETURN)
    installation.simulator.clock.advance(61)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert_leads_back(answer)
    assert installation.simulator.journal.counts()["token-code"] == 1
    assert_nothing_was_stored(installation)


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 429, "headers": {"Retry-After": "1"}}),
        ("status", {"status": 302, "headers": {"Location": "https://evil.example.net/"}}),
        ("drop-before", {}),
        ("drop-after", {}),
        ("malformed-body", {}),
        ("truncated-body", {}),
        ("oversized-body", {}),
        ("wrong-content", {}),
        ("missing-fields", {"names": ["access_token"]}),
        ("missing-fields", {"names": ["refresh_token"]}),
        ("empty-refresh-token", {}),
        ("token-type", {}),
    ],
)
def test_when_the_exchange_fails_the_code_is_not_sent_again(
    installation: Installation, browser: Browser, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("token-code", kind, **details)

    answer = browser.visit(browser.come_back(RETURN))

    assert answer["statusCode"] == 502
    assert_leads_back(answer)
    assert "Signing in again is safe" in page_of(answer).text
    assert installation.simulator.journal.counts()["token-code"] == 1
    assert_nothing_was_stored(installation)
    browser.sign_in()


def test_when_sentinel_is_not_reachable_the_page_says_so(installation: Installation, browser: Browser) -> None:
    installation.configure(SentinelDomain=installation.simulator.host)
    callback = browser.come_back(RETURN)
    installation.simulator.stop()

    answer = browser.visit(callback)

    assert answer["statusCode"] == 502
    assert_leads_back(answer)
    assert_nothing_was_stored(installation)


def test_when_the_domain_api_fails_the_code_is_kept_for_another_try(
    installation: Installation, browser: Browser
) -> None:
    callback = browser.come_back(RETURN)
    installation.start_cold()
    installation.simulator.faults.order("domain", "status", status=500)
    transaction = dict(browser.cookies)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 503
    assert_leads_back(answer)
    assert installation.items() == {}
    browser.cookies.update(transaction)
    installation.start_cold()
    assert browser.visit(callback)["statusCode"] == 303


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError"])
def test_a_table_that_cannot_be_written_after_the_exchange_asks_to_sign_in_again(
    installation: Installation, browser: Browser, code: str
) -> None:
    callback = browser.come_back(RETURN)
    installation.calls.order("UpdateItem", code=code)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 503
    assert_leads_back(answer)
    assert "Signing in again is safe" in page_of(answer).text
    assert "__Host-le-session" not in browser.cookies
    installation.calls.clear()
    browser.sign_in()


def test_a_table_that_cannot_be_written_before_the_exchange_spends_no_code(
    installation: Installation, browser: Browser
) -> None:
    callback = browser.come_back(RETURN)
    installation.calls.order("PutItem")

    answer = browser.visit(callback)

    assert answer["statusCode"] == 503
    assert_leads_back(answer)
    assert "token-code" not in installation.simulator.journal.counts()


def test_why_the_table_was_not_written_stands_in_the_log_only(
    installation: Installation, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = browser.come_back(RETURN)
    installation.calls.order("PutItem", code="AccessDeniedException", status=400)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 503
    assert "AccessDenied" in capsys.readouterr().out


def test_a_save_whose_answer_is_lost_counts_as_done(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    installation.calls.order("UpdateItem", "lost-answer", times=1)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 303
    assert browser.visit("/session")["statusCode"] == 200


def test_when_it_is_unknown_who_consumed_the_state_the_code_is_not_spent(
    installation: Installation, browser: Browser
) -> None:
    callback = browser.come_back(RETURN)
    installation.calls.order("PutItem", "lost-answer", times=1)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert_leads_back(answer)
    assert "token-code" not in installation.simulator.journal.counts()


@pytest.mark.parametrize(
    "secret", ["canary-wrong-secret", ["canary-wrong-secret", "canary-wrong-secret-too"], [], "", {"a": 1}, 7]
)
def test_a_wrong_application_secret_is_for_the_operator(
    installation: Installation, browser: Browser, secret: object
) -> None:
    installation.put_app_install_secret(secret)
    callback = browser.come_back(RETURN)

    answer = browser.visit(callback)

    assert answer["statusCode"] == 500
    page = page_of(answer)
    assert "Tell the people who run it" in page.text
    assert_leads_back(answer)
    assert "canary" not in answer["body"]
    assert_nothing_was_stored(installation)


def test_a_secret_that_does_not_name_the_application_spends_no_code(
    installation: Installation, browser: Browser
) -> None:
    secret_id = installation.deployed.resources["AppInstallSecret"]
    installation.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString="{}")

    answer = browser.visit(browser.come_back())

    assert answer["statusCode"] == 500
    assert "token-code" not in installation.simulator.journal.counts()
    assert installation.items() == {}


@pytest.mark.parametrize("parameter", ["SessionHours", "IdTokenPublicKey", "SentinelDomain"])
def test_a_wrong_setting_is_found_before_the_code_is_spent(
    installation: Installation, browser: Browser, parameter: str
) -> None:
    callback = browser.come_back(RETURN)
    installation.configure(**{parameter: "nonsense"})

    answer = browser.visit(callback)

    assert answer["statusCode"] == 500
    assert "token-code" not in installation.simulator.journal.counts()
    assert installation.items() == {}


def test_when_the_secrets_cannot_be_read_no_code_is_spent(installation: Installation, browser: Browser) -> None:
    installation.calls.order("GetSecretValue", code="InternalServiceError")

    answer = browser.visit(browser.come_back())

    assert answer["statusCode"] == 503
    assert "token-code" not in installation.simulator.journal.counts()
    assert installation.items() == {}
