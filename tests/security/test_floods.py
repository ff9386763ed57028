"""Point 30: what a flood of requests costs, and that none of them changes a stored token."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from functions.callback import app
from le_auth.adapters import aws
from le_auth.domain import transactions
from le_auth.domain.client_secrets import with_each_secret
from le_auth.domain.launch import Launch
from le_auth.domain.secret import Secret
from le_auth.domain.transactions import Transaction
from le_auth.errors import CodeRefusedError, LeAuthError
from tests.support.breaks import broken_by, broken_by_template
from tests.support.installation import ACCOUNT, ADA
from tests.support.processed_template import only_resource_of_type

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.launch import Launched
    from tests.support.browser import Browser
    from tests.support.installation import Installation

FLOOD = 100


def note_in_table(pk: str) -> None:
    """Write something to an item, as a function would that keeps count."""
    (table,) = (name for name in aws.dynamodb().list_tables()["TableNames"] if name.startswith("tokens-"))
    values: Any = {":one": {"N": "1"}}
    aws.dynamodb().update_item(
        TableName=table, Key={"pk": {"S": pk}}, UpdateExpression="ADD noted :one", ExpressionAttributeValues=values
    )


def writes_at_launch() -> dict[str, object]:
    start = Launch.start

    def start_and_note(self: Launch, **options: Any) -> Launched:
        note_in_table(ADA.pk)
        return start(self, **options)

    return {"le_auth.domain.launch.Launch.start": start_and_note}


@broken_by("launch writes", writes_at_launch())
def test_point_30_a_flood_of_launches_costs_no_write_and_nothing_at_sentinel(
    installation: Installation, browser: Browser
) -> None:
    for number in range(FLOOD):
        browser.cookies = {f"__Host-le-tx-{number:08x}": "x"}
        assert browser.visit("/launch?return_to=/app")["statusCode"] == 302

    assert installation.calls.made == []
    assert installation.simulator.journal.counts() == {"domain": 1}


def without_cookie(_: object, *, state: Secret, now: datetime) -> Transaction:
    state_hash = transactions.hash_state(state)
    return Transaction(state_hash=state_hash, account_id=ACCOUNT, return_to=None, issued_at=now)


FIND = "le_auth.domain.sign_in.find_transaction"


@broken_by("no cookie is asked for", {FIND: without_cookie})
def test_point_30_a_flood_of_callbacks_whose_state_has_no_cookie_costs_nothing(
    installation: Installation, browser: Browser
) -> None:
    for number in range(FLOOD):
        browser.cookies = {f"__Host-le-tx-{number:08x}": "x"}
        assert browser.visit(f"/callback?state={secrets.token_urlsafe(32)}&code=x")["statusCode"] == 400

    assert installation.calls.made == []
    assert installation.simulator.journal.counts() == {}


def self_made(installation: Installation, browser: Browser) -> str:
    """Have the browser make up a transaction; gives the callback that fits it."""
    state = Secret(secrets.token_urlsafe(32))
    transaction = Transaction(
        state_hash=transactions.hash_state(state), account_id=ACCOUNT, return_to=None, issued_at=installation.now
    )
    browser.cookies = {transaction.cookie_name: transaction.write()}
    return f"/callback?state={state.reveal()}&code={secrets.token_urlsafe(32)}"


def tries_again(*args: Any, **options: Any) -> Any:
    try:
        return with_each_secret(*args, **options)
    except CodeRefusedError:
        return with_each_secret(*args, **options)


@broken_by("a refused code is sent again", {"le_auth.domain.sign_in.with_each_secret": tries_again})
def test_point_30_a_callback_with_a_self_made_cookie_costs_one_write_and_one_request(
    installation: Installation, browser: Browser
) -> None:
    for _ in range(FLOOD):
        assert browser.visit(self_made(installation, browser))["statusCode"] == 400

    operations = installation.calls.operations
    assert installation.simulator.journal.counts() == {"domain": 1, "token-code": FLOOD}
    assert operations.count("PutItem") == FLOOD
    assert operations.count("GetSecretValue") == 2
    assert len(operations) == FLOOD + 2


@broken_by(
    "states are not consumed", {"le_auth.adapters.sign_in_writes.SignInWrites.consume_state": lambda *_, **__: None}
)
def test_point_30_the_same_one_over_and_over_costs_one_request_in_all(
    installation: Installation, browser: Browser
) -> None:
    callback, cookies = self_made(installation, browser), dict(browser.cookies)
    for _ in range(FLOOD):
        browser.cookies = dict(cookies)
        assert browser.visit(callback)["statusCode"] == 400

    assert installation.simulator.journal.counts() == {"domain": 1, "token-code": 1}
    assert installation.calls.operations.count("PutItem") == FLOOD


FAILING: list[tuple[str, str, dict[str, Any]]] = [
    ("token-code", "status", {"status": 400}),
    ("token-code", "status", {"status": 500}),
    ("token-code", "drop-after", {}),
    ("token-code", "token-type", {}),
    ("token-code", "id-claims", {"claims": {"aud": "another"}}),
    ("token-code", "id-claims", {"claims": {"exp": 1}}),
    ("token-code", "missing-fields", {"names": ["id_token"]}),
]


def notes_failures(*args: Any, **options: Any) -> Any:
    try:
        return FINISH(*args, **options)
    except LeAuthError:
        note_in_table(ADA.pk)
        raise


FINISH = app.finish


@broken_by("launch writes", writes_at_launch())
@broken_by("a failure is noted on the user's item", {"functions.callback.app.finish": notes_failures})
def test_point_30_no_launch_and_no_failed_callback_changes_a_stored_token(
    installation: Installation, browser: Browser
) -> None:
    installation.sign_in()
    before = installation.item(ADA)
    statuses = [browser.visit(browser.come_back(action="deny"))["statusCode"]]
    for endpoint, kind, details in FAILING:
        installation.simulator.faults.order(endpoint, kind, **details)
        statuses.append(browser.visit(browser.come_back())["statusCode"])
    statuses += [
        browser.visit(self_made(installation, browser))["statusCode"],
        browser.visit("/callback")["statusCode"],
    ]

    assert installation.item(ADA) == before
    assert set(statuses) == {400, 502}


# ---- the throttle in front of it all ----


def stage_without(*keys: str) -> Any:
    def change(resources: dict[str, Any]) -> None:
        (stage,) = [each for each in resources.values() if each["Type"] == "AWS::ApiGatewayV2::Stage"]
        for key in keys:
            del stage["Properties"][key]

    return change


@broken_by_template("no throttle of their own", stage_without("RouteSettings"))
@broken_by_template("no throttle at all", stage_without("RouteSettings", "DefaultRouteSettings"))
def test_point_30_the_open_routes_are_throttled_by_api_gateway() -> None:
    stage = only_resource_of_type("AWS::ApiGatewayV2::Stage")
    limits = stage.get("RouteSettings", {})

    for route in ("GET /launch", "GET /callback"):
        assert route in limits
        assert 0 < limits[route]["ThrottlingRateLimit"] <= 50
        assert 0 < limits[route]["ThrottlingBurstLimit"] <= 100
    assert 0 < stage["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 100
