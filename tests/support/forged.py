"""Cookies that a browser made up, or changed."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.browser import Browser

FORGED_SESSIONS = [
    "0.",
    "0",
    "",
    "0.AAAA",
    "0.%%%",
    "x" * 5000,
    "0." + base64.urlsafe_b64encode(b'["le12345678","1001",4076740800000,4076740800]').decode(),
    "0.ÿ",
    "\N{SUPERSCRIPT TWO}.AAAA",
]
"""Values of a session cookie that we never sealed."""


def read_transaction(browser: Browser) -> dict[str, Any]:
    """Give what the browser's one cookie says."""
    ((_, value),) = browser.cookies.items()
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(value + "=="))
    return content


def change_transaction(browser: Browser, **changes: object) -> None:
    """Change what the browser's one cookie says: `s` hash of the state, `a` account, `r` return_to, `t` time."""
    ((name, _),) = browser.cookies.items()
    browser.cookies[name] = write_transaction({**read_transaction(browser), **changes})


def write_transaction(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
