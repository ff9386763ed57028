"""What several of these tests do in the browser, and where they look."""

from typing import Any

from playwright.sync_api import Page

from le_auth.domain.users import User
from local.runner.stack import Stack
from local.simulator import DEFAULT_PASSWORD


def sign_in(page: Page, stack: Stack, name: str) -> None:
    """Sign in from launch to where the person lands.

    Args:
        name: a user name that the simulator knows, or any user id.
    """
    page.goto(stack.launch_url)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(DEFAULT_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.base_url}/**")


def read_item(stack: Stack, user: User) -> dict[str, Any]:
    answer = stack.aws.dynamodb.get_item(
        TableName=stack.deployed.outputs["TokenTableName"], Key={"pk": {"S": user.pk}}, ConsistentRead=True
    )
    return dict(answer["Item"])
