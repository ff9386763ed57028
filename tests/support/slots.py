"""Users who are refreshed in a minute that a test chooses."""

from __future__ import annotations

from itertools import islice

from le_auth.domain.slots import slot_of
from le_auth.domain.users import User
from tests.support.installation import ACCOUNT


def users_of_slot(slot: int, count: int, *, account: str = ACCOUNT) -> list[User]:
    """Find users who are refreshed in this minute of the hour."""
    everybody = (User(account_id=account, user_id=str(number)) for number in range(5000, 50_000))
    return list(islice((user for user in everybody if slot_of(user) == slot), count))
