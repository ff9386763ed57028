"""Sentinel's authorization endpoint.

Source: RFC 6749 sections 3.1, 4.1.1, 4.1.2; RFC 7636 section 4.3; LivePerson, authorization request.
"""

import re
from urllib.parse import urlencode

from local.simulator.errors import RefusedError, invalid_request, invalid_site
from local.simulator.grant import Code
from local.simulator.installs import AppInstall
from local.simulator.sessions import Authorization
from local.simulator.web import Answer, Request, redirect
from local.simulator.world import World

PENDING_COOKIE = "ibs_id"
SESSION_COOKIE = "sso_session"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def authorize(world: World, request: Request, account: str) -> Answer:
    """Redirect to the callback at once where the browser has a session, else to the login page."""
    authorization = _read(world, request, account)
    problem = _find_problem(world, request.parameters)
    if problem is not None:
        return to_callback(world, authorization, {"error": problem[0], "error_description": problem[1]})
    now = world.clock.now()
    user_id = world.sessions.find_user_id(request.cookie(SESSION_COOKIE), account=account, now=now)
    if user_id is not None:
        return to_callback_with_code(world, authorization, user_id)
    number, pending = world.sessions.begin(authorization, browser=request.cookie(PENDING_COOKIE), now=now)
    lasts = f"Max-Age={world.settings.pending_seconds}"
    ibs_id = cookie(world, PENDING_COOKIE, pending.browser, account, lasts)
    return redirect(302, f"/sentinel/api/account/{account}/login?request={number}", Set_Cookie=ibs_id)


def to_callback(world: World, authorization: Authorization, parameters: dict[str, str]) -> Answer:
    state = {} if authorization.state is None else {"state": authorization.state}
    changed: dict[str, str | None] = {**parameters, **state, **world.settings.callback_parameters}
    query = urlencode({name: value for name, value in changed.items() if value is not None})
    # A registered URI may have a query of its own (RFC 6749 section 3.1.2).
    joint = "&" if "?" in authorization.redirect_uri else "?"
    return redirect(302, f"{authorization.redirect_uri}{joint}{query}")


def to_callback_with_code(world: World, authorization: Authorization, user_id: str) -> Answer:
    code = Code(
        account=authorization.account,
        client_id=authorization.client_id,
        user_id=user_id,
        redirect_uri=authorization.redirect_uri,
        redirect_uri_sent=authorization.redirect_uri_sent,
        code_challenge=authorization.code_challenge,
    )
    return to_callback(world, authorization, {"code": world.grants.add_code(code, world.clock.now())})


def cookie(world: World, name: str, value: str, account: str, *attributes: str) -> str:
    """Write a cookie; its path keeps apart the accounts of simulators that differ in nothing but their port."""
    path = f"Path=/sentinel/api/account/{account}"
    return "; ".join((f"{name}={value}", path, "HttpOnly", world.settings.cookie_attributes, *attributes))


def _read(world: World, request: Request, account: str) -> Authorization:
    """Check what must be right before anything is sent to the redirect URI (RFC 6749 section 4.1.2.1)."""
    parameters = request.parameters
    if parameters.get("v") != "1.0":
        raise invalid_request("v must be 1.0.")
    if "client_id" not in parameters:
        raise invalid_request("client_id is missing.")
    if not world.knows_account(account):
        raise invalid_site()
    install = world.installs.find(parameters["client_id"], account)
    if install is None:
        raise RefusedError(401, "invalid_client", "No such application on this account.")
    return Authorization(
        account=account,
        client_id=install.app_install_id,
        redirect_uri=_read_redirect_uri(install, parameters.get("redirect_uri")),
        redirect_uri_sent="redirect_uri" in parameters,
        state=parameters.get("state"),
        code_challenge=parameters.get("code_challenge") if world.settings.pkce else None,
    )


def _read_redirect_uri(install: AppInstall, sent: str | None) -> str:
    if sent is None and len(install.redirect_uris) == 1:
        return install.redirect_uris[0]
    if sent is None:
        raise invalid_request("redirect_uri is missing, and not exactly one is registered.")
    if sent not in install.redirect_uris:
        raise invalid_request("redirect_uri is not registered.")
    return sent


def _find_problem(world: World, parameters: dict[str, str]) -> tuple[str, str] | None:
    """Find what is told to the application by way of its callback."""
    if "response_type" not in parameters:
        return "invalid_request", "response_type is missing."
    if parameters["response_type"] != "code":
        return "unsupported_response_type", "response_type must be code."
    return _find_pkce_problem(parameters) if world.settings.pkce else None


def _find_pkce_problem(parameters: dict[str, str]) -> tuple[str, str] | None:
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None and method is None:
        return None
    if method != "S256":
        return "invalid_request", "code_challenge_method must be S256."
    if challenge is None or not _CHALLENGE.fullmatch(challenge):
        return "invalid_request", "code_challenge is not the base64url form of a SHA-256."
    return None
