"""GET /launch: sends a person to LivePerson to sign in, without AWS permissions, without I/O once the host is known."""

from __future__ import annotations

from functools import cache

from le_auth import browser, observe, web
from le_auth.domain import return_to, transactions
from le_auth.domain.launch import Launch
from le_auth.settings import Environment, read_app_installs
from le_auth.wiring import make_sentinels


@cache
def the_launch() -> Launch:
    environment = Environment.of_process()
    return Launch(
        app_installs=read_app_installs(environment),
        sentinels=make_sentinels(environment),
        use_pkce=environment.flag("USE_PKCE"),
    )


@browser.answers_errors_as_pages
def lambda_handler(visit: browser.Visit) -> web.Answer:
    request, embedded = visit.request, visit.settings.embedded
    launched = the_launch().start(
        account_id=request.one("account_id", longest=32),
        return_to=request.one("return_to", longest=return_to.LONGEST),
        return_rule=visit.settings.return_rule(visit.base_url),
        redirect_uri=visit.redirect_uri,
        now=visit.now,
    )
    transaction = launched.transaction
    kept = web.cookie(transaction.cookie_name, transaction.write(), lifetime=transactions.LIFETIME, embedded=embedded)
    cleared = [web.cleared_cookie(name, embedded=embedded) for name in transactions.surplus_cookies(request.cookies)]
    observe.count("SignInStarted")
    return web.redirect(302, launched.location, cookies=[kept, *cleared])
