"""GET /, GET /session and POST /logout: who is signed in in this browser, and the ways out. Never a token."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from le_auth import browser, error_answers, forms, landing, logout, observe, pages, web
from le_auth.announce import announce
from le_auth.domain import csrf, sessions
from le_auth.domain.events import user_signed_out
from le_auth.domain.grants import Scope, Status
from le_auth.domain.sign_out import SignOut
from le_auth.domain.slots import next_due
from le_auth.settings import Environment, read_interval
from le_auth.wiring import make_back_channel, make_sessions, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from le_auth.domain.grants import Grant
    from le_auth.domain.secret import Secret
    from le_auth.domain.sign_out import Revocation


@cache
def the_sessions() -> sessions.Sessions:
    return make_sessions(Environment.of_process())


@cache
def the_sign_out() -> SignOut:
    environment = Environment.of_process()
    return SignOut(store=make_table(environment), channel=make_back_channel(environment))


@cache
def the_interval() -> timedelta:
    return read_interval(Environment.of_process())


@browser.Route(answer_error=landing.error_as_page)
def show_landing(visit: browser.Visit) -> web.Answer:
    """GET /."""
    asks = visit.request.choice("confirm", [Scope.LIVEPERSON]) is not None
    ended = visit.request.choice("signed_out", [*landing.Ended])
    grant = find_grant(visit)
    if grant is None:
        html = landing.signed_out_page(base_url=visit.base_url, ended=None if ended is None else landing.Ended(ended))
    elif asks and grant.status is Status.ACTIVE:
        html = landing.confirm_page(shown(grant, visit), base_url=visit.base_url)
    else:
        html = landing.signed_in_page(shown(grant, visit), base_url=visit.base_url, now=visit.now)
    return web.page(200, html, style=pages.style_source(), settings=visit.settings)


@browser.Route(answer_error=error_answers.as_json, front_ends=True)
def identity(visit: browser.Visit) -> web.Answer:
    """GET /session."""
    grant = find_grant(visit)
    if grant is None:
        return not_signed_in()
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


@browser.Route(method="POST", answer_error=logout.error_as_page)
def sign_out_by_page(visit: browser.Visit) -> web.Answer:
    """POST /logout, sent by a form: goes on to the landing page, also where the session was over before."""
    revocation = sign_out(visit)
    return web.redirect(303, logout.landing_url(visit, revocation), cookies=logout.cleared_cookies(visit))


@browser.Route(method="POST", answer_error=error_answers.as_json, front_ends=True)
def sign_out_by_script(visit: browser.Visit) -> web.Answer:
    """POST /logout, sent by a script."""
    if sign_out(visit) is None:
        return not_signed_in(cookies=logout.cleared_cookies(visit))
    return web.json_answer(200, {"status": "signed_out"}, cookies=logout.cleared_cookies(visit))


def lambda_handler(event: web.Event, context: object) -> web.Answer:
    return choose_route(event)(event, context)


def choose_route(event: web.Event) -> browser.Handler:
    match event.get("routeKey") if isinstance(event, dict) else None:
        case "GET /session":
            return identity
        case "POST /logout":
            return sign_out_by_page if forms.is_sent_by_a_page(web.read_headers(event)) else sign_out_by_script
        case _:
            return show_landing


def sign_out(visit: browser.Visit) -> Revocation | None:
    """Sign the person out, and tell what became of that at LivePerson; None: nobody is signed in.

    Raises:
        RequestError, CrossSiteError, TryLaterError, MisconfiguredError: nothing was changed.
    """
    scope, token = logout.read_scope(visit), logout.read_form_token(visit)
    grant = find_grant(visit)
    if grant is None:
        return None
    if token is not None:
        csrf.check_form_token(token, expected=make_form_token(visit))
    revocation = the_sign_out().sign_out(grant.user, scope=scope, session_epoch=grant.session_epoch, now=visit.now)
    whose = {"account_id": grant.user.account_id, "user_id": grant.user.user_id}
    observe.the_logger().info("signed out", extra={**whose, "scope": scope, "revocation": revocation})
    announce(user_signed_out(grant.user, scope=scope))
    return revocation


def find_grant(visit: browser.Visit) -> Grant | None:
    return the_sessions().find(visit.request.cookies.get(sessions.COOKIE), now=visit.now)


def make_form_token(visit: browser.Visit) -> Secret:
    """Give the token of a session that was just found; so the key that sealed it is at hand."""
    return csrf.form_token(visit.request.cookies[sessions.COOKIE], the_sessions().sealers.get(now=visit.now))


def not_signed_in(*, cookies: Sequence[str] = ()) -> web.Answer:
    description = "Nobody is signed in in this browser, or the session is over."
    return web.json_answer(401, {"error": "not_signed_in", "error_description": description}, cookies=cookies)


def shown(grant: Grant, visit: browser.Visit) -> landing.SignedIn:
    """Choose what the landing page shows of a grant."""
    due_at = None if grant.slot is None else next_due(grant.slot, interval=the_interval(), now=visit.now)
    return landing.SignedIn(
        account_id=grant.user.account_id,
        user_id=grant.user.user_id,
        is_admin=grant.is_admin,
        is_lpa=grant.is_lpa,
        status="active" if grant.status is Status.ACTIVE else "reauthorize",
        signed_in_at=grant.issued_at,
        refreshed_at=grant.refreshed_at,
        refresh_due_at=due_at,
        form_token=make_form_token(visit),
    )
