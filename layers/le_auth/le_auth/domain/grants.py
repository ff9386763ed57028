"""What the table holds of one user's authorization, and the lease that guards its refresh token.

Source: design, Table and refresh invariants 1 to 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from le_auth.domain.ports import TimeLeft
    from le_auth.domain.users import User


class Status(StrEnum):
    ACTIVE = "active"
    REAUTHORIZE = "reauthorize"
    SIGNED_OUT = "signed_out"


class Scope(StrEnum):
    """How far a sign-out reaches: this application, or all LivePerson applications of the user."""

    LOCAL = "local"
    LIVEPERSON = "liveperson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Tokens as stored: encrypted, and bound to their user and generation."""

    key_id: str
    generation: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One user's item.

    Args:
        generation: grows with each sign-in, refresh and sign-out; every write names the one that it replaces.
        session_epoch: sessions of another epoch are over.
        refreshed_at: when these tokens were obtained; issued_at: when the user signed in.
        access_expires_at: where Sentinel gave a lifetime.
        unsettled: refresh attempts since the last save whose end is not known.
        failures: failed attempts in a row; last_error: the reason of the last.
        refused_since: where Sentinel refused all of them without saying what is wrong: when it began.
        sign_out_scope: of a signed-out user.
        revoked_generation: what the last sign-out from LivePerson replaced; a later sign-in leaves it in place.
    """

    user: User
    status: Status
    generation: int
    session_epoch: int
    issued_at: datetime
    refreshed_at: datetime
    last_used_at: datetime
    is_admin: bool
    is_lpa: bool
    slot: int | None = None
    access_expires_at: datetime | None = None
    sealed: Sealed | None = None
    lease_owner: str | None = None
    lease_until: datetime | None = None
    unsettled: int = 0
    grace_given: bool = False
    failures: int = 0
    last_error: str | None = None
    refused_since: datetime | None = None
    sign_out_scope: Scope | None = None
    revoked_generation: int | None = None

    @property
    def revocation_is_due(self) -> bool:
        """Whether the user signed out of LivePerson and LivePerson has not heard of it yet."""
        is_signed_out = self.status is Status.SIGNED_OUT and self.sign_out_scope is Scope.LIVEPERSON
        return is_signed_out and self.slot is not None

    @property
    def loss_is_untold(self) -> bool:
        """Whether the user must sign in again and nobody may have been told: whoever stored it may have died."""
        return self.status is Status.REAUTHORIZE and self.slot is not None

    def wants_revoked(self, replaced: int) -> bool:
        """Tell whether tokens that came back too late are to be revoked.

        Not where the user has signed in again since: LivePerson's revocation is user-wide and would end that session.

        Args:
            replaced: the generation that the tokens were meant to replace.
        """
        is_signed_out = self.status is Status.SIGNED_OUT and self.sign_out_scope is Scope.LIVEPERSON
        return is_signed_out and self.revoked_generation is not None and replaced <= self.revoked_generation


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What a refresh brought, sealed, and which generation it replaces; saved at once, or rescued and saved later.

    Args:
        received_at: when Sentinel answered.
        access_expires_at: None where Sentinel gave no lifetime.
    """

    user: User
    replaces: int
    sealed: Sealed
    received_at: datetime
    access_expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to spend a grant's refresh token, until a moment.

    Args:
        grant: as the lease found it.
        owner: a fresh value for each attempt.
        until: by the wall clock, as stored: by it others tell whether the lease is over.
        time_left: until then, by a clock that nobody sets: by it the holder tells.
        unsettled: attempts whose end is not known, this one included.
        grace_given: as the lease found it; the lease cleared it.
    """

    grant: Grant
    owner: str
    until: datetime
    time_left: TimeLeft
    unsettled: int
    grace_given: bool

    def outlasts(self, duration: timedelta) -> bool:
        """Tell whether the lease will still be held after the duration, by clocks that may differ by 60 s."""
        return self.time_left() >= duration + LEASE_CLOCK_SKEW


LEASE_CLOCK_SKEW = timedelta(seconds=60)


class Refusal(StrEnum):
    """Why a lease was refused."""

    GONE = "gone"
    NOT_ACTIVE = "not_active"
    FRESH = "fresh"
    HELD = "held"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """Under which conditions a lease is taken.

    Args:
        until, time_left: when it ends; see Lease.
        due_at: a scheduled refresh: refused where the tokens are at least as new.
        generation: an on-demand refresh: refused where the grant is no longer of this generation.
        used_since: refused where the grant was last used before; None: never idle.
    """

    owner: str
    now: datetime
    until: datetime
    time_left: TimeLeft
    due_at: datetime | None = None
    generation: int | None = None
    used_since: datetime | None = None

    def lease_of(self, grant: Grant, *, unsettled: int, grace_given: bool) -> Lease:
        """Draw up the lease on a grant, as it was found, on these terms."""
        return Lease(
            grant=grant,
            owner=self.owner,
            until=self.until,
            time_left=self.time_left,
            unsettled=unsettled,
            grace_given=grace_given,
        )

    def why_refused(self, grant: Grant | None) -> Refusal:
        """Read from the item as it is why the table refused the lease."""
        if grant is None:
            return Refusal.GONE
        if grant.status is not Status.ACTIVE:
            return Refusal.NOT_ACTIVE
        if self.due_at is not None and grant.refreshed_at >= self.due_at:
            return Refusal.FRESH
        if self.generation is not None and grant.generation != self.generation:
            return Refusal.FRESH
        if self.used_since is not None and grant.last_used_at < self.used_since:
            return Refusal.IDLE
        return Refusal.HELD
