"""HTTP by way of API Gateway (payload 2.0): requests read strictly, answers with their headers.

Everything that every answer must have is put on in one place, `_answer`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from le_auth.errors import RequestError, SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from le_auth.domain.secret import Secret
    from le_auth.settings import WebSettings

    type Event = Mapping[str, Any]
    type Answer = dict[str, Any]

_EVERY_ANSWER = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
_PREFETCH_HEADERS = ("sec-purpose", "purpose", "x-purpose", "x-moz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What our handlers look at of an event.

    Args:
        query: each parameter's values, in order.
        headers: by lower-case name.
        cookies: by name; a name that comes twice keeps its first value.
        body: as it came, in base64 where `is_base64`.
    """

    method: str
    query: Mapping[str, Sequence[str]] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)
    is_base64: bool
    domain_name: str
    request_id: str

    @classmethod
    def read(cls, event: Event) -> Request:
        """Read an event of API Gateway; whatever shape it has, no other error than ours comes out.

        Raises:
            SettingError: it did not come from an HTTP API with payload format 2.0.
            RequestError: the query is no form encoding.
        """
        context = read_context(event)
        headers = read_headers(event)
        body = event.get("body")
        return cls(
            method=str(context["http"].get("method", "GET")).upper(),
            query=_read_query(event.get("rawQueryString")),
            headers=headers,
            cookies=read_cookies(event),
            body=body if isinstance(body, str) else "",
            is_base64=event.get("isBase64Encoded") is True,
            domain_name=str(context["domainName"]),
            request_id=str(context.get("requestId", "")),
        )

    def one(self, name: str, *, longest: int) -> str | None:
        """Give a parameter that may be absent, but neither repeated nor empty nor longer than it can be.

        Raises:
            RequestError: it names the parameter, never its value.
        """
        return read_one(self.query, name, longest=longest)

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        """Give a parameter that may be absent, but is one of these words where it is there.

        Raises:
            RequestError: it names the parameter and the choices.
        """
        chosen = self.one(name, longest=64)
        if chosen is None or chosen in choices:
            return chosen
        raise RequestError(f"The parameter {name} must be {' or '.join(choices)}.")

    @property
    def is_prefetch(self) -> bool:
        """Whether a browser asks ahead of the person (Sec-Purpose; older browsers say Purpose or X-Moz)."""
        return any("prefetch" in self.headers.get(name, "").lower() for name in _PREFETCH_HEADERS)


def read_context(event: Event) -> Mapping[str, Any]:
    """Give what API Gateway itself says of a request: at least `domainName` and `http` are there.

    Raises:
        SettingError: it did not come from an HTTP API with payload format 2.0.
    """
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict) or not isinstance(context.get("http"), dict) or not context.get("domainName"):
        raise SettingError("The event is not one of an HTTP API with payload format 2.0.")
    return context


def read_headers(event: Event) -> dict[str, str]:
    """Give the headers by lower-case name."""
    headers = event.get("headers")
    return {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}


def read_one(fields: Mapping[str, Sequence[str]], name: str, *, longest: int) -> str | None:
    """Give the one value of a parameter of a query or form, as `Request.one` does.

    Raises:
        RequestError: it names the parameter, never its value.
    """
    values = fields.get(name, ())
    if not values:
        return None
    if len(values) > 1:
        raise RequestError(f"The parameter {name} is given more than once.")
    if not values[0]:
        raise RequestError(f"The parameter {name} is empty.")
    if len(values[0]) > longest:
        raise RequestError(f"The parameter {name} is longer than {longest} characters.")
    return values[0]


def read_fields(encoded: str) -> dict[str, list[str]]:
    """Read form encoding: each name's values, in order.

    Raises:
        ValueError: more than 20 fields, or not UTF-8.
    """
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True, max_num_fields=20, errors="strict"):
        fields.setdefault(name, []).append(value)
    return fields


def _read_query(raw: object) -> dict[str, list[str]]:
    try:
        return read_fields(raw if isinstance(raw, str) else "")
    except ValueError as error:
        raise RequestError("The query cannot be read: too many parameters, or not UTF-8.") from error


def read_cookies(event: Event) -> dict[str, str]:
    """Give an event's cookies by name; a name that comes twice keeps its first value.

    Around a pair only blank and tab are cut off (RFC 6265 section 4.2.1). Python's own idea of space is wider, and a
    browser lets any host of our domain set a cookie whose name begins with such a character: it does not begin with
    `__Host-`, until somebody cuts the character off.
    """
    listed = event.get("cookies")
    header = read_headers(event).get("cookie", "")
    parts = [str(part) for part in listed] if isinstance(listed, list) else header.split(";")
    cookies: dict[str, str] = {}
    for part in parts:
        name, separator, value = part.strip(" \t").partition("=")
        if separator:
            cookies.setdefault(name, value)
    return cookies


def page(status: int, html: str, *, style: str, settings: WebSettings | None, cookies: Sequence[str] = ()) -> Answer:
    """Answer with one of our pages.

    Args:
        style: CSP source of its one inline style sheet.
        settings: for who may frame it; None: nobody.
    """
    ancestors = " ".join(settings.frame_ancestors) if settings is not None and settings.embedded else "'none'"
    policy = f"default-src 'none'; style-src {style}; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    if ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    return _answer(status, headers, html, cookies)


def json_answer(
    status: int,
    content: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
    *,
    cookies: Sequence[str] = (),
) -> Answer:
    always = {"Content-Type": "application/json", "Content-Security-Policy": "default-src 'none'"}
    return _answer(status, {**always, **(headers or {})}, json.dumps(content), cookies)


def redirect(status: int, location: str, *, cookies: Sequence[str] = ()) -> Answer:
    return _answer(status, {"Location": location}, "", cookies)


def empty(status: int, headers: Mapping[str, str]) -> Answer:
    return _answer(status, headers, "", ())


def _answer(status: int, headers: Mapping[str, str], body: str, cookies: Sequence[str]) -> Answer:
    return {"statusCode": status, "headers": {**_EVERY_ANSWER, **headers}, "cookies": list(cookies), "body": body}


def cookie(name: str, value: Secret | str, *, lifetime: timedelta, embedded: bool) -> str:
    """Write a Set-Cookie value with the `__Host-` prefix's attributes (RFC 6265bis section 4.1.3.2)."""
    text = value if isinstance(value, str) else value.reveal()
    same_site = "SameSite=None; Partitioned" if embedded else "SameSite=Lax"
    return f"{name}={text}; Max-Age={int(lifetime.total_seconds())}; Path=/; Secure; HttpOnly; {same_site}"


def cleared_cookie(name: str, *, embedded: bool) -> str:
    same_site = "SameSite=None; Partitioned" if embedded else "SameSite=Lax"
    return f"{name}=; Max-Age=0; Path=/; Secure; HttpOnly; {same_site}"
