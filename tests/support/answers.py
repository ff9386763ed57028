"""Reading what our functions answer."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.installation import Answer

EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(answer: Answer) -> _Page:
    """Read an answer that must be a page of ours, with all the headers of one."""
    headers = answer["headers"]
    assert headers.items() >= EVERY_ANSWER.items()
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    page = _Page()
    page.feed(answer["body"])
    return page


def json_of(answer: Answer) -> Any:
    """Read an answer that must be JSON."""
    assert answer["headers"].items() >= EVERY_ANSWER.items()
    assert answer["headers"]["Content-Type"] == "application/json"
    return json.loads(answer["body"])


def cookies_of(answer: Answer) -> dict[str, tuple[str, set[str]]]:
    """Give each Set-Cookie's value and attributes by name."""
    cookies = {}
    for cookie in answer["cookies"]:
        pair, *attributes = cookie.split("; ")
        name, _, value = pair.partition("=")
        cookies[name] = (value, set(attributes))
    assert len(cookies) == len(answer["cookies"]), "a cookie is set twice"
    return cookies
