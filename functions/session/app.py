"""GET / and GET /session: who is signed in in this browser, as a page and as JSON. Never a token."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from le_auth import browser, pages, web
from le_auth.domain import sessions
from le_auth.domain.grants import Status
from le_auth.domain.slots import next_due
from le_auth.settings import Environment, read_interval
from le_auth.wiring import make_sessions

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from le_auth.domain.grants import Grant


@cache
def the_sessions() -> sessions.Sessions:
    return make_sessions(Environment.of_process())


@cache
def the_interval() -> timedelta:
    return read_interval(Environment.of_process())


@browser.answers_errors_as_pages
def landing(visit: browser.Visit) -> web.Answer:
    """GET /."""
    grant = find_grant(visit)
    html = pages.landing_page(
        None if grant is None else shown(grant, now=visit.now),
        launch_url=web.launch_url(visit.base_url),
        now=visit.now,
    )
    return web.page(200, html, style=pages.style_source(), settings=visit.settings)


@browser.answers_errors_as_json
def identity(visit: browser.Visit) -> web.Answer:
    """GET /session."""
    grant = find_grant(visit)
    if grant is None:
        description = "Nobody is signed in in this browser, or the session is over."
        return web.json_answer(401, {"error": "not_signed_in", "error_description": description})
    content = {
        "account_id": grant.user.account_id,
        "user_id": grant.user.user_id,
        "is_admin": grant.is_admin,
        "is_lpa": grant.is_lpa,
        "status": grant.status,
        "issued_at": int(grant.issued_at.timestamp()),
        "refreshed_at": int(grant.refreshed_at.timestamp()),
    }
    return web.json_answer(200, content)


ROUTES = {"GET /": landing, "GET /session": identity}


def lambda_handler(event: web.Event, context: object) -> web.Answer:
    return ROUTES.get(event.get("routeKey", ""), landing)(event, context)


def find_grant(visit: browser.Visit) -> Grant | None:
    return the_sessions().find(visit.request.cookies.get(sessions.COOKIE), now=visit.now)


def shown(grant: Grant, *, now: datetime) -> pages.SignedIn:
    """Choose what the landing page shows of a grant."""
    return pages.SignedIn(
        account_id=grant.user.account_id,
        user_id=grant.user.user_id,
        is_admin=grant.is_admin,
        is_lpa=grant.is_lpa,
        status="active" if grant.status is Status.ACTIVE else "reauthorize",
        signed_in_at=grant.issued_at,
        refreshed_at=grant.refreshed_at,
        refresh_due_at=None if grant.slot is None else next_due(grant.slot, interval=the_interval(), now=now),
    )
