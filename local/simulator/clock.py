"""The simulator's clock: the machine's, or one that only a test moves."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the time in aware UTC.

    Args:
        start: where the clock stands until it is moved; None: the machine's time, plus what it was advanced by.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self._offset = timedelta()

    def now(self) -> datetime:
        return (self._start or datetime.now(UTC)) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Move to a moment; a running clock runs on from there."""
        self._offset += moment - self.now()

    def reset(self) -> None:
        self._offset = timedelta()
