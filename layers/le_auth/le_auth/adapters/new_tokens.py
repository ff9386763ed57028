"""What every write of new tokens sets and removes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from le_auth.domain.grants import Status
from le_auth.domain.slots import slot_of

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.grants import Sealed
    from le_auth.domain.users import User

ATTEMPT_IS_OVER = "#lease_owner, #lease_until, #unsettled, #grace_given, #failures, #last_error, #refused_since"


def set_new_tokens(
    user: User, sealed: Sealed, *, received_at: datetime, access_expires_at: datetime | None
) -> tuple[str, str, dict[str, Any]]:
    """Give what is set, what is removed, and the values."""
    expiry = "#access_expires_at"
    values: dict[str, Any] = {
        "active": Status.ACTIVE,
        "generation": sealed.generation,
        "key_id": sealed.key_id,
        "now": received_at,
        "sealed": sealed.data,
        "slot": slot_of(user),
    }
    set_always = (
        "#status = :active, #sealed = :sealed, #sealed_generation = :generation, #key_id = :key_id, "
        "#refreshed_at = :now, #slot = :slot"
    )
    removed_always = f"{ATTEMPT_IS_OVER}, #expires_at"
    if access_expires_at is None:
        return set_always, f"{removed_always}, {expiry}", values
    return f"{set_always}, {expiry} = :expiry", removed_always, values | {"expiry": access_expires_at}
