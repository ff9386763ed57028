"""What must be so at the end, after all has been well for some intervals."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Grant, Scope, Status
from tests.faults.seconds import OVER
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from tests.faults.view import View

IDLE = timedelta(days=14)


def wrong_in_the_end(view: View) -> str | None:
    """Name what is wrong although all has been well for some intervals."""
    found = view.found
    if view.history.is_untold or (found is not None and found.status is Status.REAUTHORIZE and found.slot is not None):
        return "nobody was told of the loss"
    if found is None or found.status is Status.REAUTHORIZE:
        return None
    if found.status is Status.SIGNED_OUT:
        return _wrong_when_signed_out(view, found)
    if found.slot is None:
        return None if view.now - found.last_used_at >= IDLE else "is never refreshed"
    if view.stored is None or view.stored.state != "live":
        return "the stored token is void"
    behind = view.now - found.refreshed_at
    return None if behind <= INTERVAL + OVER else f"not refreshed for {behind}"


def _wrong_when_signed_out(view: View, found: Grant) -> str | None:
    if found.sealed is not None or found.slot is not None:
        return "something is kept"
    history = view.history
    owed = history.last_stored
    if found.sign_out_scope is Scope.LOCAL or owed is None or not view.grants[owed].live:
        return None
    if owed in history.lost or owed in history.given_up or history.revocation_was_refused:
        return None
    return "is not revoked at LivePerson"
