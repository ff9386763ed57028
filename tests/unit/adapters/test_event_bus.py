from __future__ import annotations

import json
from collections import deque
from threading import Event as Signal
from threading import active_count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError

from le_auth.adapters import aws
from le_auth.adapters.event_bus import BATCH, LAST_START, PATIENCE, TOO_SLOW, UNREADABLE, EventBus
from le_auth.domain.events import authorization_lost
from tests.support.fakes_aws import FakeEventBridge, client_error
from tests.support.makers import NOON, a_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_events import EventBridgeClient

    from le_auth.domain.events import Event


def events(number: int) -> list[Event]:
    return [authorization_lost(a_user(index), reason="invalid_grant") for index in range(number)]


def bus_of(events_service: FakeEventBridge) -> EventBus:
    return EventBus(make_client=events_service.make_client, name="my-app", stopwatch=lambda: 0)


def test_an_event_names_bus_source_kind_and_moment() -> None:
    service = FakeEventBridge()

    unsent = bus_of(service).send(events(1), at=NOON)

    [[entry]] = service.requests
    assert not unsent
    assert json.loads(entry.pop("Detail")) == events(1)[0].detail(at=NOON)
    assert entry == {
        "EventBusName": "my-app",
        "Source": "le-app-auth",
        "DetailType": "AuthorizationLost",
        "Time": NOON,
    }


@pytest.mark.parametrize(("number", "requests"), [(1, [1]), (10, [10]), (11, [10, 1]), (100, [10] * 10)])
def test_events_are_sent_ten_at_a_time_each_once(number: int, requests: list[int]) -> None:
    service = FakeEventBridge()

    assert not bus_of(service).send(events(number), at=NOON)

    assert [len(request) for request in service.requests] == requests
    sent = [json.loads(entry["Detail"])["user_id"] for request in service.requests for entry in request]
    assert sent == [event.user.user_id for event in events(number)]


def test_events_that_an_answer_of_200_refuses_are_told_by_their_codes_and_not_sent_again() -> None:
    service = FakeEventBridge(
        refusals=deque([{0: "ThrottlingException", 3: "InternalFailure"}, {1: "InternalFailure"}])
    )

    unsent = bus_of(service).send(events(12), at=NOON)

    assert unsent == {"ThrottlingException": 1, "InternalFailure": 2}
    assert len(service.requests) == 2


def test_an_answer_that_does_not_tell_of_each_event_tells_nothing() -> None:
    service = FakeEventBridge(forgets=1)

    assert bus_of(service).send(events(12), at=NOON) == {UNREADABLE: 12}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (client_error("AccessDeniedException"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="https://events.example"), "EndpointConnectionError"),
        (KeyError("canary"), "KeyError"),
    ],
)
def test_after_an_error_nothing_more_is_tried_and_all_the_rest_counts_as_unsent(error: Exception, reason: str) -> None:
    service = FakeEventBridge(refusals=deque([{}, error]))

    unsent = bus_of(service).send(events(25), at=NOON)

    assert unsent == {reason: 15}
    assert len(service.requests) == 2


def test_a_client_that_cannot_be_made_is_told_like_any_error() -> None:
    def fail() -> EventBridgeClient:
        raise client_error("NoRegion")

    assert EventBus(make_client=fail, name="my-app").send(events(2), at=NOON) == {"NoRegion": 2}


def test_the_connection_is_closed_each_time_since_it_may_be_dead_by_the_next() -> None:
    service = FakeEventBridge(refusals=deque([{}, client_error("AccessDeniedException")]))

    bus_of(service).send(events(1), at=NOON)
    bus_of(service).send(events(1), at=NOON)

    assert service.closed == 2


def test_no_request_is_begun_that_would_not_end_in_time() -> None:
    seconds = iter([0, 0.1, LAST_START, LAST_START + 0.01])
    service = FakeEventBridge()

    unsent = EventBus(make_client=service.make_client, name="my-app", stopwatch=lambda: next(seconds)).send(
        events(45), at=NOON
    )

    assert [len(request) for request in service.requests] == [BATCH, BATCH]
    assert unsent == {TOO_SLOW: 25}


@pytest.fixture
def hold() -> Iterator[Signal]:
    """Holds a request up until it is set."""
    hold = Signal()
    yield hold
    hold.set()


def test_a_request_that_does_not_end_is_waited_for_no_longer_than_the_patience_lasts(hold: Signal) -> None:
    service = FakeEventBridge(then=lambda: hold.wait(10))
    bus = EventBus(make_client=service.make_client, name="my-app", patience=0.05)
    threads = active_count()

    assert bus.send(events(12), at=NOON) == {TOO_SLOW: 12}
    assert active_count() == threads + 1, "the one that hangs"


def test_what_was_sent_before_a_request_that_does_not_end_counts_as_sent(hold: Signal) -> None:
    service = FakeEventBridge()
    service.then = lambda: len(service.requests) > 1 and hold.wait(10)
    bus = EventBus(make_client=service.make_client, name="my-app", patience=0.2)

    assert bus.send(events(25), at=NOON) == {TOO_SLOW: 15}


def test_a_host_that_cannot_be_looked_up_holds_nobody_up(hold: Signal) -> None:
    def make_client() -> EventBridgeClient:
        hold.wait(10)
        raise EndpointConnectionError(endpoint_url="https://events.example")

    bus = EventBus(make_client=make_client, name="my-app", patience=0.05)

    assert bus.send(events(1), at=NOON) == {TOO_SLOW: 1}


def test_the_clients_own_time_outs_add_up_to_the_patience_and_it_does_not_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, Any] = {}
    monkeypatch.setattr("boto3.client", lambda service, *, config: made.update({service: config}))

    aws.events.__wrapped__()

    config = made["events"]
    assert config.connect_timeout + config.read_timeout == PATIENCE
    assert LAST_START + config.read_timeout == PATIENCE
    assert config.retries["total_max_attempts"] == 1
