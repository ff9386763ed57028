from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import wiring
from le_auth.announce import announce
from le_auth.domain.events import authorization_lost, user_signed_in
from le_auth.observe import flush_metrics
from tests.support.makers import ADA, BOB, NOON, an_identity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from le_auth.domain.events import Event

pytestmark = pytest.mark.usefixtures("service")

LOST = authorization_lost(ADA, reason="invalid_grant")


class Bus:
    """A bus that does not send as many events as it is told to, by reason."""

    def __init__(self, unsent: Counter[str] | Exception) -> None:
        self.unsent = unsent
        self.sent: list[tuple[Event, datetime]] = []

    def send(self, events: Sequence[Event], *, at: datetime) -> Counter[str]:
        self.sent += [(event, at) for event in events]
        if isinstance(self.unsent, Exception):
            raise self.unsent
        return self.unsent


def install(monkeypatch: pytest.MonkeyPatch, unsent: Counter[str] | Exception) -> Bus:
    bus = Bus(unsent)
    monkeypatch.setattr(wiring, "make_event_bus", lambda _environment: bus)
    monkeypatch.setattr(wiring, "utc_now", lambda: NOON)
    return bus


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    flush_metrics()
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_events_go_to_the_bus_with_the_moment_at_which_they_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bus = install(monkeypatch, Counter())

    announce(LOST, user_signed_in(an_identity(BOB)))

    assert bus.sent == [(LOST, NOON), (user_signed_in(an_identity(BOB)), NOON)]
    assert lines(capsys) == []


def test_events_that_were_not_sent_are_counted_and_logged_by_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, Counter(too_slow=3, InternalFailure=1))

    announce(LOST, LOST, LOST, LOST)

    *warnings, metrics = lines(capsys)
    assert [(line["level"], line["reason"], line["events"]) for line in warnings] == [
        ("WARNING", "too_slow", 3),
        ("WARNING", "InternalFailure", 1),
    ]
    assert sum(metrics["EventNotSent"]) == 4


def test_a_bug_is_logged_without_its_text_and_counted_and_goes_no_further(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install(monkeypatch, ZeroDivisionError("canary"))

    announce(LOST, LOST)

    output = lines(capsys)
    assert [line.get("error_type") or line.get("reason") for line in output[:2]] == ["ZeroDivisionError", "unexpected"]
    assert sum(output[2]["EventNotSent"]) == 2
    assert "canary" not in json.dumps(output)


def test_where_nothing_happened_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = install(monkeypatch, ZeroDivisionError())

    announce()

    assert bus.sent == []


@pytest.mark.parametrize("variable", [None, "", " "])
def test_without_a_bus_no_client_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str | None
) -> None:
    from le_auth.adapters import aws

    def refuse() -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr(aws, "events", refuse)
    monkeypatch.delenv("EVENT_BUS_NAME", raising=False)
    if variable is not None:
        monkeypatch.setenv("EVENT_BUS_NAME", variable)

    announce(LOST)

    assert lines(capsys) == []
