"""Rules for `return_to` that let too much through, each by a mistake that is often made."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from le_auth.errors import RequestError

if TYPE_CHECKING:
    from le_auth.domain.return_to import ReturnRule

RESOLVE = "le_auth.domain.return_to.ReturnRule.resolve"
"""What each of them stands in for."""


def any_path(rule: ReturnRule, return_to: str) -> str:
    return return_to if return_to.startswith("/") else rule._resolve_absolute(return_to)


def any_that_begins_so(rule: ReturnRule, return_to: str) -> str:
    if return_to.startswith((rule.origin, *rule.allowed_origins)):
        return return_to
    raise RequestError("no")


def any_of_that_host(rule: ReturnRule, return_to: str) -> str:
    allowed = {urlsplit(origin).hostname for origin in (rule.origin, *rule.allowed_origins)}
    with suppress(ValueError):
        if urlsplit(return_to).hostname in allowed:
            return return_to
    raise RequestError("no")
