"""HTTP by way of API Gateway (payload 2.0): requests read strictly, answers with their headers, errors as pages.

Everything that every answer must have is put on in one place, `_answer`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlencode

from le_auth.errors import (
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RequestError,
    SentinelUnavailableError,
    SettingError,
    StartAgainError,
    TableUnavailableError,
    TryLaterError,
)

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
        cookies: by name; a name that comes twice keeps its first value.
    """

    method: str
    query: Mapping[str, Sequence[str]] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
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
        http = context["http"]
        return cls(
            method=str(http.get("method", "GET")).upper(),
            query=_read_query(event.get("rawQueryString")),
            headers=_read_headers(event),
            cookies=read_cookies(event),
            domain_name=str(context["domainName"]),
            request_id=str(context.get("requestId", "")),
        )

    def one(self, name: str, *, longest: int) -> str | None:
        """Give a parameter that may be absent, but neither repeated nor empty nor longer than it can be.

        Raises:
            RequestError: it names the parameter, never its value.
        """
        values = self.query.get(name, ())
        if not values:
            return None
        if len(values) > 1:
            raise RequestError(f"The parameter {name} is given more than once.")
        if not values[0]:
            raise RequestError(f"The parameter {name} is empty.")
        if len(values[0]) > longest:
            raise RequestError(f"The parameter {name} is longer than {longest} characters.")
        return values[0]

    @property
    def is_prefetch(self) -> bool:
        """Whether a browser asks ahead of the person (Sec-Purpose; older browsers say Purpose or X-Moz)."""
        return any("prefetch" in self.headers.get(name, "").lower() for name in _PREFETCH_HEADERS)


def read_context(event: Event) -> Mapping[str, Any]:
    """Give what API Gateway itself says of a request: at least `domainName` and `http` are there.

    Raises:
        SettingError: it did not come from an HTTP API with payload format 2.0.
    """
    context = event.get("requestContext")
    if not isinstance(context, dict) or not isinstance(context.get("http"), dict) or not context.get("domainName"):
        raise SettingError("The event is not one of an HTTP API with payload format 2.0.")
    return context


def _read_query(raw: object) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            raw if isinstance(raw, str) else "", keep_blank_values=True, max_num_fields=20, errors="strict"
        )
    except ValueError as error:
        raise RequestError("The query cannot be read: too many parameters, or not UTF-8.") from error
    for name, value in pairs:
        query.setdefault(name, []).append(value)
    return query


def _read_headers(event: Event) -> dict[str, str]:
    headers = event.get("headers")
    return {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}


def read_cookies(event: Event) -> dict[str, str]:
    """Give an event's cookies by name; a name that comes twice keeps its first value."""
    listed = event.get("cookies")
    header = _read_headers(event).get("cookie", "")
    parts = [str(part) for part in listed] if isinstance(listed, list) else header.split(";")
    cookies: dict[str, str] = {}
    for part in parts:
        name, separator, value = part.strip().partition("=")
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


def json_answer(status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Answer:
    always = {"Content-Type": "application/json", "Content-Security-Policy": "default-src 'none'"}
    return _answer(status, {**always, **(headers or {})}, json.dumps(content), ())


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


def launch_url(base_url: str, error: LeAuthError | None = None) -> str:
    """Give the address at which to start (again), at the place that a genuine transaction named."""
    wanted = {} if error is None else {"account_id": error.account_id, "return_to": error.return_to}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    return f"{base_url}/launch{'?' if query else ''}{query}"


def status_of(error: LeAuthError) -> int:
    """Give the HTTP status that an error answers with: 4xx for what the browser sent, 5xx for what we lack."""
    match error:
        case StartAgainError():
            return 400
        case SentinelUnavailableError() | OutcomeUnknownError():
            return 502
        case TryLaterError():
            return 503
        case _:
            return 500


class AnswerError(Protocol):
    """How a route answers with an error."""

    def __call__(
        self, error: LeAuthError, *, base_url: str | None, settings: WebSettings | None, request_id: str
    ) -> Answer: ...


def error_page_answer(
    error: LeAuthError, *, base_url: str | None, settings: WebSettings | None, request_id: str
) -> Answer:
    """Answer with a readable page: what is wrong, what to do, and the way back to launch."""
    from le_auth import pages  # only a failing request needs pages

    title, advice = _words(error)
    html = pages.error_page(
        title=title,
        explanation=_explain(error),
        advice=advice,
        launch_url=None if base_url is None else launch_url(base_url, error),
        reference=request_id,
    )
    return page(status_of(error), html, style=pages.style_source(), settings=settings, cookies=error.cookies)


def error_json_answer(
    error: LeAuthError,
    *,
    base_url: str | None,  # noqa: ARG001 - the protocol's form
    settings: WebSettings | None,  # noqa: ARG001
    request_id: str,
) -> Answer:
    """Answer with `{"error", "error_description"}`."""
    content = {"error": error.reason, "error_description": _explain(error), "request_id": request_id}
    return json_answer(status_of(error), content)


def _explain(error: LeAuthError) -> str:
    """Say what is wrong; what only an operator can mend is for the log."""
    return "The application is not set up correctly." if isinstance(error, MisconfiguredError) else str(error)


def _words(error: LeAuthError) -> tuple[str, str]:
    match error:
        case RequestError():
            return "This link does not work", "Open the application again from LiveEngage, or try again here."
        case StartAgainError():
            return "You are not signed in", "Try again. Nothing was changed."
        case TableUnavailableError():
            return "Signing in could not be finished", "Try again in a moment. Signing in again is safe."
        case TryLaterError():
            return "Signing in does not work at the moment", "Try again in a moment. Signing in again is safe."
        case _:
            return "The application needs attention", "Tell the people who run it, and quote the reference below."
