"""The minute's work: a message for each token that is due.

Source: design, Table (slots, index, checkpoint).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from le_auth.domain.checkpoint import Checkpoint, Cursor
from le_auth.domain.scheduled import DueToken
from le_auth.domain.slots import due_slots, minutes_to_work
from le_auth.domain.users import User

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from le_auth.domain.ports import Clock, TimeLeft

CLOCK_SKEW = timedelta(minutes=5)
SECONDS_KEPT = timedelta(seconds=10)
"""No further page is begun when less of the invocation is left."""


class Schedule(Protocol):
    """The table, as the scheduler needs it."""

    def find_checkpoint(self) -> Checkpoint | None: ...

    def finish_minute(self, minute: int, *, interval: int) -> bool:
        """Advance the checkpoint, or take it over from another interval; False where it already stands further."""

    def pause_minute(self, minute: int, cursor: Cursor, *, interval: int) -> None:
        """Advance the checkpoint into a minute that is not finished, unless somebody else has finished it."""

    def due(self, slot: int, *, after: str | None = None) -> Iterator[Sequence[str]]:
        """Give the partition keys of a slot in their order, page by page: all, or those after a key."""


class Queue(Protocol):
    def send(self, messages: Sequence[DueToken]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one invocation did.

    Args:
        minutes: those finished, this one or more where some had been missed.
        due: messages sent.
        skipped: keys in the index that are no user's; one such key must not stop the minute.
        complete: False where time ran out; the next minute goes on from there.
    """

    minutes: int
    due: int
    complete: bool
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """Sends what is due.

    Args:
        interval: minutes between two refreshes, a divisor of 60.
    """

    schedule: Schedule
    queue: Queue
    interval: int
    clock: Clock

    def run(self, *, event_time: datetime, time_left: TimeLeft) -> Round:
        """Work off the event's minute and those missed before it. A doubled event finds nothing left to do.

        Where the interval has been changed, all minutes of a new interval count as missed: so nobody waits for longer
        than the longer of the two. Whose tokens are newer than their minute is left alone by the worker.

        Args:
            event_time: when the schedule fired. One that lies ahead counts as now, or the checkpoint would run ahead
                and no minute be worked off until then.
            time_left: when it gets short, the next minute goes on.
        """
        now = self.clock()
        minute = int((event_time if event_time <= now + CLOCK_SKEW else now).timestamp()) // 60
        checkpoint = self._checkpoint(minute)
        finished = None if checkpoint is None else checkpoint.finished_minute
        minutes = sent = skipped = 0
        for missed in minutes_to_work(minute, finished=finished, interval=self.interval):
            cursor = None if checkpoint is None else checkpoint.cursor_in(missed)
            for slot, keys in self._pages(missed, cursor):
                if time_left() < SECONDS_KEPT:
                    if cursor is not None:
                        self.schedule.pause_minute(missed, cursor, interval=self.interval)
                    return Round(minutes=minutes, due=sent, skipped=skipped, complete=False)
                page = _read_page(keys, due_at=datetime.fromtimestamp(missed * 60, UTC))
                self.queue.send(page)
                sent += len(page)
                skipped += len(keys) - len(page)
                cursor = Cursor(slot=slot, pk=keys[-1])
            if not self.schedule.finish_minute(missed, interval=self.interval):
                break
            minutes += 1
        return Round(minutes=minutes, due=sent, skipped=skipped, complete=True)

    def _checkpoint(self, minute: int) -> Checkpoint | None:
        found = self.schedule.find_checkpoint()
        if found is None or found.interval in {None, self.interval}:
            return found
        return Checkpoint(finished_minute=minute - self.interval, interval=self.interval)

    def _pages(self, minute: int, cursor: Cursor | None) -> Iterator[tuple[int, Sequence[str]]]:
        """Give what is due in a minute, slot by slot, page by page, from the cursor on."""
        for slot in due_slots(minute, interval=self.interval):
            if cursor is None or slot >= cursor.slot:
                after = cursor.pk if cursor is not None and slot == cursor.slot else None
                yield from ((slot, keys) for keys in self.schedule.due(slot, after=after) if keys)


def _read_page(keys: Sequence[str], *, due_at: datetime) -> list[DueToken]:
    """Make the messages of those keys that are users'."""
    page = []
    for pk in keys:
        with suppress(ValueError):
            page.append(DueToken(user=User.read_pk(pk), due_at=due_at))
    return page
