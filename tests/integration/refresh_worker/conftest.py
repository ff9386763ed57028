"""Whose tokens the worker refreshes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.installation import INTERVAL, OTHER_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from le_auth.domain.users import User
    from tests.support.installation import Installation


@pytest.fixture
def ada(installation: Installation) -> Iterator[User]:
    """Somebody who signed in at noon; it is half past."""
    user = installation.sign_in("1001")
    installation.go_on(INTERVAL)
    yield user
    assert max(installation.simulator.journal.peak_by_grant.values(), default=0) <= 1, "two refreshes at once"


@pytest.fixture
def carol(installation: Installation, ada: User) -> User:
    """Somebody of another account who signed in a moment before half past."""
    assert ada.account_id != OTHER_ACCOUNT
    return installation.sign_in("2001", account=OTHER_ACCOUNT)
