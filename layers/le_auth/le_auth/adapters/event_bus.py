"""The application's event bus in EventBridge: one attempt within a second, and nobody waits for it any longer."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from itertools import batched
from threading import Thread
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from le_auth.domain.events import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

    from le_auth.domain.events import Event

BATCH = 10
PATIENCE = 1.0
"""Seconds that sending may take in all, the making of the client and the look-up of its host included."""
LAST_START = 0.5
"""Seconds after which no further request is begun: by the client's time-outs it would not end in time."""
TOO_SLOW = "too_slow"
UNREADABLE = "unreadable_answer"
_SENT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBus:
    """The bus.

    Args:
        make_client: gives a client whose time-outs add up to `PATIENCE` at most and that does not try again.
        name: of the bus.
        patience: seconds, see `PATIENCE`.
        stopwatch: seconds from any start.
    """

    make_client: Callable[[], EventBridgeClient]
    name: str
    patience: float = PATIENCE
    stopwatch: Callable[[], float] = time.monotonic

    def send(self, events: Sequence[Event], *, at: datetime) -> Counter[str]:
        """Send events, ten at a time, and give up after `patience`; gives how many were not sent, by reason.

        The client times each wait, not the whole, and not the look-up of a host name. So it works in a thread, which
        in the rare case is left behind: it ends by its next time-out, and nobody listens to it any more.

        Args:
            at: when it happened, aware UTC.
        """
        outcomes: list[str] = []
        sender = Thread(target=self._send, args=(events, at, outcomes), daemon=True)
        sender.start()
        sender.join(self.patience)
        known = outcomes.copy()
        unsent = Counter(outcome for outcome in known if outcome != _SENT)
        unsent[TOO_SLOW] += len(events) - len(known)
        return +unsent

    def _send(self, events: Sequence[Event], at: datetime, outcomes: list[str]) -> None:
        """Write down each event's outcome in turn; after an error, that of all the rest."""
        begun_at = self.stopwatch()
        try:
            client = self.make_client()
            try:
                for batch in batched(events, BATCH, strict=False):
                    if self.stopwatch() - begun_at > LAST_START:
                        return
                    outcomes += self._put(client, batch, at)
            finally:
                # A process that Lambda froze does not see the peer hang up: a kept connection may be dead by the next
                # invocation, and there is no second attempt.
                client.close()
        except ClientError as error:
            outcomes += [error.response["Error"]["Code"]] * (len(events) - len(outcomes))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must change nothing
            outcomes += [type(error).__name__] * (len(events) - len(outcomes))

    def _put(self, client: EventBridgeClient, events: Sequence[Event], at: datetime) -> list[str]:
        """Send one request. An answer of 200 may refuse single events, and has an entry for each."""
        answer = client.put_events(Entries=[self._entry(event, at) for event in events])
        entries = answer.get("Entries", [])
        if len(entries) != len(events):
            return [UNREADABLE] * len(events)
        return [entry.get("ErrorCode", _SENT) for entry in entries]

    def _entry(self, event: Event, at: datetime) -> PutEventsRequestEntryTypeDef:
        return {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": event.kind,
            "Detail": json.dumps(event.detail(at=at)),
            "Time": at,
        }
