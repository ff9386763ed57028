"""GET /callback: takes a person back from LivePerson, exchanges the code, stores the tokens, begins the session."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from le_auth import browser, observe, web
from le_auth.announce import announce
from le_auth.domain import sessions, transactions
from le_auth.domain.events import user_signed_in
from le_auth.domain.secret import Secret
from le_auth.domain.sign_in import CallbackQuery, SignedIn, SignIn
from le_auth.errors import LeAuthError, RequestError
from le_auth.settings import Environment, read_app_installs, read_session_lifetime
from le_auth.wiring import (
    make_app_install_secrets,
    make_sealing_keys,
    make_sentinels,
    make_sign_in_store,
    make_token_endpoint,
)

if TYPE_CHECKING:
    from datetime import timedelta


@cache
def the_sign_in() -> SignIn:
    environment = Environment.of_process()
    return SignIn(
        app_installs=read_app_installs(environment),
        sentinels=make_sentinels(environment),
        secrets=make_app_install_secrets(environment),
        sealers=make_sealing_keys(environment),
        endpoint=make_token_endpoint(environment),
        store=make_sign_in_store(environment),
    )


@browser.answers_errors_as_pages
def lambda_handler(visit: browser.Visit) -> web.Answer:
    try:
        lifetime = read_session_lifetime(Environment.of_process())  # a wrong setting costs no code
        signed_in = finish(read_query(visit.request), visit)
    except LeAuthError as error:
        observe.count("SignInFailed", reason=error.reason)
        raise
    except Exception:
        observe.count("SignInFailed", reason="unexpected")
        raise
    observe.count("SignInSucceeded")
    user = signed_in.identity.user
    observe.the_logger().info("signed in", extra={"account_id": user.account_id, "user_id": user.user_id})
    announce(user_signed_in(signed_in.identity))
    return answer(signed_in, visit, lifetime=lifetime)


def read_query(request: web.Request) -> CallbackQuery:
    """Read what Sentinel sent by way of the browser (RFC 6749 sections 4.1.2 and 4.1.2.1).

    Raises:
        RequestError: a parameter is missing, repeated or too long.
    """
    state = request.one("state", longest=128)
    code = request.one("code", longest=2048)
    error = request.one("error", longest=64)
    if state is None or not transactions.STATE.fullmatch(state):
        raise RequestError("The state is missing or is not one of ours.")
    if (code is None) == (error is None):
        raise RequestError("The callback must have either a code or an error.")
    return CallbackQuery(
        state=Secret(state),
        code=None if code is None else Secret(code),
        error=error,
        error_description=request.one("error_description", longest=2048),
        iss=request.one("iss", longest=256),
    )


def finish(query: CallbackQuery, visit: browser.Visit) -> SignedIn:
    """Finish the sign-in; an error of a genuine transaction clears its cookie, which has served."""
    try:
        return the_sign_in().finish(
            query,
            visit.request.cookies,
            return_rule=visit.settings.return_rule(visit.base_url),
            redirect_uri=visit.redirect_uri,
            now=visit.now,
        )
    except LeAuthError as error:
        if error.account_id is not None:
            name = transactions.cookie_name(transactions.hash_state(query.state))
            error.cookies.append(web.cleared_cookie(name, embedded=visit.settings.embedded))
        raise


def answer(signed_in: SignedIn, visit: browser.Visit, *, lifetime: timedelta) -> web.Answer:
    """Send the person on, to an address without code and state (RFC 9700 section 4.2.4)."""
    embedded = visit.settings.embedded
    session = web.cookie(sessions.COOKIE, signed_in.session_cookie, lifetime=lifetime, embedded=embedded)
    cleared = web.cleared_cookie(signed_in.transaction.cookie_name, embedded=embedded)
    location = signed_in.return_to or visit.settings.app_url or f"{visit.base_url}/"
    return web.redirect(303, location, cookies=[session, cleared])
