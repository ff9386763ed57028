"""Changing the sealing-key secret, and when an old key may go.

A key's id is the time at which it was added, so nothing else needs to remember it. Functions take ids of up to 16
letters and digits.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from le_auth.domain.secret import Secret
from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST_REST = timedelta(days=14)
"""How long a rescued token may wait in RescueQueue and its dead letters."""
_ID_FORM = "%Y%m%dT%H%M%SZ"
_KEY_BYTES = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """One key.

    Args:
        added_at: aware UTC; None: its id does not tell.
        droppable_at: when nothing needs it any more; None: never, or it cannot be told.
        is_newest: it is the one that seals.
    """

    key_id: str
    key: Secret = field(repr=False)
    added_at: datetime | None
    droppable_at: datetime | None
    is_newest: bool


def read_keys(keys: Mapping[str, Secret], *, idle: timedelta | None) -> list[SealingKey]:
    """Tell when each key was added and may go.

    A key is out of use since the next newer one was added; then `idle` passes until every token that it sealed was
    either sealed anew or is idle, and 14 days more for those in RescueQueue.

    Args:
        keys: {id: key}, newest first.
        idle: None: tokens never become idle, so there is no such day.
    """
    found: list[SealingKey] = []
    replaced_at: datetime | None = None
    for number, (key_id, key) in enumerate(keys.items()):
        droppable_at = None if replaced_at is None or idle is None else _day_after(replaced_at + idle + LONGEST_REST)
        added_at = _read_id(key_id)
        found.append(
            SealingKey(key_id=key_id, key=key, added_at=added_at, droppable_at=droppable_at, is_newest=number == 0)
        )
        replaced_at = added_at
    return found


def add_key(keys: Sequence[SealingKey], *, now: datetime) -> Secret:
    """Give the secret's text with a new key in front."""
    key_id = now.astimezone(UTC).strftime(_ID_FORM)
    if any(key.key_id == key_id for key in keys):
        raise OperatorError("A key was added this very second.", reason="key_exists")
    return _write([(key_id, Secret(secrets.token_urlsafe(_KEY_BYTES))), *((key.key_id, key.key) for key in keys)])


def drop_key(keys: Sequence[SealingKey], key_id: str) -> Secret:
    """Give the secret's text without a key."""
    return _write([(key.key_id, key.key) for key in keys if key.key_id != key_id])


def _write(keys: Sequence[tuple[str, Secret]]) -> Secret:
    return Secret(json.dumps({"keys": [{"id": key_id, "key": key.reveal()} for key_id, key in keys]}))


def _day_after(moment: datetime) -> datetime:
    """Give the midnight that follows: who is told a day may act on all of it."""
    return (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0)


def _read_id(key_id: str) -> datetime | None:
    try:
        return datetime.strptime(key_id, _ID_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
