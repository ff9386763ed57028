"""What all browser routes have in common: one visit in, one answer out, whatever happens between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING

from le_auth import cold_start, cors, error_answers, observe, web
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a route is answered; as a decorator it makes a Lambda handler of a function from visit to answer.

    Another method and a prefetch are turned away before the function, so they consume nothing; a request that cannot
    be read gets 400, our own errors the answer that fits, and a bug one that gives nothing away.

    Args:
        front_ends: the scripts of `ReturnOrigins` may call it and read its answers.
    """

    method: str = "GET"
    answer_error: error_answers.AnswerError
    front_ends: bool = False

    def __call__(self, respond: Respond) -> Handler:
        @wraps(respond)
        def handler(event: Event, _context: object) -> Answer:
            try:
                return self._answer(event, respond)
            finally:
                observe.flush_metrics()
                cold_start.end()

        return handler

    def _answer(self, event: Event, respond: Respond) -> Answer:
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
            return self._shared(self._turned_away(request) or respond(visit), event, settings)
        except LeAuthError as error:
            observe.log_error("request refused", error)
            failure = error
        except Exception as error:  # noqa: BLE001 - the last line of defence: no stack trace ever reaches a browser
            observe.log_unexpected(error)
            failure = MisconfiguredError()
        answer = self.answer_error(failure, base_url=base_url, settings=settings, request_id=request_id)
        return self._shared(answer, event, settings)

    def _turned_away(self, request: Request) -> Answer | None:
        """Answer what is no person's visit; None: it is one."""
        if request.method != self.method:
            return web.empty(405, {"Allow": self.method})
        if request.is_prefetch:
            return web.empty(503, {})
        return None

    def _shared(self, answer: Answer, event: Event, settings: WebSettings | None) -> Answer:
        if not self.front_ends or settings is None:
            return answer
        return cors.share(answer, web.read_headers(event), trusted=settings.return_origins)


answers_errors_as_pages = Route(answer_error=error_answers.as_page)
answers_errors_as_json = Route(answer_error=error_answers.as_json)
