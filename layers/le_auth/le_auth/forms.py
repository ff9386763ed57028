"""What is posted to us: by a form of our own pages, or by a script."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from le_auth import web
from le_auth.domain.secret import Secret
from le_auth.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_FIELD = "form_token"  # noqa: S105 - a field's name
_LARGEST_BODY = 4096
_LONGEST_TOKEN = 64
_FORM_TYPE = "application/x-www-form-urlencoded"


def is_sent_by_a_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser wants to go to a page next, as it does after a form; a script wants JSON.

    Args:
        headers: by lower-case name.
    """
    accept = headers.get("accept", "").lower()
    return "text/html" in accept and "application/json" not in accept


def read_form_token(request: web.Request) -> Secret | None:
    """Give the token of a form of ours; None: it is none.

    Raises:
        RequestError: the body is too large, no form, or holds more than one token.
    """
    token = web.read_one(_read_form(request), TOKEN_FIELD, longest=_LONGEST_TOKEN)
    return None if token is None else Secret(token)


def _read_form(request: web.Request) -> Mapping[str, list[str]]:
    if not request.body:
        return {}
    if len(request.body) > _LARGEST_BODY:
        raise RequestError(f"The body is larger than {_LARGEST_BODY} bytes.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise RequestError(f"The body must be {_FORM_TYPE}.")
    try:
        return web.read_fields(_read_text(request))
    except ValueError as error:
        raise RequestError("The body cannot be read: it is no form of at most 20 fields in UTF-8.") from error


def _read_text(request: web.Request) -> str:
    """Decode a body that API Gateway handed on in base64, as it may any that is not text."""
    return base64.b64decode(request.body, validate=True).decode() if request.is_base64 else request.body
