"""Keeping what a refresh brought: saved, or rescued, or lost and said so, before the lease ends.

    POST --- save, again and again --- rescue, again and again ---|--- 60 s for clocks that differ ---| lease ends

Source: design, refresh invariants 3 to 5.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Renewal
from le_auth.domain.rescue import is_saved
from le_auth.errors import (
    GrantMovedError,
    RescueUnavailableError,
    RotationUnsavedError,
    TableUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.grants import Lease
    from le_auth.domain.ports import GrantStore, Rescues, Sealer, SignOutStore
    from le_auth.domain.tokens import Tokens

_ATTEMPT = timedelta(seconds=12)
"""The longest that one write takes, to the table or to the queue, by their clients' time-outs and attempts."""
_PAUSE = timedelta(seconds=1)
RESCUE_TIME = _PAUSE + _ATTEMPT


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKeeper:
    """Keeps rotated tokens.

    Args:
        sign_outs: the table too; it remembers a revocation that is due.
        pause: sleeps for a time; between two attempts to write.
    """

    store: GrantStore
    sign_outs: SignOutStore
    rescues: Rescues
    pause: Callable[[timedelta], None]

    def keep(self, lease: Lease, tokens: Tokens, sealer: Sealer) -> bool:
        """Save the new tokens, again and again while the lease lasts; False where they had to be rescued.

        Raises:
            GrantMovedError: the user signed in or out meanwhile; what is stored is newer.
            RotationUnsavedError: neither the table nor the queue could be written in time.
        """
        user, generation = lease.grant.user, lease.grant.generation
        renewal = Renewal(
            user=user,
            replaces=generation,
            sealed=sealer.seal_tokens(tokens, user=user, generation=generation + 1),
            received_at=tokens.received_at,
            access_expires_at=tokens.expires_at,
        )
        try:
            self.write(lease, lambda: self.store.save_refresh(renewal), kept=RESCUE_TIME)
        except GrantMovedError as error:
            if not is_saved(renewal, error.grant):
                self._settle_late(lease, renewal, error)
                raise
        except TableUnavailableError:
            self._rescue(lease, renewal)
            return False
        return True

    def _rescue(self, lease: Lease, renewal: Renewal) -> None:
        while True:
            try:
                self.rescues.send(renewal)
            except RescueUnavailableError as error:
                if not lease.outlasts(_PAUSE + _ATTEMPT):
                    raise RotationUnsavedError("Neither table nor queue took the new tokens in time.") from error
                self.pause(_PAUSE)
            else:
                return

    def _settle_late(self, lease: Lease, renewal: Renewal, moved: GrantMovedError) -> None:
        """Have tokens revoked that came back after a sign-out from LivePerson (design, refresh invariant 5).

        The table has just answered, so the item remembers them first; the user's next scheduled message would revoke
        them. RescueQueue does it sooner.
        """
        found = moved.grant
        if found is None or found.revoked_generation is None or renewal.replaces > found.revoked_generation:
            return
        moved.late = "left_to_lapse"
        if found.wants_revoked(renewal.replaces):
            with suppress(TableUnavailableError, GrantMovedError):
                self.write(lease, lambda: self.sign_outs.remember_revocation(found, renewal), kept=RESCUE_TIME)
                moved.late = "revocation_queued"
            with suppress(RotationUnsavedError):  # nobody's sign-in is lost: the user has signed out
                self._rescue(lease, renewal)
                moved.late = "revocation_queued"

    def write(self, lease: Lease, write: Callable[[], object], *, kept: timedelta = timedelta()) -> None:
        """Write, again and again while the lease lasts, less a time that is kept for what follows a failure.

        Raises:
            TableUnavailableError: the last attempt failed too.
        """
        while True:
            try:
                write()
            except TableUnavailableError:
                if not lease.outlasts(_PAUSE + _ATTEMPT + kept):
                    raise
                self.pause(_PAUSE)
            else:
                return
