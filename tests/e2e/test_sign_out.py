"""A person signs out through a real browser, of the deployed system with its real roles."""

from playwright.sync_api import Page, expect

from le_auth.domain.users import User
from local.runner.options import SIMULATED_ACCOUNT
from local.runner.stack import Stack
from tests.e2e.simulator_control import SimulatorControl
from tests.e2e.steps import read_item, sign_in

CAROL, DAN = (User(account_id=SIMULATED_ACCOUNT, user_id=user_id) for user_id in ("70001", "70002"))


def test_a_person_signs_out_of_the_application_and_stays_signed_in_to_liveperson(
    stack: Stack, simulator: SimulatorControl, page: Page
) -> None:
    sign_in(page, stack, CAROL.user_id)

    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert page.context.cookies(stack.base_url) == []
    assert page.context.request.get(f"{stack.base_url}/session").status == 401
    item = read_item(stack, CAROL)
    assert (item["status"], "sealed" in item) == ({"S": "signed_out"}, False)
    [grant] = simulator.grants(CAROL.user_id)
    assert grant["live"]

    page.goto(stack.launch_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed in")


def test_a_person_signs_out_of_liveperson_too_after_being_asked(
    stack: Stack, simulator: SimulatorControl, page: Page
) -> None:
    sign_in(page, stack, DAN.user_id)

    page.get_by_role("link", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign out of LivePerson?")
    page.get_by_role("button", name="Sign out everywhere").click()

    expect(page.get_by_role("main")).to_contain_text("with all other LivePerson applications have ended")
    assert "sealed" not in read_item(stack, DAN)
    [grant] = simulator.grants(DAN.user_id)
    assert not grant["live"]

    page.goto(stack.launch_url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
