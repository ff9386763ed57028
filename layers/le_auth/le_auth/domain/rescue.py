"""Rescue: rotated tokens that could not be saved wait, sealed, in a queue until the table is back.

Source: design, refresh invariants 4 and 5.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from le_auth.domain.grants import Renewal, Sealed
from le_auth.domain.users import User
from le_auth.errors import GrantMovedError, MisconfiguredError, TryLaterError

if TYPE_CHECKING:
    from le_auth.domain.grants import Grant
    from le_auth.domain.ports import Clock, GrantStore, SignOutStore
    from le_auth.domain.sign_out import SignOut

_SOON, _SOON_RECEIVES = timedelta(seconds=30), 200
_LATER = timedelta(minutes=5)


def rescue_pause(receives: int) -> timedelta:
    """Give when a rescue is tried again: every 30 s for a hundred minutes, then every 5 minutes for days.

    SQS moves a message to the dead letters after 1,000 receives at most: that is after 2.8 days.
    """
    return _SOON if receives <= _SOON_RECEIVES else _LATER


def write_rescue(renewal: Renewal) -> str:
    """Write a renewal as a message's body; its tokens are sealed."""
    expires_at = renewal.access_expires_at
    content = {
        "rescue": 1,
        "pk": renewal.user.pk,
        "replaces": renewal.replaces,
        "generation": renewal.sealed.generation,
        "key_id": renewal.sealed.key_id,
        "sealed": b64encode(renewal.sealed.data).decode(),
        "received_at": int(renewal.received_at.timestamp()),
        "access_expires_at": None if expires_at is None else int(expires_at.timestamp()),
    }
    return json.dumps(content)


def read_rescue(body: str) -> Renewal:
    """Read a message's body.

    Raises:
        ValueError: it is no rescue.
    """
    try:
        content = json.loads(body)
        if content["rescue"] != 1:
            raise ValueError("a rescue of another version")
        expires_at = content["access_expires_at"]
        replaces, generation = int(content["replaces"]), int(content["generation"])
        if generation != replaces + 1:
            raise ValueError("not the generation that follows the replaced one")
        return Renewal(
            user=User.read_pk(content["pk"]),
            replaces=replaces,
            sealed=Sealed(
                key_id=str(content["key_id"]),
                generation=generation,
                data=b64decode(content["sealed"], validate=True),
            ),
            received_at=datetime.fromtimestamp(content["received_at"], UTC),
            access_expires_at=None if expires_at is None else datetime.fromtimestamp(expires_at, UTC),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise ValueError("not a rescue") from error


class Landing(StrEnum):
    """What became of rescued tokens."""

    RESCUED = "rescued"
    REVOKED = "revoked"
    REVOCATION_DUE = "revocation_due"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Writes rescued tokens, unless the user's grant has moved on."""

    store: GrantStore
    sign_outs: SignOutStore
    sign_out: SignOut
    clock: Clock

    def land(self, renewal: Renewal) -> Landing:
        """Save rescued tokens under the condition of the save that failed.

        They are opened first: what does not open must not replace tokens that do.

        Raises:
            TableUnavailableError, GrantMovedError, SecretsUnavailableError: later.
            SealingKeyError, SecretError: an operator must act.
        """
        self.sign_out.channel.open(renewal.sealed, renewal.user)
        try:
            self.store.save_refresh(renewal)
        except GrantMovedError as error:
            if error.grant is not None and error.grant.wants_revoked(renewal.replaces):
                return self._revoke(renewal, error.grant)
            return Landing.RESCUED if is_saved(renewal, error.grant) else Landing.DROPPED
        return Landing.RESCUED

    def _revoke(self, renewal: Renewal, found: Grant) -> Landing:
        """Revoke tokens that came back after their user had signed out of LivePerson.

        The item remembers them first, so that no message has to wait for LivePerson: other users' refreshes look at
        whether the queue is empty.
        """
        if found.sealed is None or found.sealed.generation < renewal.sealed.generation:
            found = self._remember(renewal, found)
        try:
            self.sign_out.finish_revocation(found, now=self.clock())
        except (TryLaterError, MisconfiguredError):
            return Landing.REVOCATION_DUE
        return Landing.REVOKED

    def _remember(self, renewal: Renewal, found: Grant) -> Grant:
        try:
            return self.sign_outs.remember_revocation(found, renewal)
        except GrantMovedError as error:
            if error.grant is not None and is_saved(renewal, error.grant):
                return error.grant
            raise


def is_saved(renewal: Renewal, found: Grant | None) -> bool:
    """Tell whether the table already holds these very tokens: a write whose answer was lost."""
    return found is not None and found.sealed == renewal.sealed
