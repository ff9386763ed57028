"""Least privilege, from both ends: what the functions ask of AWS is granted, and what is granted is asked.

The flows below go every way that reaches AWS. A new function needs a line in tests/support/installation.py's FUNCTIONS
and a flow here; a call of AWS that no flow reaches fails a test too.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

from functions.callback import app
from le_auth.domain.slots import slot_of
from tests.support.api_events import authorizer_event, guarded_event
from tests.support.breaks import broken_by, broken_by_template
from tests.support.event_bus import install_bus
from tests.support.fake_lambda import FakeLambda
from tests.support.installation import ACCOUNT, ADA, BASE_URL, INTERVAL, SECRET
from tests.support.permissions import Permission, Used, granted, operations_in_the_code
from tests.support.processed_template import as_list, properties, resources_of_type
from tests.support.template import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.users import User
    from tests.support.browser import Browser
    from tests.support.installation import Installation


# What Lambda does in a function's name, which no call of the function shows.
WRITES_ITS_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
POLLS_ITS_QUEUES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def sign_in(installation: Installation, browser: Browser) -> None:
    """Sign in, twice in the same moment; deny; come back a second time; be refused; look at the session."""
    browser.sign_in()
    browser.sign_in()
    browser.visit(browser.come_back(action="deny"))
    callback, cookies = browser.come_back(), dict(browser.cookies)
    browser.visit(callback)
    browser.cookies.update(cookies)
    browser.visit(callback)
    installation.put_app_install_secret("canary-wrong-secret")
    installation.go_on(timedelta(minutes=6))
    browser.visit(browser.come_back())
    browser.visit("/")
    browser.visit("/session")


def read_a_forged_session(installation: Installation, browser: Browser) -> None:
    """Bring a session that was sealed with another key."""
    browser.sign_in()
    installation.go_on(timedelta(minutes=2))
    browser.cookies["__Host-le-session"] = "0." + "A" * 80
    browser.visit("/session")


def refresh_on_schedule(installation: Installation, browser: Browser) -> None:
    """Let the schedule find a user, the worker refresh her, and a second message find her fresh."""
    browser.sign_in()
    for _ in range(2):
        installation.go_on(INTERVAL)
        installation.schedule(at=installation.now + timedelta(minutes=slot_of(ADA) % 30))
        installation.work(installation.receive())
    installation.work(installation.due(ADA))


def fail_to_refresh(installation: Installation, browser: Browser) -> None:
    """Fail in each way that ends in another write: a passing failure, a lost grant, a user who is idle."""
    browser.sign_in()
    for fault in ({"status": 500}, {"status": 429}, {"status": 400, "body": '{"error": "invalid_grant"}'}):
        installation.go_on(INTERVAL)
        installation.simulator.faults.order("token-refresh", "status", **fault)
        installation.work(installation.due(ADA))
    browser.sign_in()
    installation.go_on(timedelta(days=15))
    installation.work(installation.due(ADA))


def stay_unsaved(installation: Installation, attempt: Callable[[User], object]) -> None:
    """Lose Sentinel's answer, wait, look whether a rescue is under way; then refresh while the table takes nothing."""
    user = installation.sign_in("3001")
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "drop-before")
    for pause in (timedelta(seconds=6), timedelta(minutes=5), timedelta(minutes=5), INTERVAL):
        attempt(user)
        installation.go_on(pause)
    installation.calls.order("UpdateItem", containing=":replaced")
    attempt(user)
    installation.calls.clear()


def refresh_into_the_rescue_queue(installation: Installation, _: Browser) -> None:
    """The same by the worker, and a rescue that lands at the second try."""
    stay_unsaved(installation, lambda user: installation.work(installation.due(user)))
    rescues = installation.receive_rescues()
    installation.calls.order("UpdateItem")
    installation.land(rescues)
    installation.calls.clear()
    installation.land(rescues)


def vend(installation: Installation, _: Browser) -> None:
    """Give tokens to a back end, fresh and stale, and go the same ways as the worker."""
    wish = {"account_id": ACCOUNT, "user_id": "3001"}
    stay_unsaved(installation, lambda _: installation.invoke("access_token", wish))
    installation.land(installation.receive_rescues())
    installation.invoke("access_token", wish)
    installation.go_on(INTERVAL)
    lost = '{"error": "invalid_grant"}'
    installation.simulator.faults.order("token-refresh", "status", status=400, body=lost)
    installation.invoke("access_token", wish)


def sign_out(installation: Installation, browser: Browser) -> None:
    """Sign out here, then of LivePerson, which fails at first and is done by the worker later."""
    browser.sign_in()
    browser.call("/logout", origin=BASE_URL)
    browser.sign_in()
    installation.simulator.faults.order("revoke", "status", status=500)
    browser.call("/logout?scope=liveperson", origin=BASE_URL)
    installation.go_on(INTERVAL)
    installation.work(installation.due(ADA))


def ask_the_authorizer(installation: Installation, browser: Browser) -> None:
    """Have API Gateway ask about a request for a route of the application."""
    browser.sign_in()
    cookies = [f"{name}={value}" for name, value in browser.cookies.items()]
    installation.invoke("authorizer", authorizer_event("/own/route", cookies=cookies))


FLOWS: list[Callable[[Installation, Browser], None]] = [
    sign_in,
    read_a_forged_session,
    refresh_on_schedule,
    fail_to_refresh,
    refresh_into_the_rescue_queue,
    vend,
    sign_out,
    ask_the_authorizer,
]


def run_every_flow(installation: Installation, new_browser: Callable[[], Browser]) -> Used:
    used = Used(installation=installation)
    install_bus(installation)
    for flow in FLOWS:
        flow(installation, new_browser())
        installation.put_app_install_secret(SECRET)
        installation.start_cold()
    call_the_example(used)
    return used


def call_the_example(used: Used) -> None:
    """Let the example's function ask for a token; its client of Lambda is its own."""
    installation = used.installation
    user = installation.sign_in("4001")

    def invoke(payload: Any) -> Any:
        used.others["example"] = {Permission("lambda:InvokeFunction", "AccessTokenFunction")}
        return {"access_token": payload["user_id"]}

    installation.monkeypatch.setattr(installation.module("example"), "the_lambda", lambda: FakeLambda(invoke))
    person = {"account_id": user.account_id, "user_id": user.user_id}
    installation.invoke("example", guarded_event("/example/me", person))


def done_by_lambda(function: str) -> set[Permission]:
    """Give what Lambda needs of a function's role to run it."""
    log = properties(FUNCTIONS[function])["LoggingConfig"]["LogGroup"]["Ref"]
    queues = [
        source["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        for source in resources_of_type("AWS::Lambda::EventSourceMapping").values()
        if source["Properties"]["FunctionName"]["Ref"] == FUNCTIONS[function]
    ]
    return {
        *(Permission(action, log) for action in WRITES_ITS_LOG),
        *(Permission(action, queue) for action, queue in product(POLLS_ITS_QUEUES, queues)),
    }


def reads_before_it_signs_in(*args: Any, **options: Any) -> Any:
    app.the_sign_in().store.find(ADA)  # type: ignore[attr-defined]
    return FINISH(*args, **options)


FINISH = app.finish


def statements(resources: dict[str, Any], role: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def allow(role: str, action: str, resource: object) -> Callable[[dict[str, Any]], None]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return lambda resources: statements(resources, role).append(statement)


def forbid(role: str, action: str) -> Callable[[dict[str, Any]], None]:
    def change(resources: dict[str, Any]) -> None:
        for statement in statements(resources, role):
            if action in statement.get("Action", ()):
                statement["Action"] = [each for each in as_list(statement["Action"]) if each != action]

    return change


TABLE = {"Fn::GetAtt": ["TokenTable", "Arn"]}


@broken_by("callback reads an item too", {"functions.callback.app.finish": reads_before_it_signs_in})
@broken_by_template("launch may read the table", allow("LaunchRole", "dynamodb:GetItem", TABLE))
@broken_by_template("the worker may delete items", allow("RefreshWorkerRole", "dynamodb:DeleteItem", TABLE))
@broken_by_template("session may read all secrets", allow("SessionRole", "secretsmanager:GetSecretValue", "*"))
@broken_by_template("the worker may not poll", forbid("RefreshWorkerRole", "sqs:DeleteMessage"))
@broken_by_template("session may not read the table", forbid("SessionRole", "dynamodb:GetItem"))
def test_each_function_may_do_what_it_does_and_does_what_it_may(
    installation: Installation, new_browser: Callable[[], Browser]
) -> None:
    used = run_every_flow(installation, new_browser)

    for function, logical_id in FUNCTIONS.items():
        allowed = {permission for permission, _ in granted(logical_id)}
        assert used.permissions(function) | done_by_lambda(function) == allowed, function


def without_condition(resources: dict[str, Any]) -> None:
    for statement in statements(resources, "RefreshSchedulerRole"):
        statement.pop("Condition", None)


@broken_by_template("any item", without_condition)
def test_the_scheduler_touches_the_items_that_its_role_names_and_no_others(
    installation: Installation, new_browser: Callable[[], Browser]
) -> None:
    used = run_every_flow(installation, new_browser)

    conditions = {
        permission.action: condition
        for permission, condition in granted(FUNCTIONS["refresh_scheduler"])
        if permission.resource == "TokenTable"
    }
    assert set(conditions) == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    for action, condition in conditions.items():
        leading = condition.get("ForAllValues:StringEquals", {}).get("dynamodb:LeadingKeys")
        assert leading is not None
        assert used.keys("refresh_scheduler", action) == set(leading)


def test_the_flows_reach_every_call_of_aws_that_stands_in_the_code(
    installation: Installation, new_browser: Callable[[], Browser]
) -> None:
    used = run_every_flow(installation, new_browser)

    assert operations_in_the_code() == {operation.lower() for operation in used.operations()}
