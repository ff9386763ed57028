"""An installation in which all is well, before something is broken in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.installation import Installation


@pytest.fixture
def working(installation: Installation) -> Installation:
    """An installation with a user, in which the scheduler has just run."""
    installation.sign_in()
    installation.schedule()
    installation.work(installation.receive())
    return installation
