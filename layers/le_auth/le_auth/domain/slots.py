"""When a user's tokens are due: the minute of the hour.

The slot is a hash of the user's key, so load is spread evenly over the hour and a user's slot never moves. With an
interval of 30 minutes the slots 7 and 37 are both due at minutes 7 and 37 of each hour.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from le_auth.domain.users import User

SLOTS = 60


def slot_of(user: User) -> int:
    """Give the minute of the hour, 0 to 59, in which this user is refreshed."""
    return int.from_bytes(hashlib.sha256(user.pk.encode()).digest()[:8]) % SLOTS


def due_slots(minute: int, *, interval: int) -> list[int]:
    """List the slots that are due in a minute.

    Args:
        minute: minutes since the epoch.
        interval: minutes between two refreshes, a divisor of 60.
    """
    return list(range(minute % interval, SLOTS, interval))


def next_due(slot: int, *, interval: timedelta, now: datetime) -> datetime:
    """Give the beginning of the next minute in which a slot is due."""
    minutes = int(interval.total_seconds()) // 60
    this_minute = int(now.timestamp()) // 60
    ahead = (slot - this_minute - 1) % minutes + 1
    return datetime.fromtimestamp((this_minute + ahead) * 60, UTC)


def minutes_to_work(minute: int, *, finished: int | None, interval: int) -> range:
    """List the minutes whose slots are to be worked off now: this one and those missed since `finished`.

    More than one interval is never caught up, since every slot comes round once in each.
    """
    if finished is None:
        return range(minute, minute + 1)
    return range(max(finished + 1, minute - interval + 1), minute + 1)
