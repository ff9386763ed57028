"""The Lambda authorizer: who is let through to the application's own routes, and what the route learns of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters.sealing import Keyring
from le_auth.domain.secret import Secret
from le_auth.domain.sessions import COOKIE, Session
from le_auth.domain.users import User
from le_auth.errors import (
    MisconfiguredError,
    SecretError,
    SecretsUnavailableError,
    SettingError,
    TableUnavailableError,
)
from tests.support.api_events import authorizer_event
from tests.support.forged import FORGED_SESSIONS
from tests.support.installation import ACCOUNT, ADA, NOON, OTHER_ACCOUNT, SEALING_KEY, Installation
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser

DENIED = {"isAuthorized": False}
AS_ADA = {
    "isAuthorized": True,
    "context": {"account_id": ACCOUNT, "user_id": "1001", "is_admin": True, "is_lpa": False},
}


def ask(browser: Browser, **more: Any) -> Any:
    """Let API Gateway ask about a browser's request for a route of the application."""
    cookies = [f"{name}={value}" for name, value in browser.cookies.items()]
    return browser.installation.invoke("authorizer", authorizer_event("/own/route", cookies=cookies, **more))


def test_whoever_is_signed_in_is_let_through_and_named(browser: Browser) -> None:
    browser.sign_in()

    assert ask(browser) == AS_ADA


def test_a_livepersons_own_administrator_is_named_as_one(browser: Browser) -> None:
    browser.sign_in(name="lea")

    assert ask(browser)["context"]["is_lpa"] is True


def test_each_request_is_one_consistent_read_and_none_is_answered_from_memory(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    installation.calls.clear()

    ask(browser)
    ask(browser)

    assert installation.calls.operations == ["GetSecretValue", "GetItem", "GetItem"]
    assert all(call.params["ConsistentRead"] for call in installation.calls.of("GetItem"))


def test_the_cookie_is_found_among_others_in_the_list_and_in_the_header(browser: Browser) -> None:
    browser.sign_in()
    session = browser.cookies[COOKIE]
    event = authorizer_event("/own/route", cookie=f"theme=dark; {COOKIE}={session}; lang=en")
    browser.cookies = {"theme": "dark", COOKIE: session, "lang": "en"}

    assert ask(browser) == AS_ADA
    assert "cookies" not in event
    assert browser.installation.invoke("authorizer", event) == AS_ADA


def test_other_cookies_alone_let_nobody_through_and_cost_no_call(installation: Installation, browser: Browser) -> None:
    browser.cookies = {"theme": "dark", "le-session": "x"}

    assert ask(browser) == DENIED
    assert installation.calls.made == []


@pytest.mark.parametrize("query", ["&".join(f"q{number}=1" for number in range(60)), "q=%ff", "q=1&q=2", "x" * 5000])
def test_what_the_application_asks_in_its_query_is_none_of_our_business(browser: Browser, query: str) -> None:
    browser.sign_in()

    assert ask(browser, query=query) == AS_ADA


@pytest.mark.parametrize("cookie", FORGED_SESSIONS)
def test_a_forged_session_lets_nobody_through_and_reads_no_item(
    installation: Installation, browser: Browser, cookie: str
) -> None:
    installation.sign_in()
    browser.cookies[COOKIE] = cookie

    assert ask(browser) == DENIED
    assert "GetItem" not in installation.calls.operations


def test_a_session_of_another_installation_lets_nobody_through(installation: Installation, browser: Browser) -> None:
    installation.sign_in()
    grant = installation.grant(ADA)
    foreign = Keyring(keys={"0": Secret("canary-of-another-installation-" + "f" * 40)})
    session = Session(user=ADA, epoch=grant.session_epoch, issued_at=NOON)

    browser.cookies[COOKIE] = session.seal(foreign).reveal()
    assert ask(browser) == DENIED

    browser.cookies[COOKIE] = session.seal(installation.keyring).reveal()
    assert ask(browser)["isAuthorized"] is True


def test_point_25_a_session_ends_after_its_hours(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    installation.go_on(timedelta(hours=12, seconds=-1))
    assert ask(browser) == AS_ADA

    installation.go_on(timedelta(seconds=1))

    assert ask(browser) == DENIED


@pytest.mark.parametrize(
    ("update", "value"),
    [("ADD session_epoch :value", {"N": "1"}), ("SET #status = :value", {"S": "signed_out"})],
    ids=["epoch", "status"],
)
def test_point_25_after_a_sign_out_nobody_is_let_through_at_once(
    installation: Installation, browser: Browser, update: str, value: Any
) -> None:
    browser.sign_in()
    assert ask(browser) == AS_ADA
    names: dict[str, Any] = {"ExpressionAttributeNames": {"#status": "status"}} if "#" in update else {}

    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": ADA.pk}},
        UpdateExpression=update,
        ExpressionAttributeValues={":value": value},
        **names,
    )

    assert ask(browser) == DENIED


def test_a_session_of_somebody_who_is_not_stored_lets_nobody_through(
    installation: Installation, browser: Browser
) -> None:
    nobody = Session(user=User(account_id=OTHER_ACCOUNT, user_id="1"), epoch=1, issued_at=NOON)
    browser.cookies[COOKIE] = nobody.seal(installation.keyring).reveal()

    assert ask(browser) == DENIED


def test_whoever_must_sign_in_again_at_liveperson_is_still_let_through(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(timedelta(minutes=30))
    installation.work(installation.due(ADA))
    assert installation.grant(ADA).status == "reauthorize"

    assert ask(browser) == AS_ADA


@pytest.mark.parametrize(
    ("operation", "code", "error"),
    [
        ("GetItem", "InternalServerError", TableUnavailableError),
        ("GetItem", "ProvisionedThroughputExceededException", TableUnavailableError),
        ("GetItem", "AccessDeniedException", TableUnavailableError),
        ("GetSecretValue", "InternalServiceError", SecretsUnavailableError),
        ("GetSecretValue", "AccessDeniedException", SecretError),
    ],
)
def test_an_outage_is_raised_and_signs_nobody_out(
    installation: Installation, browser: Browser, operation: str, code: str, error: type[Exception]
) -> None:
    browser.sign_in()
    installation.calls.order(operation, code=code, status=400)

    with pytest.raises(error):
        ask(browser)

    installation.calls.clear()
    assert ask(browser) == AS_ADA


def test_a_secret_that_holds_no_key_is_raised_too(installation: Installation, browser: Browser) -> None:
    browser.sign_in()
    installation.emulator.secretsmanager.put_secret_value(
        SecretId=installation.deployed.resources["SealingKeySecret"], SecretString="{}"
    )

    with pytest.raises(SecretError):
        ask(browser)


def test_a_rest_apis_event_is_refused_as_a_wrong_setting(browser: Browser) -> None:
    event = {"version": "1.0", "type": "REQUEST", "headers": {}, "requestContext": {"stage": "prod"}}

    with pytest.raises(SettingError, match="payload format 2"):
        browser.installation.invoke("authorizer", event)


def test_point_28_neither_cookie_nor_the_text_of_a_bug_comes_out(
    installation: Installation, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.sign_in()
    secrets = SecretsSeen()
    secrets.add("cookie", browser.cookies[COOKIE])
    secrets.add("sealing key", SEALING_KEY)
    secrets.add("text of a bug", "ordered by a test")
    installation.calls.order("GetItem", code="ValidationException", status=400)

    with pytest.raises(MisconfiguredError, match="unexpected error") as raised:
        ask(browser)

    told = capsys.readouterr().out
    logged = json.loads(told.splitlines()[-1])
    assert (logged["message"], logged["level"]) == ("unexpected error", "ERROR")
    assert logged["correlation_id"] == "JKJaXmPLvHcESHA="
    assert secrets.found_in(told + repr(raised.value)) == []
    assert str(raised.value) == "unexpected error"
    assert raised.value.__suppress_context__, "what it came from would be printed with it"


def test_an_outage_is_logged_with_its_reason(
    installation: Installation, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.sign_in()
    installation.calls.order("GetItem")

    with pytest.raises(TableUnavailableError):
        ask(browser)

    logged = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (logged["reason"], logged["level"]) == ("table_unavailable", "WARNING")


def test_two_browsers_are_told_apart(browser: Browser, new_browser: Callable[[], Browser]) -> None:
    other = new_browser()
    browser.sign_in()
    other.sign_in(name="ben")

    assert ask(browser) == AS_ADA
    assert ask(other)["context"]["user_id"] == "1002"
