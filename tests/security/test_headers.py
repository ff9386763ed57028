"""Points 16 and 17: the headers of every answer, and what our pages may hold."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from string import Template
from typing import TYPE_CHECKING, Any

from le_auth import pages, web
from tests.support.answers import EVERY_ANSWER
from tests.support.breaks import broken_by
from tests.support.installation import ACCOUNT, BASE_URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation


def every_answer(installation: Installation, browser: Browser) -> Iterator[tuple[str, Answer]]:
    """Give each kind of answer that our routes know, with a name for it."""
    faults = installation.simulator.faults
    for route in ("/launch", "/callback", "/", "/session", "/logout"):
        yield f"HEAD {route}", browser.visit(route, method="HEAD")
        yield f"PUT {route}", browser.visit(route, method="PUT")
        yield f"prefetch {route}", browser.visit(route, sec_purpose="prefetch")
        yield f"bad query {route}", browser.visit(f"{route}?a=%FF")
    yield "no account", browser.visit("/launch?account_id=none")
    yield "signed out page", browser.visit("/")
    yield "signed out JSON", browser.visit("/session")
    yield "launch", browser.visit("/launch")
    yield "no state", browser.visit("/callback")
    yield "denied", browser.visit(browser.come_back(action="deny"))
    faults.order("token-code", "status", status=500)
    yield "Sentinel fails", browser.visit(browser.come_back())
    callback = browser.come_back()
    installation.calls.order("PutItem", times=1)
    yield "table fails", browser.visit(callback)
    yield "signed in", browser.visit(browser.come_back())
    yield "page", browser.visit("/")
    yield "JSON", browser.visit("/session")
    yield "sign-out by another site", browser.visit("/logout", method="POST", accept="text/html")
    yield "the same by a script", browser.call("/logout")
    yield "question", browser.visit("/?confirm=liveperson")
    yield "sign-out by form", browser.submit(browser.visit("/?confirm=liveperson"))
    yield "signed out", browser.visit("/?signed_out=local")
    yield "sign-out by a script", browser.call("/logout", origin=BASE_URL)
    browser.sign_in()
    installation.calls.order("GetItem")
    yield "page fails", browser.visit("/")
    yield "JSON fails", browser.visit("/session")
    yield "no event of ours", installation.invoke("launch", {})
    installation.configure(AppInstalls="nonsense")
    yield "wrong setting", browser.visit("/launch")


def all_but(header: str) -> dict[str, object]:
    kept = {name: value for name, value in web._EVERY_ANSWER.items() if name != header}
    return {"le_auth.web._EVERY_ANSWER": kept}


def bare(status: int, headers: Mapping[str, str], *_: object) -> Answer:
    return {"statusCode": status, "headers": dict(headers), "cookies": [], "body": ""}


# ---- 16: headers ----


@broken_by("no Cache-Control", all_but("Cache-Control"))
@broken_by("no Referrer-Policy", all_but("Referrer-Policy"))
@broken_by("no HSTS", all_but("Strict-Transport-Security"))
@broken_by("no nosniff", all_but("X-Content-Type-Options"))
@broken_by("not on empty answers", {"le_auth.web.empty": bare})
def test_point_16_every_answer_has_the_headers(installation: Installation, browser: Browser) -> None:
    statuses = set()
    for name, answer in every_answer(installation, browser):
        statuses.add(answer["statusCode"])
        assert answer["headers"].items() >= EVERY_ANSWER.items(), name
    assert statuses == {200, 302, 303, 400, 401, 403, 405, 500, 502, 503}


# ---- 17: pages ----


class Page(HTMLParser):
    """All that a page could load, run or send."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.styles = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in {"src", "srcset", "href", "xlink:href", "data", "action", "poster", "background"}:
                self.addresses.append(value or "")
            if name.startswith("on") or name in {"style", "srcdoc", "http-equiv"}:
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        if self.get_starttag_text() == "<style>":
            self.styles += data


LOADS = {"script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "meta refresh"}


def pages_of(installation: Installation, browser: Browser) -> list[tuple[Answer, Page]]:
    found = []
    for _, answer in every_answer(installation, browser):
        if answer["headers"].get("Content-Type", "").startswith("text/html"):
            page = Page()
            page.feed(answer["body"])
            found.append((answer, page))
    assert len(found) > 10
    return found


def with_template(name: str, addition: str) -> dict[str, object]:
    template = pages._template

    def more(asked: str) -> Template:
        return Template(template(asked).template + (addition if asked == name else ""))

    return {"le_auth.pages._template": more}


@broken_by("a script", with_template("layout.html", "<script>1</script>"))
@broken_by("an image from elsewhere", with_template("error.html", '<img src="https://cdn.example.com/a.png">'))
@broken_by("a font from elsewhere", {"le_auth.pages._style": lambda: "@import url(https://fonts.example.com/a.css);"})
@broken_by("an event handler", with_template("link.html", "<p onclick='x()'></p>"))
def test_point_17_no_page_holds_anything_from_elsewhere_or_that_runs(
    installation: Installation, browser: Browser
) -> None:
    for answer, page in pages_of(installation, browser):
        assert page.tags & LOADS == set()
        assert page.handlers == []
        assert "url(" not in page.styles
        assert "@import" not in page.styles
        assert all(address.startswith(f"{BASE_URL}/") for address in page.addresses)
        assert not re.search(r"https?://(?!auth\.example\.com/)", answer["body"])


def policy_of(answer: Answer) -> dict[str, list[str]]:
    directives = [words.split() for words in answer["headers"]["Content-Security-Policy"].split(";")]
    return {name: sources for name, *sources in directives}


def with_policy(change: Callable[[str], str]) -> dict[str, object]:
    whole = web.page

    def page(*args: Any, **options: Any) -> Answer:
        answer = whole(*args, **options)
        answer["headers"]["Content-Security-Policy"] = change(answer["headers"]["Content-Security-Policy"])
        return answer

    return {"le_auth.web.page": page}


@broken_by("inline styles of any kind", with_policy(lambda policy: re.sub("'sha256-[^']*'", "'unsafe-inline'", policy)))
@broken_by("default-src self", with_policy(lambda policy: policy.replace("default-src 'none'", "default-src 'self'")))
@broken_by("frames", with_policy(lambda policy: policy.replace("frame-ancestors 'none'", "frame-ancestors *")))
@broken_by("forms to anywhere", with_policy(lambda policy: policy.replace("form-action 'self'", "form-action *")))
def test_point_17_the_policy_of_every_page_is_strict(installation: Installation, browser: Browser) -> None:
    for answer, _ in pages_of(installation, browser):
        policy = policy_of(answer)
        (style,) = policy.pop("style-src")
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", style)
        assert policy == {
            "default-src": ["'none'"],
            "form-action": ["'self'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
        }
        assert answer["headers"]["X-Frame-Options"] == "DENY"


def test_point_17_the_json_answers_policy_lets_nothing_load(browser: Browser) -> None:
    assert browser.visit("/session")["headers"]["Content-Security-Policy"] == "default-src 'none'"


@broken_by("anybody", with_policy(lambda policy: re.sub("frame-ancestors .*", "frame-ancestors *", policy)))
@broken_by("always", with_policy(lambda policy: re.sub("'none'$", "https://*.liveperson.net", policy)))
def test_point_17_only_liveengage_may_frame_and_only_in_the_embedded_mode(
    installation: Installation, browser: Browser
) -> None:
    ancestors = {}
    for embedded in ("true", "false"):
        installation.configure(EmbeddedInLiveEngage=embedded, AppInstalls=f"{ACCOUNT}=app")
        answer = browser.visit("/")
        ancestors[embedded] = (policy_of(answer)["frame-ancestors"], answer["headers"].get("X-Frame-Options"))

    assert ancestors == {"true": (["https://*.liveperson.net"], None), "false": (["'none'"], "DENY")}
