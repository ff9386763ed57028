"""How far the scheduler got.

    finished_minute | the next minute: slot 7, slot 37 up to the cursor's key | not sent yet

Source: design, Table (checkpoint).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place within a minute's work: the slot, and the last key of it that was sent."""

    slot: int
    pk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where the work goes on.

    Args:
        finished_minute: minutes since the epoch; all up to it are done.
        interval: minutes between two refreshes, when that was written; None: an older version wrote it.
        cursor: where the next minute's work ran out of time; None: it begins at its start.
    """

    finished_minute: int
    interval: int | None = None
    cursor: Cursor | None = None

    def cursor_in(self, minute: int) -> Cursor | None:
        return self.cursor if minute == self.finished_minute + 1 else None
