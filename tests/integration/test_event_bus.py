"""Events on a real bus, held against the schema and the example that are published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from le_auth.announce import announce
from le_auth.domain.events import Event, authorization_lost, user_signed_in, user_signed_out
from le_auth.domain.grants import Scope
from le_auth.domain.id_token import Identity
from le_auth.errors import GrantRevokedError, IdentityMismatchError, RefusedForGoodError, RotationLostError
from tests.support.event_bus import DOCS, SCHEMA, install_bus, received, sign_in_and_lose
from tests.support.installation import ACCOUNT, ADA, INTERVAL, NOON, SECRET, Installation
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.browser import Browser


@pytest.fixture
def bus(installation: Installation) -> str:
    return install_bus(installation)


def detail_of(user: User, installation: Installation, **facts: object) -> dict[str, object]:
    who = {"account_id": user.account_id, "user_id": user.user_id}
    return {"version": 1, **who, "time": int(installation.now.timestamp()), **facts}


# ---- what arrives ----


def test_a_sign_in_arrives_on_the_bus(installation: Installation, browser: Browser, bus: str) -> None:
    browser.sign_in()

    [event] = received(installation.emulator, bus)
    assert (event["source"], event["detail-type"]) == ("le-app-auth", "UserSignedIn")
    assert event["detail"] == detail_of(ADA, installation, is_admin=True, is_lpa=False)


def test_a_sign_in_is_told_in_one_request_with_its_own_moment(
    installation: Installation, browser: Browser, bus: str
) -> None:
    assert bus
    browser.sign_in()

    [call] = installation.calls.of("PutEvents")
    assert [entry["Time"] for entry in call.params["Entries"]] == [NOON]
    assert installation.calls.operations[-1] == "PutEvents", "after the write"


def test_a_refused_sign_in_is_not_told(installation: Installation, browser: Browser, bus: str) -> None:
    assert browser.visit(browser.come_back(action="deny"))["statusCode"] == 400

    assert received(installation.emulator, bus) == []


def test_users_whose_authorization_a_refresh_finds_gone_arrive_and_the_others_do_not(
    installation: Installation, bus: str
) -> None:
    users = sign_in_and_lose(installation, *(str(number) for number in range(3001, 3013)))
    kept = installation.sign_in("4001")
    installation.go_on(INTERVAL)

    installation.work(installation.due(*users))
    installation.work(installation.due(kept))

    events = received(installation.emulator, bus)
    assert {event["detail-type"] for event in events} == {"AuthorizationLost"}
    assert sorted((event["detail"] for event in events), key=lambda detail: str(detail["user_id"])) == [
        detail_of(user, installation, reason="invalid_grant") for user in users
    ]
    assert [len(call.params["Entries"]) for call in installation.calls.of("PutEvents")] == [10, 2]


def test_an_authorization_that_is_found_gone_on_demand_arrives_once(installation: Installation, bus: str) -> None:
    [user] = sign_in_and_lose(installation, "1001")
    installation.go_on(INTERVAL)
    wish = {"account_id": user.account_id, "user_id": user.user_id}

    answers = [installation.invoke("access_token", wish) for _ in range(3)]

    assert [answer["error"] for answer in answers] == ["reauthorization_required"] * 3
    [event] = received(installation.emulator, bus)
    assert event["detail"] == detail_of(user, installation, reason="invalid_grant")


def test_the_example_stack_hands_on_lost_authorizations_only(installation: Installation, browser: Browser) -> None:
    outputs = installation.emulator.make_stack("my-app-events", (DOCS / "events-example.yaml").read_text())
    installation.configure(EventBusName=outputs["EventBusName"])
    browser.sign_in()
    [user] = sign_in_and_lose(installation, "2002")

    installation.work(installation.due(user))

    [event] = received(installation.emulator, outputs["QueueUrl"])
    assert (event["detail-type"], event["detail"]["user_id"]) == ("AuthorizationLost", "2002")


def test_point_28_no_event_holds_a_secret(installation: Installation, browser: Browser, bus: str) -> None:
    assert bus
    browser.sign_in()
    secrets = SecretsSeen(values={"client secret": SECRET, "cookie": browser.cookies["__Host-le-session"]})
    for token in installation.tokens(ADA):
        secrets.add("token", token)
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    installation.go_on(INTERVAL)
    installation.work(installation.due(ADA))

    sent = [json.dumps(call.params, default=str) for call in installation.calls.of("PutEvents")]

    assert len(sent) == 2
    assert secrets.found_in("".join(sent)) == []


def test_without_a_bus_nothing_is_sent(installation: Installation, browser: Browser) -> None:
    browser.sign_in()

    assert installation.calls.of("PutEvents") == []


# ---- the schema ----

EVERY_EVENT = [
    user_signed_in(Identity(user=ADA, is_admin=True, is_lpa=False)),
    *(authorization_lost(ADA, reason=e.reason) for e in (GrantRevokedError, RotationLostError, IdentityMismatchError)),
    *(user_signed_out(ADA, scope=scope) for scope in Scope),
]


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: f"{event.kind} {dict(event.facts)}")
def test_every_event_arrives_as_the_schema_says(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, bus: str, event: Event
) -> None:
    monkeypatch.setenv("EVENT_BUS_NAME", installation.deployed.parameters["EventBusName"])

    announce(event)

    [arrived] = received(installation.emulator, bus)
    assert (arrived["detail-type"], arrived["detail"]) == (event.kind, event.detail(at=NOON))


def test_the_schema_is_one_and_refuses_what_is_not_ours() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    example = json.loads((DOCS / "events.md").read_text().partition("```json\n")[2].partition("```")[0])
    validator = Draft202012Validator(SCHEMA)

    validator.validate(example)
    for change in (
        {"source": "other"},
        {"detail-type": "UserSignedIn"},
        {"detail": {**example["detail"], "version": 2}},
    ):
        assert not validator.is_valid({**example, **change}), change
    for missing in example["detail"]:
        rest = {name: value for name, value in example["detail"].items() if name != missing}
        assert not validator.is_valid({**example, "detail": rest}), missing


def test_the_schema_and_the_page_name_every_reason() -> None:
    losses = (GrantRevokedError, RotationLostError, IdentityMismatchError, RefusedForGoodError)
    reasons = [error.reason for error in losses]
    lost = next(each for each in SCHEMA["oneOf"] if each["properties"]["detail-type"]["const"] == "AuthorizationLost")

    assert lost["properties"]["detail"]["properties"]["reason"]["examples"] == reasons
    assert all(f"`{reason}`" in (DOCS / "events.md").read_text() for reason in reasons)
