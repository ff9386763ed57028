"""The stack is deployed with other parameters while somebody is signed in, who must notice nothing."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page

from le_auth.domain.slots import slot_of
from le_auth.domain.users import User
from local.runner.options import SIMULATED_ACCOUNT, SIMULATED_APP_INSTALL
from local.runner.places import Places
from local.runner.sam import Sam, own_turn
from local.runner.stack import Stack
from tests.e2e.conftest import INTERVAL_MINUTES
from tests.e2e.simulator_control import SimulatorControl
from tests.e2e.steps import read_item, sign_in
from tests.support.template import read_template

OTHER_ACCOUNT = "le87654321"
OTHER_INTERVAL = 15
HOUR = 3600


@pytest.fixture
def deploy(stack: Stack, places: Places) -> Iterator[Callable[[Mapping[str, str]], object]]:
    """Deploy with parameters changed; what was before comes back after the test."""
    defaults = {name: str(declared.get("Default", "")) for name, declared in read_template()["Parameters"].items()}
    changed: set[str] = set()

    def deploy(parameters: Mapping[str, str]) -> object:
        changed.update(parameters)
        with own_turn(places):
            return Sam(places, stack.aws).deploy({**stack.parameters, **parameters})

    yield deploy
    deploy({name: stack.parameters.get(name, defaults[name]) for name in changed})  # one that is not named stays


def test_interval_domain_and_accounts_are_changed_and_nobody_is_lost(
    stack: Stack, simulator: SimulatorControl, page: Page, deploy: Callable[[Mapping[str, str]], object]
) -> None:
    user = user_not_due_soon()
    sign_in(page, stack, user.user_id)
    run_scheduler(stack)
    let_an_hour_pass(stack, user)
    before = read_item(stack, user)
    assert launch_of(stack, OTHER_ACCOUNT) == 400

    deploy(
        {
            "RefreshIntervalMinutes": str(OTHER_INTERVAL),
            "IdleDays": "30",
            "MaxConcurrentRefreshes": "128",
            "SentinelDomain": urlsplit(str(stack.simulator_url)).netloc,
            "AppInstalls": f"{stack.parameters['AppInstalls']},{OTHER_ACCOUNT}={SIMULATED_APP_INSTALL}",
        }
    )

    assert page.context.request.get(f"{stack.base_url}/session").json()["user_id"] == user.user_id
    simulator.order_fault("domain", "status", status=500, times=None)
    try:
        assert launch_of(stack, OTHER_ACCOUNT) == 302
        run_scheduler(stack)
        after = wait_for_another_generation(stack, user, before)
    finally:
        simulator.clear_faults()
    assert int(after["generation"]["N"]) == int(before["generation"]["N"]) + 1
    assert after["status"] == {"S": "active"}
    assert after["session_epoch"] == before["session_epoch"]
    assert checkpoint(stack)["interval_minutes"] == {"N": str(OTHER_INTERVAL)}
    assert page.context.request.get(f"{stack.base_url}/session").status == 200
    [grant] = simulator.grants(user.user_id)
    assert grant["live"]


def user_not_due_soon() -> User:
    """A user whose slot was due two minutes ago: only the changed interval gives them a turn."""
    minute = int(time.time()) // 60 - 2
    users = (User(account_id=SIMULATED_ACCOUNT, user_id=str(number)) for number in range(4_000_000, 5_000_000))
    return next(user for user in users if slot_of(user) % INTERVAL_MINUTES == minute % INTERVAL_MINUTES)


def let_an_hour_pass(stack: Stack, user: User) -> None:
    """Make a user's tokens an hour older than they are."""
    stack.aws.dynamodb.update_item(
        TableName=stack.deployed.outputs["TokenTableName"],
        Key={"pk": {"S": user.pk}},
        UpdateExpression="ADD refreshed_at :less_an_hour",
        ExpressionAttributeValues={":less_an_hour": {"N": str(-HOUR)}},
    )


def launch_of(stack: Stack, account: str) -> int:
    answer = requests.get(f"{stack.launch_url}?account_id={account}", allow_redirects=False, timeout=30)
    return answer.status_code


def run_scheduler(stack: Stack) -> None:
    """Do what the schedule will do within the minute."""
    event = {"time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    answer = stack.aws.functions.invoke(
        FunctionName=stack.deployed.functions["RefreshSchedulerFunction"], Payload=json.dumps(event)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def checkpoint(stack: Stack) -> Mapping[str, object]:
    answer = stack.aws.dynamodb.get_item(
        TableName=stack.deployed.outputs["TokenTableName"], Key={"pk": {"S": "#scheduler"}}, ConsistentRead=True
    )
    return dict(answer["Item"])


def wait_for_another_generation(stack: Stack, user: User, before: Mapping[str, object]) -> dict[str, dict[str, str]]:
    deadline = time.monotonic() + 30
    while (item := read_item(stack, user))["generation"] == before["generation"]:
        assert time.monotonic() < deadline, "not refreshed within 30 s"
        time.sleep(0.1)
    return item
