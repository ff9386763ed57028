"""What all browser routes have in common: one visit in, one answer out, whatever happens between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING

from le_auth import observe, web
from le_auth.errors import LeAuthError, MisconfiguredError
from le_auth.settings import Environment, WebSettings
from le_auth.wiring import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from le_auth.web import Answer, Event, Request

    type Respond = Callable[[Visit], Answer]
    type Handler = Callable[[Event, object], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a browser."""

    request: Request
    settings: WebSettings
    base_url: str
    now: datetime

    @property
    def redirect_uri(self) -> str:
        """The callback's address: configuration or API Gateway's own domain name, never a header."""
        return f"{self.base_url}/callback"


@cache
def the_web_settings() -> WebSettings:
    return WebSettings.read(Environment.of_process())


def answers_errors_as_pages(respond: Respond) -> Handler:
    """Make a Lambda handler of a function from visit to answer.

    HEAD and prefetch are turned away before `respond`, so they consume nothing; a request that cannot be read gets
    400, our own errors the page that fits, and a bug a page that gives nothing away.
    """
    return _handler(respond, web.error_page_answer)


def answers_errors_as_json(respond: Respond) -> Handler:
    """The same for a route whose answers are JSON."""
    return _handler(respond, web.error_json_answer)


def _handler(respond: Respond, answer_error: web.AnswerError) -> Handler:
    @wraps(respond)
    def handler(event: Event, _context: object) -> Answer:
        try:
            return _answer(event, respond, answer_error)
        finally:
            observe.flush_metrics()

    return handler


def _answer(event: Event, respond: Respond, answer_error: web.AnswerError) -> Answer:
    request_id = ""
    base_url: str | None = None
    settings: WebSettings | None = None
    try:
        settings = the_web_settings()
        context = web.read_context(event)
        request_id = str(context.get("requestId", ""))
        observe.the_logger().set_correlation_id(request_id)
        base_url = settings.base_url(str(context["domainName"]))
        request = web.Request.read(event)
        visit = Visit(request=request, settings=settings, base_url=base_url, now=utc_now())
        return _turned_away(request) or respond(visit)
    except LeAuthError as error:
        observe.log_error("request refused", error)
        failure = error
    except Exception as error:  # noqa: BLE001 - the last line of defence: no stack trace ever reaches a browser
        observe.log_unexpected(error)
        failure = MisconfiguredError()
    return answer_error(failure, base_url=base_url, settings=settings, request_id=request_id)


def _turned_away(request: Request) -> Answer | None:
    """Answer what is no person's visit; None: it is one."""
    if request.method != "GET":
        return web.empty(405, {"Allow": "GET"})
    if request.is_prefetch:
        return web.empty(503, {})
    return None
