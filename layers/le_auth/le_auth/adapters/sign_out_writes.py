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

    from le_auth.domain.users import User

_TOKENS = "#sealed, #sealed_generation, #key_id, #access_expires_at"
_NOT_YET = "#generation < :number AND #session_epoch < :number AND #status <> :signed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOutWrites(ConditionalTable):
    """The port SignOutStore."""

    def sign_out_locally(self, user: User, *, number: int, now: datetime) -> None:
        """End the user's sessions and drop the tokens.

        Args:
            number: the new generation and session epoch, above the stored ones.

        Raises:
            GrantMovedError: a stored number is not smaller, or the user is signed out or unknown.
        """
        self.update(
            user,
            "SET #status = :signed_out, #generation = :number, #session_epoch = :number, #sign_out_scope = :scope, "
            f"#expires_at = :expires_at REMOVE #slot, {_TOKENS}, {ATTEMPT_IS_OVER}",
            condition=_NOT_YET,
            values={
                "signed_out": Status.SIGNED_OUT,
                "number": number,
                "scope": Scope.LOCAL,
                "expires_at": now + TERMINAL_IS_KEPT,
            },
        )

    def sign_out_of_liveperson(self, user: User, *, number: int) -> Grant:
        """End the user's sessions and keep the sealed tokens, in the schedule, until they are revoked.

        Gives the grant as it is now. Raises as `sign_out_locally`.
        """
        written = self.update(
            user,
            "SET #status = :signed_out, #revoked_generation = #generation, #generation = :number, "
            "#session_epoch = :number, #sign_out_scope = :scope, #slot = :slot "
            f"REMOVE #expires_at, {ATTEMPT_IS_OVER}",
            condition=_NOT_YET,
            values={
                "signed_out": Status.SIGNED_OUT,
                "number": number,
                "scope": Scope.LIVEPERSON,
                "slot": slot_of(user),
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
            f"SET #expires_at = :expires_at REMOVE #slot, {_TOKENS}, #failures, #last_error",
            condition=same_sign_out,
            values={
                "generation": grant.generation,
                "signed_out": Status.SIGNED_OUT,
                "expires_at": now + TERMINAL_IS_KEPT,
            },
        )
