"""What sign-out writes: the end of the user's sessions, and a revocation that the item itself remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from le_auth.adapters.conditional_table import ConditionalTable
from le_auth.adapters.grant_items import read_grant
from le_auth.adapters.new_tokens import ATTEMPT_IS_OVER
from le_auth.adapters.refresh_writes import TERMINAL_IS_KEPT
from le_auth.domain.grants import Grant, Scope, Status
from le_auth.domain.slots import slot_of

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.grants import Renewal
    from le_auth.domain.users import User

_TOKENS = "#sealed, #sealed_generation, #key_id, #access_expires_at"
_NOT_YET = "#generation < :number AND #session_epoch = :session_epoch AND #status <> :signed_out"
_LEASE_IS_OVER = "#lease_owner, #lease_until, #grace_given, #failures, #last_error, #refused_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOutWrites(ConditionalTable):
    """The port SignOutStore."""

    def sign_out_locally(self, user: User, *, number: int, session_epoch: int, now: datetime) -> None:
        """End the user's sessions and drop the tokens.

        Args:
            number: the new generation and session epoch, above the stored ones.
            session_epoch: of the sessions that are to end.

        Raises:
            GrantMovedError: the stored generation is not smaller, the epoch is another, or the user is signed out or
                unknown.
        """
        self.update(
            user,
            "SET #status = :signed_out, #generation = :number, #session_epoch = :number, #sign_out_scope = :scope, "
            f"#expires_at = :expires_at REMOVE #slot, {_TOKENS}, {ATTEMPT_IS_OVER}",
            condition=_NOT_YET,
            values={
                "signed_out": Status.SIGNED_OUT,
                "number": number,
                "session_epoch": session_epoch,
                "scope": Scope.LOCAL,
                "expires_at": now + TERMINAL_IS_KEPT,
            },
        )

    def sign_out_of_liveperson(self, user: User, *, number: int, session_epoch: int) -> Grant:
        """End the user's sessions and keep the sealed tokens, in the schedule, until they are revoked.

        `unsettled` is kept too: it tells that what is revoked may not be the newest token.

        Gives the grant as it is now. Raises as `sign_out_locally`.
        """
        written = self.update(
            user,
            "SET #status = :signed_out, #revoked_generation = #generation, #generation = :number, "
            "#session_epoch = :number, #sign_out_scope = :scope, #slot = :slot "
            f"REMOVE #expires_at, {_LEASE_IS_OVER}",
            condition=_NOT_YET,
            values={
                "signed_out": Status.SIGNED_OUT,
                "number": number,
                "session_epoch": session_epoch,
                "scope": Scope.LIVEPERSON,
                "slot": slot_of(user),
            },
            returning="ALL_NEW",
        )
        return read_grant(written)

    def remember_revocation(self, grant: Grant, renewal: Renewal) -> Grant:
        """Keep tokens that came back after the sign-out, in the schedule, until they are revoked.

        The generation grows, so that a revocation under way of an older token does not drop this one.

        Gives the grant as it is now.

        Raises:
            GrantMovedError: the grant is not as it was found.
        """
        same_sign_out = "#generation = :generation AND #status = :signed_out"
        written = self.update(
            grant.user,
            "SET #sealed = :sealed, #sealed_generation = :sealed_generation, #key_id = :key_id, #slot = :slot, "
            "#generation = :next REMOVE #expires_at, #unsettled",
            condition=same_sign_out,
            values={
                "generation": grant.generation,
                "next": grant.generation + 1,
                "signed_out": Status.SIGNED_OUT,
                "sealed": renewal.sealed.data,
                "sealed_generation": renewal.sealed.generation,
                "key_id": renewal.sealed.key_id,
                "slot": slot_of(grant.user),
            },
            returning="ALL_NEW",
        )
        return read_grant(written)

    def finish_revocation(self, grant: Grant, *, now: datetime) -> None:
        """Drop the revoked tokens and leave the schedule.

        Raises:
            GrantMovedError: the user has signed in again, or the item is gone.
        """
        same_sign_out = "#generation = :generation AND #status = :signed_out"
        self.update(
            grant.user,
            f"SET #expires_at = :expires_at REMOVE #slot, {_TOKENS}, #unsettled, #failures, #last_error",
            condition=same_sign_out,
            values={
                "generation": grant.generation,
                "signed_out": Status.SIGNED_OUT,
                "expires_at": now + TERMINAL_IS_KEPT,
            },
        )
