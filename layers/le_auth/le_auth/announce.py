"""Telling the application's event bus what happened: after the write, at most a second, and whatever comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth import observe, wiring
from le_auth.settings import Environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from le_auth.domain.events import Event


def announce(*events: Event) -> None:
    """Send events to the bus that EVENT_BUS_NAME names, where it names one; nothing is raised.

    What cannot be sent is logged and counted: the table is the truth, and nobody waits for a bus.
    """
    if not events:
        return
    try:
        bus = wiring.make_event_bus(Environment.of_process())
        unsent: Mapping[str, int] = {} if bus is None else bus.send(events, at=wiring.utc_now())
    except Exception as error:  # noqa: BLE001 - what happened has happened, whether it is told or not
        observe.log_unexpected(error)
        unsent = {"unexpected": len(events)}
    for reason, number in unsent.items():
        observe.count("EventNotSent", number)
        observe.the_logger().warning("events not sent", extra={"reason": reason, "events": number})
