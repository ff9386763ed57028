"""GET /callback when something is wrong: the right status, a readable page with the way back, and nothing stored."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.answers import cookies_of, page_of
from tests.support.browser import parameters
from tests.support.installation import ACCOUNT, APP, BASE_URL, OTHER_ACCOUNT, Installation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.browser import Browser
    from tests.support.installation import Answer

RETURN = "return_to=/app"
STATE = "s" * 43


def start_again_link(answer: Answer) -> str:
    (link,) = page_of(answer).links
    return link


def assert_nothing_was_stored(installation: Installation) -> None:
    assert [pk for pk in installation.items() if not pk.startswith("state#")] == []


def assert_leads_back(answer: Answer) -> None:
    """The page leads back to the same place, and the transaction's cookie is gone."""
    link = urlsplit(start_again_link(answer))
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{BASE_URL}/launch"
    assert parse_qs(link.query) == {"account_id": [ACCOUNT], "return_to": ["/app"]}
    ((name, (value, attributes)),) = cookies_of(answer).items()
    assert name.startswith("__Host-le-tx-")
    assert value == ""
    assert "Max-Age=0" in attributes


def test_whoever_denies_is_told_so_and_can_try_again(installation: Installation, browser: Browser) -> None:
    answer = browser.visit(browser.come_back(RETURN, action="deny"))

    assert answer["statusCode"] == 400
    assert_leads_back(answer)
    assert "The user denied access." in page_of(answer).text
    assert installation.items() == {}


def test_what_sentinel_says_is_escaped_and_cut(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.callback_parameters = {
        "code": None,
        "error": "server_error",
        "error_description": "<script>alert(1)</script>\x1b[31m" + "x" * 1000,
    }

    answer = browser.visit(browser.come_back())

    assert answer["statusCode"] == 400
    assert "<script>" not in answer["body"]
    assert "<script>alert(1)</script>[31m" in page_of(answer).text
    assert "x" * 201 not in answer["body"]


def test_an_error_with_a_foreign_state_is_not_repeated_to_anybody(browser: Browser) -> None:
    answer = browser.visit(f"/callback?state={STATE}&error=canary-words&error_description=canary-words")

    assert answer["statusCode"] == 400
    assert "canary-words" not in answer["body"]


def test_a_callback_in_another_browser_costs_no_call_and_no_write(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    callback = browser.come_back()
    installation.simulator.journal.clear()
    installation.calls.clear()

    answer = new_browser().visit(callback)

    assert answer["statusCode"] == 400
    assert start_again_link(answer) == f"{BASE_URL}/launch"
    assert installation.simulator.journal.counts() == {}
    assert installation.calls.made == []
    assert browser.visit(callback)["statusCode"] == 303


def test_a_cookie_of_another_launch_does_not_serve(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    (name,) = browser.cookies
    other = json.loads(_decoded(browser.cookies[name]))
    browser.cookies[name] = _encoded({**other, "s": other["s"][:8] + "0" * 56})
    installation.calls.clear()

    assert browser.visit(callback)["statusCode"] == 400
    assert installation.calls.made == []


@pytest.mark.parametrize("minutes", [-6, 11])
def test_a_transaction_out_of_its_ten_minutes_is_refused(
    installation: Installation, browser: Browser, minutes: int
) -> None:
    callback = browser.come_back(RETURN)
    installation.go_on(timedelta(minutes=minutes))
    installation.simulator.journal.clear()

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert start_again_link(answer) == f"{BASE_URL}/launch"
    assert installation.simulator.journal.counts() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"a": "le99999999"},
        {"a": "../../evil"},
        {"a": None},
        {"r": "https://evil.example.net/"},
        {"r": "//evil.example.net"},
        {"r": ["/"]},
        {"t": "soon"},
        {"t": 10**30},
        {"s": None},
        {"v": "short"},
    ],
)
def test_what_the_cookie_says_is_validated_again(
    installation: Installation, browser: Browser, change: dict[str, object]
) -> None:
    callback = browser.come_back()
    (name,) = browser.cookies
    browser.cookies[name] = _encoded({**json.loads(_decoded(browser.cookies[name])), **change})
    installation.simulator.journal.clear()
    installation.calls.clear()

    answer = browser.visit(callback)

    assert answer["statusCode"] == 400
    assert "evil" not in start_again_link(answer)
    assert installation.simulator.journal.counts() == {}
    assert installation.calls.made == []


def _decoded(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("cookie", ["", "%%%", "e30", "W10", "bnVsbA", "a" * 3000, "W1tbW1tbW1tb"])
def test_a_cookie_that_is_none_of_ours_is_refused(browser: Browser, cookie: str) -> None:
    callback = browser.come_back()
    (name,) = browser.cookies
    browser.cookies[name] = cookie

    assert browser.visit(callback)["statusCode"] == 400


def test_one_accounts_transaction_is_not_finished_for_another(installation: Installation, browser: Browser) -> None:
    code = parameters(browser.come_back())["code"]
    state = parameters(browser.launch(f"account_id={OTHER_ACCOUNT}"))["state"]

    answer = browser.visit(f"/callback?state={state}&code={code}")

    assert answer["statusCode"] == 400
    assert_nothing_was_stored(installation)


def test_an_issuer_that_names_another_identity_service_is_refused(installation: Installation, browser: Browser) -> None:
    installation.simulator.settings.callback_parameters = {"iss": "https://evil.example.net"}
    callback = browser.come_back()
    installation.simulator.journal.clear()

    assert browser.visit(callback)["statusCode"] == 400
    assert "token-code" not in installation.simulator.journal.counts()
    assert installation.items() == {}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=canary-code",
        f"state={STATE}",
        "state=&code=canary-code",
        f"state={STATE}&code=",
        f"state={STATE[:-1]}&code=canary-code",
        f"state={STATE}x&code=canary-code",
        f"state={STATE[:-1]}%21&code=canary-code",
        f"state={STATE}&state={STATE}&code=canary-code",
        f"state={STATE}&code=canary-code&code=canary-code",
        f"state={STATE}&code=canary-code&error=access_denied",
        f"state={STATE}&error=",
        f"state={STATE}&error=a&error=b",
        f"state={STATE}&error={'e' * 65}",
        f"state={STATE}&code={'c' * 2049}",
        f"state={STATE}&code=canary-code&iss={'i' * 257}",
        f"state={STATE}&error=a&error_description={'d' * 2049}",
        f"state={STATE}&code=%FF%FE",
        "&".join(f"p{number}=1" for number in range(21)),
    ],
)
def test_missing_repeated_and_oversized_parameters_cost_no_call(
    installation: Installation, browser: Browser, query: str
) -> None:
    browser.launch()
    installation.simulator.journal.clear()
    installation.calls.clear()

    answer = browser.visit(f"/callback?{query}")

    assert answer["statusCode"] == 400
    assert start_again_link(answer) == f"{BASE_URL}/launch"
    assert installation.simulator.journal.counts() == {}
    assert installation.calls.made == []


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


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("id-claims", {"claims": {"iss": "Sentine1"}}),
        ("id-claims", {"claims": {"aud": "another-app"}}),
        ("id-claims", {"claims": {"aud": [APP, "another-app"]}}),
        ("id-claims", {"claims": {"exp": 4_076_740_800 - 121}}),
        ("id-claims", {"claims": {"iat": 4_076_740_800 + 121}}),
        ("id-claims", {"claims": {"exp": None}}),
        ("id-claims", {"claims": {"iat": "4076740800"}}),
        ("id-claims", {"claims": {"sub": None}}),
        ("id-claims", {"claims": {"sub": "1001#1002"}}),
        ("id-claims", {"claims": {"sub": ""}}),
        ("id-claims", {"claims": {"sub": 1001}}),
        ("missing-fields", {"names": ["id_token"]}),
        ("fields", {"fields": {"id_token": None}}),
    ],
)
def test_an_id_token_that_does_not_prove_who_signed_in_stores_nothing(
    installation: Installation, browser: Browser, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("token-code", kind, **details)

    answer = browser.visit(browser.come_back(RETURN))

    assert answer["statusCode"] == 400
    assert_leads_back(answer)
    assert_nothing_was_stored(installation)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "sentinel"},
        {"aud": [APP]},
        {"exp": 4_076_740_800 - 119},
        {"iat": 4_076_740_800 + 119},
        {"is_admin": "true", "is_lpa": 1},
    ],
)
def test_small_differences_of_the_id_token_are_borne(
    installation: Installation, browser: Browser, claims: dict[str, object]
) -> None:
    installation.simulator.faults.order("token-code", "id-claims", claims=claims)

    browser.sign_in(name="ben")

    session = json.loads(browser.visit("/session")["body"])
    assert (session["user_id"], session["is_admin"], session["is_lpa"]) == ("1002", False, False)


@pytest.mark.parametrize("value", ["none", "HS256", "foreign-key"])
def test_where_a_key_is_configured_a_badly_signed_id_token_is_refused(
    installation: Installation, browser: Browser, value: str
) -> None:
    installation.configure(IdTokenPublicKey=installation.simulator.public_key_pem)
    installation.simulator.faults.order("token-code", "id-signature", value=value)

    assert browser.visit(browser.come_back())["statusCode"] == 400
    assert_nothing_was_stored(installation)


@pytest.mark.parametrize("expires_in", [-1, 0, "soon", 10**12, None, True, 1.5, [3600]])
def test_a_nonsensical_lifetime_is_ignored(installation: Installation, browser: Browser, expires_in: object) -> None:
    installation.simulator.faults.order("token-code", "fields", fields={"expires_in": expires_in})

    browser.sign_in()

    (item,) = (item for pk, item in installation.items().items() if not pk.startswith("state#"))
    assert "access_expires_at" not in item
