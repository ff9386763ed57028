"""Sentinel's login page, and the way back from it to the callback."""

from local.simulator.authorize import PENDING_COOKIE, SESSION_COOKIE, cookie, to_callback, to_callback_with_code
from local.simulator.errors import invalid_request
from local.simulator.pages import login_page
from local.simulator.sessions import Pending
from local.simulator.web import Answer, Request, redirect
from local.simulator.world import World


def login(world: World, request: Request, account: str) -> Answer:
    """Show the form, or take it: a person signs in or denies."""
    number, pending = _get_pending(world, request, account)
    if request.method == "GET":
        return _form(world, pending, wrong=False)
    if request.form.get("action") == "deny":
        world.sessions.decide(number, denied=True)
        return redirect(303, _continue_url(account, number))
    user = world.users.sign_in(request.form.get("username", ""), request.form.get("password", ""))
    if user is None:
        return _form(world, pending, wrong=True)
    world.sessions.decide(number, user_id=user.user_id)
    session = world.sessions.sign_in(account, user.user_id, world.clock.now())
    return redirect(303, _continue_url(account, number), Set_Cookie=cookie(world, SESSION_COOKIE, session, account))


def carry_on(world: World, request: Request, account: str) -> Answer:
    """Redirect to the callback with what the person decided."""
    number, pending = _get_pending(world, request, account)
    if pending.denied:
        world.sessions.finish(number)
        denial = {"error": "access_denied", "error_description": "The user denied access."}
        return to_callback(world, pending.authorization, denial)
    if pending.user_id is None:
        return redirect(302, f"/sentinel/api/account/{account}/login?request={number}")
    world.sessions.finish(number)
    return to_callback_with_code(world, pending.authorization, pending.user_id)


def _get_pending(world: World, request: Request, account: str) -> tuple[str, Pending]:
    number = request.parameters.get("request", "")
    pending = world.sessions.find_pending(number, browser=request.cookie(PENDING_COOKIE), now=world.clock.now())
    if pending is None or pending.authorization.account != account:
        raise invalid_request("This sign-in has expired or belongs to another browser. Start again at the application.")
    return number, pending


def _form(world: World, pending: Pending, *, wrong: bool) -> Answer:
    authorization = pending.authorization
    return login_page(
        account=authorization.account, client_id=authorization.client_id, users=world.users.all(), wrong=wrong
    )


def _continue_url(account: str, number: str) -> str:
    return f"/sentinel/api/account/{account}/authorize/continue?request={number}"
