"""What a refresh writes: the lease, and how each attempt ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.adapters.conditional_table import ConditionalTable
from le_auth.adapters.grant_items import read_grant
from le_auth.adapters.new_tokens import set_new_tokens
from le_auth.domain.grants import Grant, Lease, LeaseTerms, Status
from le_auth.domain.slots import slot_of
from le_auth.errors import GrantMovedError

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.grants import Renewal
    from le_auth.domain.users import User

TERMINAL_IS_KEPT = timedelta(days=30)
_IS_MINE = "#generation = :generation AND #lease_owner = :owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshWrites(ConditionalTable):
    """The port GrantStore."""

    def lease(self, user: User, terms: LeaseTerms) -> Lease:
        """Take the one lease on a user's grant.

        One update and no read: the answer is the item as it was. It also proves the table writable before the refresh
        token is spent.

        Raises:
            GrantMovedError: the terms are not met.
        """
        conditions = ["#status = :active", "(attribute_not_exists(#lease_until) OR #lease_until < :now)"]
        values: dict[str, Any] = {"active": Status.ACTIVE, "now": terms.now, "owner": terms.owner, "until": terms.until}
        if terms.due_at is not None:
            conditions.append("#refreshed_at < :due_at")
            values["due_at"] = terms.due_at
        if terms.generation is not None:
            conditions.append("#generation = :generation")
            values["generation"] = terms.generation
        if terms.used_since is not None:
            conditions.append("#last_used_at >= :used_since")
            values["used_since"] = terms.used_since
        try:
            found = self.update(
                user,
                "SET #lease_owner = :owner, #lease_until = :until REMOVE #grace_given ADD #unsettled :one",
                condition=" AND ".join(conditions),
                values=values | {"one": 1},
                returning="ALL_OLD",
            )
        except GrantMovedError as error:
            if error.grant is not None and error.grant.lease_owner == terms.owner:
                # Our own lease, whose first answer was lost. What it found of a grace is lost with that answer.
                return terms.lease_of(error.grant, unsettled=error.grant.unsettled, grace_given=False)
            raise
        grant = read_grant(found)
        return terms.lease_of(grant, unsettled=grant.unsettled + 1, grace_given=grant.grace_given)

    def give_grace(self, lease: Lease, *, until: datetime) -> None:
        """Hold the lease longer without sending anything, so that a rescue may land first.

        Numbers are set, not added, so that a repetition by the client after a lost answer changes nothing.
        """
        self.update(
            lease.grant.user,
            "SET #lease_until = :until, #grace_given = :grace_given, #unsettled = :unsettled",
            condition=_IS_MINE,
            values=_mine(lease) | {"until": until, "grace_given": True, "unsettled": lease.unsettled - 1},
        )

    def still_holds(self, lease: Lease) -> bool:
        """Tell by a consistent read whether the lease is still the one in force."""
        grant = self.find(lease.grant.user)
        return grant is not None and (grant.generation, grant.lease_owner) == (lease.grant.generation, lease.owner)

    def save_refresh(self, renewal: Renewal) -> None:
        """Store what a refresh brought.

        Raises:
            GrantMovedError: the grant is no longer the one that was refreshed.
        """
        same_grant = "#generation = :replaced"
        tokens_set, tokens_removed, values = set_new_tokens(
            renewal.user,
            renewal.sealed,
            received_at=renewal.received_at,
            access_expires_at=renewal.access_expires_at,
        )
        self.update(
            renewal.user,
            f"SET #generation = :generation, {tokens_set} REMOVE {tokens_removed}",
            condition=same_grant,
            values=values | {"replaced": renewal.replaces},
        )

    def give_back(
        self, lease: Lease, *, settled: bool, failures: int, last_error: str, refused_since: datetime | None = None
    ) -> None:
        """End a lease after a failed attempt.

        Where nothing was rotated, the item is as the lease found it, its grace included. An attempt whose end is not
        known stays counted as unsettled, and the next one waits for a grace of its own.
        """
        values: dict[str, Any] = {"failures": failures, "last_error": last_error}
        if lease.grace_given and settled:
            values["grace_given"] = True
        if refused_since is not None:
            values["refused_since"] = refused_since
        self.update(
            lease.grant.user,
            f"SET {', '.join(f'#{name} = :{name}' for name in values)} REMOVE #lease_owner, #lease_until"
            + ("" if refused_since is not None else ", #refused_since")
            + (" ADD #unsettled :less_one" if settled else ""),
            condition=_IS_MINE,
            values=_mine(lease) | values | ({"less_one": -1} if settled else {}),
        )

    def end_grant(self, lease: Lease, *, reason: str) -> None:
        """Store that the user must sign in again. The generation stays, so that a rescued token can still land.

        The slot stays until that is told, so that the next scheduled message tells it if whoever stored it dies.
        """
        expires_at = lease.until + TERMINAL_IS_KEPT
        self.update(
            lease.grant.user,
            "SET #status = :reauthorize, #last_error = :last_error, #expires_at = :expires_at, #slot = :slot "
            "REMOVE #sealed, #lease_owner, #lease_until, #unsettled, #grace_given, #failures, #refused_since",
            condition=_IS_MINE,
            values=_mine(lease)
            | {
                "reauthorize": Status.REAUTHORIZE,
                "last_error": reason,
                "expires_at": expires_at,
                "slot": slot_of(lease.grant.user),
            },
        )

    def note_loss_told(self, user: User) -> None:
        """Leave the schedule, unless the user has signed in meanwhile."""
        self.update(
            user, "REMOVE #slot", condition="#status = :reauthorize", values={"reauthorize": Status.REAUTHORIZE}
        )

    def rest_idle(self, grant: Grant) -> None:
        """Take an idle grant out of the schedule, unless it was used meanwhile.

        Nor a user's who signed out meanwhile: there the slot remembers a revocation that is due.
        """
        still_idle = "#status = :active AND #last_used_at = :last_used_at"
        values = {"active": Status.ACTIVE, "last_used_at": grant.last_used_at}
        self.update(grant.user, "REMOVE #slot", condition=still_idle, values=values)

    def note_use(self, grant: Grant, *, now: datetime) -> None:
        """Note that the tokens are used, and take an idle grant back into the schedule."""
        still_active = "#status = :active AND #last_used_at = :last_used_at"
        self.update(
            grant.user,
            "SET #last_used_at = :now, #slot = :slot",
            condition=still_active,
            values={
                "active": Status.ACTIVE,
                "last_used_at": grant.last_used_at,
                "now": now,
                "slot": slot_of(grant.user),
            },
        )


def _mine(lease: Lease) -> dict[str, Any]:
    return {"generation": lease.grant.generation, "owner": lease.owner}
