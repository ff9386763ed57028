"""A person signs in through a real browser; the schedule then keeps the tokens fresh without anybody's doing."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Cookie, Page, Response, expect

from le_auth.domain.slots import slot_of
from le_auth.domain.users import User
from local.runner.options import SIMULATED_ACCOUNT
from local.runner.stack import Stack
from tests.e2e.conftest import INTERVAL_MINUTES
from tests.e2e.simulator_control import SimulatorControl
from tests.e2e.steps import read_item, sign_in

SIGN_IN_SECONDS = 25
REFRESH_SECONDS = 180
LOOKS_LIKE_A_TOKEN = re.compile(r"[0-9a-f]{40,}|eyJ[A-Za-z0-9_-]{20,}\.")


def test_a_person_signs_in_and_the_schedule_refreshes_the_token(
    stack: Stack, simulator: SimulatorControl, page: Page
) -> None:
    user = user_due_soon()

    sign_in(page, stack, user.user_id)

    assert page.url == f"{stack.base_url}/"
    expect(page.get_by_role("main")).to_contain_text(user.user_id)
    assert not LOOKS_LIKE_A_TOKEN.search(page.content())
    assert_is_the_session_cookie(only_cookie(page))
    assert read_session(page, stack)["user_id"] == user.user_id
    item = read_item(stack, user)
    assert item["status"] == {"S": "active"}
    generation = int(item["generation"]["N"])

    wait_until(lambda: read_generation(stack, user) != generation, seconds=REFRESH_SECONDS)

    assert read_generation(stack, user) == generation + 1
    [refresh] = [entry for entry in simulator.journal("token-refresh") if entry["grant"] == grant_of(simulator, user)]
    assert refresh["status"] == 200
    assert simulator.token_state(refresh["presented"]) == "void"
    after = read_session(page, stack)
    assert after["refreshed_at"] > after["issued_at"]


def test_whoever_denies_reads_so_and_finds_the_way_back_to_launch(stack: Stack, page: Page) -> None:
    page.goto(stack.launch_url)
    with page.expect_response(is_callback(stack)) as answer:
        page.get_by_role("button", name="Deny").click()

    assert answer.value.status == 400
    assert page.context.cookies(stack.base_url) == []
    page.get_by_role("link", name="try again").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_callback_with_a_foreign_state_is_refused_before_livepersons_token_endpoint_hears_of_it(
    stack: Stack, simulator: SimulatorControl, page: Page
) -> None:
    exchanges = len(simulator.journal("token-code"))
    page.goto(stack.launch_url)

    answer = page.goto(f"{stack.base_url}/callback?code=code-canary&state={'A' * 43}")

    assert answer is not None
    assert answer.status == 400
    expect(page.get_by_role("link", name="try again")).to_be_visible()
    assert len(simulator.journal("token-code")) == exchanges


def user_due_soon() -> User:
    """A user whose slot falls due in the next minute that leaves time to sign in before it."""
    minute = int((time.time() + SIGN_IN_SECONDS) // 60) + 1
    users = (User(account_id=SIMULATED_ACCOUNT, user_id=str(number)) for number in range(5_000_000, 6_000_000))
    return next(user for user in users if slot_of(user) % INTERVAL_MINUTES == minute % INTERVAL_MINUTES)


def only_cookie(page: Page) -> Cookie:
    """The one cookie that is left: the transaction's is gone."""
    [cookie] = page.context.cookies(page.url)
    return cookie


def assert_is_the_session_cookie(cookie: Cookie) -> None:
    assert cookie["name"] == "__Host-le-session"
    assert cookie["domain"] == "localhost"
    assert cookie["path"] == "/"
    assert cookie["secure"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"


def read_session(page: Page, stack: Stack) -> dict[str, Any]:
    """GET /session with the browser's cookies."""
    answer = page.context.request.get(f"{stack.base_url}/session")
    assert answer.status == 200
    identity: dict[str, Any] = answer.json()
    return identity


def read_generation(stack: Stack, user: User) -> int:
    return int(read_item(stack, user)["generation"]["N"])


def grant_of(simulator: SimulatorControl, user: User) -> str:
    [grant] = simulator.grants(user.user_id)
    assert grant["live"]
    assert grant["refreshes"] == 1
    return str(grant["id"])


def is_callback(stack: Stack) -> Callable[[Response], bool]:
    return lambda response: response.url.startswith(f"{stack.base_url}/callback")


def wait_until(has_come: Callable[[], bool], *, seconds: float) -> None:
    """Wait for what the schedule does in its own time."""
    deadline = time.monotonic() + seconds
    while not has_come():
        if time.monotonic() > deadline:
            pytest.fail(f"It did not come within {seconds:.0f} s; it is {datetime.now(UTC):%H:%M:%S}")
        time.sleep(0.5)
