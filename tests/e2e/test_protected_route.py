"""A route behind the session, GET /example/me: as it is deployed, with a real browser."""

import requests
from playwright.sync_api import APIResponse, Page, expect

from local.runner.options import SIMULATED_ACCOUNT
from local.runner.stack import Stack
from tests.e2e.simulator_control import SimulatorControl
from tests.e2e.steps import sign_in

SESSION = "__Host-le-session"
SECONDS = 30


def test_whoever_is_signed_in_reads_who_they_are_at_liveengage(
    stack: Stack, simulator: SimulatorControl, page: Page
) -> None:
    sign_in(page, stack, "ben")

    answer = get_me(page, stack)

    assert answer.status == 200
    assert answer.json() == {
        "account_id": SIMULATED_ACCOUNT,
        "user_id": "1002",
        "login_name": "ben",
        "full_name": "Ben",
    }
    [asked] = [entry for entry in simulator.journal("users") if entry["grant"] in grants_of(simulator, "1002")]
    assert asked["status"] == 200


def test_without_a_cookie_nobody_comes_to_a_protected_route(stack: Stack) -> None:
    answer = requests.get(f"{stack.base_url}/example/me", timeout=SECONDS)

    assert answer.status_code == 401


def test_a_forged_session_does_not_come_to_a_protected_route(stack: Stack, page: Page) -> None:
    sign_in(page, stack, "ben")
    [cookie] = page.context.cookies(page.url)
    genuine = cookie["value"]
    altered = genuine[:10] + ("A" if genuine[10] != "A" else "B") + genuine[11:]

    statuses = {value: get_with_session(stack, value) for value in (genuine, altered, "0.AAAA")}

    assert statuses == {genuine: 200, altered: 403, "0.AAAA": 403}


def test_after_a_sign_out_the_very_next_request_does_not_come_to_a_protected_route(stack: Stack, page: Page) -> None:
    sign_in(page, stack, "7001")
    assert get_me(page, stack).status == 200
    [cookie] = page.context.cookies(page.url)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")

    assert get_with_session(stack, cookie["value"]) == 403


def get_me(page: Page, stack: Stack) -> APIResponse:
    """GET /example/me with the browser's cookies."""
    return page.context.request.get(f"{stack.base_url}/example/me")


def get_with_session(stack: Stack, value: str) -> int:
    """GET /example/me with a session cookie of one's own making; gives the status."""
    headers = {"Cookie": f"theme=dark; {SESSION}={value}"}
    return requests.get(f"{stack.base_url}/example/me", headers=headers, timeout=SECONDS).status_code


def grants_of(simulator: SimulatorControl, user_id: str) -> set[str]:
    return {str(grant["id"]) for grant in simulator.grants(user_id)}
