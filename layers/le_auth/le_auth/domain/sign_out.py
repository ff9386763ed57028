"""Sign-out: the local record is disabled first; then LivePerson is told, where that was asked for.

The item itself remembers a revocation that is due, so that neither a crash nor an outage drops it: the user's next
scheduled message finishes it.

Source: RFC 7009; LivePerson, revocation; design, refresh invariant 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from le_auth.domain.grants import Grant, Scope, Status
from le_auth.errors import (
    GrantMovedError,
    MisconfiguredError,
    RequestRefusedError,
    TableUnavailableError,
    TryLaterError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.back_channel import BackChannel
    from le_auth.domain.ports import SignOutStore
    from le_auth.domain.users import User


class Revocation(StrEnum):
    """What became of a sign-out at LivePerson.

    `UNCERTAIN`: what was revoked, if anything, may not have been the newest token, so LivePerson's session may live on.
    """

    NOT_ASKED = "not_asked"
    DONE = "done"
    DUE = "due"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    """Signs users out."""

    store: SignOutStore
    channel: BackChannel

    def sign_out(self, user: User, *, scope: Scope, session_epoch: int, now: datetime) -> Revocation:
        """End all sessions of a user here, and with scope `liveperson` also at LivePerson.

        Args:
            session_epoch: of the sessions that are to end. Where it is over already, nothing happens, so that a late or
                repeated sign-out never ends a newer sign-in.

        Gives what became of it there: `DUE` is done later, by the user's next scheduled message. Nobody being signed
        in is no error.

        Raises:
            TableUnavailableError: nothing was changed.
        """
        grant = end_sessions(self.store, user, scope=scope, session_epoch=session_epoch, now=now)
        if grant is None or not grant.revocation_is_due:
            return Revocation.NOT_ASKED
        try:
            return self.finish_revocation(grant, now=now)
        except (TryLaterError, MisconfiguredError):
            return Revocation.DUE

    def finish_revocation(self, grant: Grant, *, now: datetime) -> Revocation:
        """Revoke what a sign-out left to be revoked, and forget it.

        Raises:
            TryLaterError, MisconfiguredError: it is still due.
        """
        end = Revocation.DONE if grant.sealed is not None and not grant.unsettled else Revocation.UNCERTAIN
        if grant.sealed is not None:
            try:
                self.channel.revoke(grant.user, grant.sealed)
            except RequestRefusedError:
                end = Revocation.REFUSED
        try:
            self.store.finish_revocation(grant, now=now)
        except GrantMovedError:
            return end  # the user has signed in again meanwhile
        return end


def end_sessions(store: SignOutStore, user: User, *, scope: Scope, session_epoch: int, now: datetime) -> Grant | None:
    """End all sessions of a user here, under a number that was never used before; LivePerson is not told.

    Like a sign-in's, the number is drawn from the clock, or follows the stored one where that is ahead.

    Args:
        session_epoch: see SignOut.sign_out.

    Gives the grant as it is then, whose revocation may be due; None where there is no more.

    Raises:
        TableUnavailableError: nothing was changed.
    """
    number = max(int(now.timestamp() * 1000), session_epoch + 1)
    for _ in range(2):
        try:
            if scope is Scope.LIVEPERSON:
                return store.sign_out_of_liveperson(user, number=number, session_epoch=session_epoch)
            store.sign_out_locally(user, number=number, session_epoch=session_epoch, now=now)
        except GrantMovedError as error:
            found = error.grant
            if found is None or found.status is Status.SIGNED_OUT or found.session_epoch != session_epoch:
                return found
            number = max(number, found.generation + 1)
        else:
            return None
    raise TableUnavailableError("This user's record changed twice while it was being signed out.")
