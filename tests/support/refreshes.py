"""Refreshes as LivePerson saw them, and refreshes whose tokens the table did not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation, Record


def refreshes(installation: Installation) -> int:
    """Count what LivePerson was asked."""
    return installation.simulator.journal.counts().get("token-refresh", 0)


def refresh_unsaved(installation: Installation, *users: User) -> list[Record]:
    """Have tokens refreshed that the table does not take; gives the rescues."""
    fault = installation.calls.order("UpdateItem", containing=":replaced")
    assert installation.work(installation.due(*users)) == []
    fault.times = 0
    return installation.receive_rescues()


def live_grants(installation: Installation) -> int:
    """Count the grants that LivePerson holds good."""
    return sum(grant.live for grant in installation.simulator.grants.all())
