"""Errors as answers: a readable page, or JSON, with the status that fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

from le_auth import web
from le_auth.errors import (
    CrossSiteError,
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RequestError,
    SentinelUnavailableError,
    StartAgainError,
    TableUnavailableError,
    TryLaterError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.settings import WebSettings


def launch_url(base_url: str, error: LeAuthError | None = None) -> str:
    """Give the address at which to start (again), at the place that a genuine transaction named."""
    wanted = {} if error is None else {"account_id": error.account_id, "return_to": error.return_to}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    return f"{base_url}/launch{'?' if query else ''}{query}"


def status_of(error: LeAuthError) -> int:
    """Give the HTTP status that an error answers with: 4xx for what the browser sent, 5xx for what we lack."""
    match error:
        case CrossSiteError():
            return 403
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
    ) -> web.Answer: ...


def as_json(
    error: LeAuthError,
    *,
    base_url: str | None,  # noqa: ARG001 - the protocol's form
    settings: WebSettings | None,  # noqa: ARG001
    request_id: str,
) -> web.Answer:
    """Answer with `{"error", "error_description"}`."""
    content = {"error": error.reason, "error_description": _explain(error), "request_id": request_id}
    return web.json_answer(status_of(error), content)


@dataclass(frozen=True, slots=True)
class Advice:
    """What a page says above and below the explanation of an error."""

    title: str
    text: str


NEEDS_ATTENTION = Advice(
    "The application needs attention", "Tell the people who run it, and quote the reference below."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPages:
    """Answers with readable pages: what is wrong, what to do, and a button that leads on.

    Args:
        advise: finds the words for an error.
        way_on: gives the button's address and label, from our base URL.
    """

    advise: Callable[[LeAuthError], Advice]
    way_on: Callable[[str, LeAuthError], tuple[str, str]]

    def __call__(
        self, error: LeAuthError, *, base_url: str | None, settings: WebSettings | None, request_id: str
    ) -> web.Answer:
        from le_auth import pages  # only a failing request needs pages

        advice = self.advise(error)
        html = pages.error_page(
            title=advice.title,
            explanation=_explain(error),
            advice=advice.text,
            way_on=None if base_url is None else self.way_on(base_url, error),
            reference=request_id,
        )
        return web.page(status_of(error), html, style=pages.style_source(), settings=settings, cookies=error.cookies)


def _explain(error: LeAuthError) -> str:
    """Say what is wrong; what only an operator can mend is for the log."""
    return "The application is not set up correctly." if isinstance(error, MisconfiguredError) else str(error)


def _advise_on_sign_in(error: LeAuthError) -> Advice:
    match error:
        case RequestError():
            return Advice("This link does not work", "Open the application again from LiveEngage, or try again here.")
        case StartAgainError():
            return Advice("You are not signed in", "Try again. Nothing was changed.")
        case TableUnavailableError():
            return Advice("Signing in could not be finished", "Try again in a moment. Signing in again is safe.")
        case TryLaterError():
            return Advice("Signing in does not work at the moment", "Try again in a moment. Signing in again is safe.")
        case _:
            return NEEDS_ATTENTION


def _way_to_sign_in(base_url: str, error: LeAuthError) -> tuple[str, str]:
    return launch_url(base_url, error), "Try again"


as_page = ErrorPages(advise=_advise_on_sign_in, way_on=_way_to_sign_in)
