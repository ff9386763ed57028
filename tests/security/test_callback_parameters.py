"""Points 6, 7, 8 and 13: whatever a stranger can write into a query or a cookie is checked before it counts."""

from __future__ import annotations

import base64
import html
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from functions.callback import app
from le_auth import web
from le_auth.domain import sign_in
from le_auth.domain.sentinel_api import Sentinel
from le_auth.domain.sign_in import SignIn
from le_auth.domain.transactions import Transaction
from le_auth.errors import ConsentDeniedError
from tests.support.answers import page_of
from tests.support.breaks import broken_by
from tests.support.browser import parameters
from tests.support.installation import ACCOUNT, APP, BASE_URL, OTHER_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.security.conftest import Sent
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation

EVIL = "evil.example.net"
CHOOSE_ACCOUNT = "le_auth.domain.users.AppInstalls.choose_account"


def cost(installation: Installation) -> tuple[object, object]:
    """Give what was asked of LivePerson and of AWS."""
    return installation.simulator.journal.counts(), installation.calls.operations


def nothing_yet(installation: Installation) -> None:
    installation.simulator.journal.clear()
    installation.calls.clear()


# ---- 6: account and return path come from the browser's own transaction ----


def return_to_of_the_query(signed_in: Any, visit: Any, **_: object) -> Answer:
    return web.redirect(303, visit.request.one("return_to", longest=512) or signed_in.return_to)


def account_of_the_query() -> dict[str, object]:
    """Let the callback's query say which account signs in."""
    finish, read_query = SignIn._finish, app.read_query
    accounts: list[str] = []

    def read_more(request: Any) -> Any:
        accounts.extend(request.query.get("account_id", ()))
        return read_query(request)

    def finish_there(self: SignIn, query: Any, transaction: Any, **options: Any) -> Any:
        return finish(self, query, replace(transaction, account_id=accounts[-1]), **options)

    return {"functions.callback.app.read_query": read_more, "le_auth.domain.sign_in.SignIn._finish": finish_there}


@broken_by("the query's return_to", {"functions.callback.app.answer": return_to_of_the_query})
@broken_by("the query's account_id", account_of_the_query())
def test_point_06_the_callbacks_query_names_neither_account_nor_return_path(
    installation: Installation, browser: Browser, sent: list[Sent]
) -> None:
    callback = browser.come_back("return_to=/app")
    nothing_yet(installation)

    answer = browser.visit(f"{callback}&account_id={OTHER_ACCOUNT}&return_to={quote(BASE_URL, safe='')}/elsewhere")

    assert {request.url.split("/account/")[1].split("/")[0] for request in sent} == {ACCOUNT}
    assert answer["headers"]["Location"] == f"{BASE_URL}/app"
    assert [pk for pk in installation.items() if "state#" not in pk] == [f"{ACCOUNT}#1001"]


def with_cookie(browser: Browser, **changes: object) -> None:
    """Change what the browser's one transaction says."""
    ((name, value),) = browser.cookies.items()
    content = {**json.loads(base64.urlsafe_b64decode(value + "==")), **changes}
    browser.cookies[name] = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@broken_by(
    "the account is taken as it is",
    {"le_auth.domain.users.AppInstalls.choose_account": lambda _, asked: asked or ACCOUNT},
)
@broken_by("the path is taken as it is", {"le_auth.domain.return_to.ReturnRule.resolve": lambda _, asked: asked})
def test_point_06_what_the_cookie_says_is_validated_again(installation: Installation, browser: Browser) -> None:
    for change in ({"a": "le99999999"}, {"a": "../x"}, {"r": f"https://{EVIL}/"}, {"r": f"//{EVIL}"}):
        callback = browser.come_back()
        with_cookie(browser, **change)
        nothing_yet(installation)

        answer = browser.visit(callback)

        assert answer["statusCode"] == 400
        assert cost(installation) == ({}, [])
        assert EVIL not in json.dumps(answer)
        browser.cookies.clear()


def sends_to_the_host_of_the_cookie() -> dict[str, object]:
    """Let the cookie name Sentinel's host and the client id, as one would that launch writes to save a look-up."""
    read, url_of, seen = Transaction._read.__func__, Sentinel.token_url, dict[str, Any]()  # type: ignore[attr-defined]

    def read_more(cls: type, value: str) -> Any:
        seen.update(json.loads(base64.urlsafe_b64decode(value + "==")))
        return read(cls, value)

    def url_there(self: Sentinel, **options: Any) -> str:
        return url_of(Sentinel(base=f"http://{seen['host']}", host=self.host), **options)

    return {
        "le_auth.domain.transactions.Transaction._read": classmethod(read_more),
        "le_auth.domain.sentinel_api.Sentinel.token_url": url_there,
    }


@broken_by("the cookie names the host", sends_to_the_host_of_the_cookie())
def test_point_06_host_and_client_id_do_not_come_from_the_cookie(
    installation: Installation, browser: Browser, sent: list[Sent]
) -> None:
    callback = browser.come_back()
    named = {"host": "127.0.0.1:9", "h": "127.0.0.1:9", "sentinel": "127.0.0.1:9", "client_id": "forged", "c": "forged"}
    with_cookie(browser, **named)

    answer = browser.visit(callback)

    assert {urlsplit(request.url).netloc for request in sent} == {installation.simulator.host}
    assert {request.form["client_id"] for request in sent if request.form} == {APP}
    assert answer["statusCode"] == 303


# ---- 7: missing, repeated, oversized ----


def one_value(*, repeated: bool = False, empty: bool = False, long: bool = False) -> Callable[..., str | None]:
    """Read a parameter as web.Request.one does, but for what is let through."""
    one = web.Request.one

    def read(self: web.Request, name: str, *, longest: int) -> str | None:
        values = list(self.query.get(name, ()))
        if empty and values == [""]:
            return "" if name != "return_to" else None
        if repeated and len(values) > 1:
            return values[0]
        return one(self, name, longest=10**9 if long else longest)

    return read


def refused(answer: Answer, name: str) -> bool:
    """Tell whether an answer is the page that says so of this parameter."""
    return answer["statusCode"] == 400 and name in page_of(answer).text and answer["headers"].get("Location") is None


@broken_by("the first value is taken", {"le_auth.web.Request.one": one_value(repeated=True)})
def test_point_07_a_repeated_parameter_costs_no_call(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    nothing_yet(installation)
    for name, value in (*parameters(callback).items(), ("error", "access_denied"), ("iss", "Sentinel")):
        answer = browser.visit(
            f"{callback.replace('code=', 'x=') if name == 'error' else callback}&{name}={value}&{name}=2"
        )
        assert refused(answer, f"The parameter {name} is given more than once")
    for name, value in (("account_id", ACCOUNT), ("return_to", "/app")):
        answer = browser.visit(f"/launch?{name}={value}&{name}={value}")
        assert refused(answer, f"The parameter {name} is given more than once")

    assert cost(installation) == ({}, [])


TAKES_ANY_LENGTH = {
    "le_auth.web.Request.one": one_value(long=True),
    "le_auth.domain.return_to.LONGEST": 10**9,
}


@broken_by("any length is taken", TAKES_ANY_LENGTH)
def test_point_07_an_oversized_parameter_costs_no_call(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    state = parameters(callback)["state"]
    nothing_yet(installation)
    for name, query in {
        "code": f"state={state}&code={'c' * 2049}",
        "error": f"state={state}&error={'e' * 65}",
        "error_description": f"state={state}&error=access_denied&error_description={'d' * 2049}",
        "iss": f"{urlsplit(callback).query}&iss={'i' * 257}",
        "state": f"state={state}{'s' * 128}&code=c",
    }.items():
        assert refused(browser.visit(f"/callback?{query}"), f"The parameter {name} is longer than")
    for name, query in {"account_id": "a" * 33, "return_to": f"/{'a' * 512}"}.items():
        assert refused(browser.visit(f"/launch?{name}={query}"), f"{name} is longer than")

    assert cost(installation) == ({}, [])


@broken_by("an empty one counts", {"le_auth.web.Request.one": one_value(empty=True)})
def test_point_07_a_missing_or_empty_parameter_costs_no_call(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    state = parameters(callback)["state"]
    nothing_yet(installation)
    for query, words in {
        "": "The state is missing",
        f"code={parameters(callback)['code']}": "The state is missing",
        f"state={state}": "either a code or an error",
        f"state={state}&code=c&error=access_denied": "either a code or an error",
        f"state={state}&code=": "The parameter code is empty",
        f"state={state}&error=": "The parameter error is empty",
        "state=&code=c": "The parameter state is empty",
    }.items():
        assert refused(browser.visit(f"/callback?{query}"), words)
    for name in ("account_id", "return_to"):
        assert refused(browser.visit(f"/launch?{name}="), f"The parameter {name} is empty")

    assert cost(installation) == ({}, [])


# ---- 8: an error callback ----


def hears_the_error_first() -> Callable[..., Any]:
    finish = SignIn.finish

    def finish_there(self: SignIn, query: Any, cookies: Any, **options: Any) -> Any:
        if query.error is not None:
            raise ConsentDeniedError(sign_in._describe_denial(query))
        return finish(self, query, cookies, **options)

    return finish_there


@broken_by("no state is needed", {"le_auth.domain.sign_in.SignIn.finish": hears_the_error_first()})
def test_point_08_an_error_needs_a_valid_state_too(installation: Installation, browser: Browser) -> None:
    browser.launch()
    nothing_yet(installation)

    answer = browser.visit(f"/callback?state={'s' * 43}&error=phish&error_description=Call-0800-12345")

    assert answer["statusCode"] == 400
    assert "Call-0800" not in answer["body"]
    assert "phish" not in answer["body"]
    assert cost(installation) == ({}, [])
    assert len(browser.cookies) == 1


@broken_by("not escaped", {"le_auth.pages.escape": lambda text: text})
@broken_by("not cut", {"le_auth.domain.sign_in._LONGEST_DESCRIPTION": 10**6})
def test_point_08_sentinels_words_are_escaped_and_cut(installation: Installation, browser: Browser) -> None:
    words = "<img src=x onerror=alert(1)>\"'&" + "w" * 1000
    installation.simulator.settings.callback_parameters = {
        "code": None,
        "error": "access_denied",
        "error_description": words,
    }

    answer = browser.visit(browser.come_back())

    assert answer["statusCode"] == 400
    assert "<img" not in answer["body"]
    assert html.escape(words[:40]) in answer["body"]
    assert "w" * 201 not in answer["body"]


# ---- 13: the account becomes part of a path ----


@broken_by("as it is", {CHOOSE_ACCOUNT: lambda _, asked: asked})
def test_point_13_an_account_is_validated_before_it_becomes_part_of_a_path(
    installation: Installation, browser: Browser, sent: list[Sent]
) -> None:
    for account_id in (
        "../../oauth",
        f"{ACCOUNT}/../{OTHER_ACCOUNT}",
        f"{ACCOUNT}?x=",
        f"{ACCOUNT}#",
        f"{ACCOUNT}%2f..",
        f"@{EVIL}",
        f"{ACCOUNT}\r\nHost: {EVIL}",
        ACCOUNT.upper(),
        f"{ACCOUNT} ",
        "\u0661\u0662\u0663",
    ):
        answer = installation.invoke("launch", browser.event(f"/launch?account_id={quote(account_id, safe='')}"))
        assert sent == []
        assert refused(answer, "account_id")
