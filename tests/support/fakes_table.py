"""TokenTable in memory, under the very conditions of `le_auth.adapters.token_table`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from le_auth.domain.grants import Grant, Lease, LeaseTerms, Scope, Sealed, Status
from le_auth.domain.slots import SLOTS, slot_of
from le_auth.errors import GrantMovedError, TransactionExpiredError
from tests.support.fakes_mishaps import Mishaps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from le_auth.domain.grants import Renewal
    from le_auth.domain.id_token import Identity
    from le_auth.domain.tokens import Tokens
    from le_auth.domain.users import User

_ATTEMPT_IS_OVER: dict[str, Any] = {
    "lease_owner": None,
    "lease_until": None,
    "unsettled": 0,
    "grace_given": False,
    "failures": 0,
    "last_error": None,
    "refused_since": None,
}


@dataclass(slots=True)
class FakeTable(Mishaps):
    """The ports GrantFinder, SignInStore, GrantStore and SignOutStore."""

    grants: dict[User, Grant] = field(default_factory=dict)
    used_states: set[str] = field(default_factory=set)

    def put(self, grant: Grant) -> None:
        self.grants[grant.user] = grant

    def consume_state(self, state_hash: str, *, now: datetime) -> None:  # noqa: ARG002 - the port's form
        self._begin("consume_state")
        if state_hash in self.used_states:
            raise TransactionExpiredError("This sign-in was finished before.")
        self.used_states.add(state_hash)

    def save_sign_in(self, identity: Identity, tokens: Tokens, sealed: Sealed, *, session_epoch: int) -> int:
        self._begin("save_sign_in")
        user, now = identity.user, _second(tokens.received_at)

        def write() -> int:
            found = self.grants.get(user)
            if found is not None and not found.generation < sealed.generation:
                raise GrantMovedError(found)
            revoked = None if found is None else found.revoked_generation
            blank = Grant(
                user=user,
                status=Status.ACTIVE,
                generation=sealed.generation,
                session_epoch=session_epoch if found is None else found.session_epoch,
                issued_at=now,
                refreshed_at=now,
                last_used_at=now,
                is_admin=identity.is_admin,
                is_lpa=identity.is_lpa,
                revoked_generation=revoked,
            )
            received_at, expires_at = tokens.received_at, tokens.expires_at
            self.put(_with_tokens(blank, sealed, received_at=received_at, expires_at=expires_at))
            return self.grants[user].session_epoch

        return self._answer("save_sign_in", write)

    def lease(self, user: User, terms: LeaseTerms) -> Lease:
        self._begin("lease")

        def write() -> Lease:
            found = self.grants.get(user)
            if found is None or not _may_lease(found, terms):
                if found is not None and found.lease_owner == terms.owner:
                    return terms.lease_of(found, unsettled=found.unsettled, grace_given=False)
                raise GrantMovedError(found)
            unsettled = found.unsettled + 1
            lease_until = _second(terms.until)
            self.put(
                replace(found, lease_owner=terms.owner, lease_until=lease_until, grace_given=False, unsettled=unsettled)
            )
            return terms.lease_of(found, unsettled=unsettled, grace_given=found.grace_given)

        return self._answer("lease", write)

    def find(self, user: User) -> Grant | None:
        self._begin("find")
        return self.grants.get(user)

    def give_grace(self, lease: Lease, *, until: datetime) -> None:
        self._begin("give_grace")

        def write() -> None:
            found = self._mine(lease)
            unsettled = lease.unsettled - 1
            self.put(replace(found, lease_until=_second(until), grace_given=True, unsettled=unsettled))

        self._answer("give_grace", write)

    def still_holds(self, lease: Lease) -> bool:
        self._begin("still_holds")
        found = self.grants.get(lease.grant.user)
        return found is not None and (found.generation, found.lease_owner) == (lease.grant.generation, lease.owner)

    def save_refresh(self, renewal: Renewal) -> None:
        self._begin("save_refresh")

        def write() -> None:
            found = self.grants.get(renewal.user)
            if found is None or found.generation != renewal.replaces:
                raise GrantMovedError(found)
            received_at, expires_at = renewal.received_at, renewal.access_expires_at
            self.put(_with_tokens(found, renewal.sealed, received_at=received_at, expires_at=expires_at))

        self._answer("save_refresh", write)

    def give_back(
        self, lease: Lease, *, settled: bool, failures: int, last_error: str, refused_since: datetime | None = None
    ) -> None:
        self._begin("give_back")
        found = self._mine(lease)
        self.put(
            replace(
                found,
                lease_owner=None,
                lease_until=None,
                grace_given=(lease.grace_given and settled) or found.grace_given,
                unsettled=found.unsettled - (1 if settled else 0),
                failures=failures,
                last_error=last_error,
                refused_since=None if refused_since is None else _second(refused_since),
            )
        )

    def end_grant(self, lease: Lease, *, reason: str) -> None:
        self._begin("end_grant")
        ended = {**_ATTEMPT_IS_OVER, "status": Status.REAUTHORIZE, "sealed": None, "last_error": reason}
        slot = slot_of(lease.grant.user)
        self._answer("end_grant", lambda: self.put(replace(self._mine(lease), **ended, slot=slot)))

    def note_loss_told(self, user: User) -> None:
        self._begin("note_loss_told")
        found = self.grants.get(user)
        if found is None or found.status is not Status.REAUTHORIZE:
            raise GrantMovedError(found)
        self.put(replace(found, slot=None))

    def rest_idle(self, grant: Grant) -> None:
        self._begin("rest_idle")
        found = self.grants.get(grant.user)
        if found is None or found.status is not Status.ACTIVE or found.last_used_at != grant.last_used_at:
            raise GrantMovedError(found)
        self.put(replace(found, slot=None))

    def note_use(self, grant: Grant, *, now: datetime) -> None:
        self._begin("note_use")
        found = self.grants.get(grant.user)
        if found is None or found.status is not Status.ACTIVE or found.last_used_at != grant.last_used_at:
            raise GrantMovedError(found)
        self.put(replace(found, last_used_at=_second(now), slot=slot_of(grant.user)))

    def sign_out_locally(
        self,
        user: User,
        *,
        number: int,
        session_epoch: int,
        now: datetime,  # noqa: ARG002 - the port's form
    ) -> None:
        self._begin("sign_out_locally")

        def write() -> None:
            found = self._signed_in(user, number, session_epoch)
            gone: dict[str, Any] = {"slot": None, "sealed": None, "access_expires_at": None, **_ATTEMPT_IS_OVER}
            self.put(_signed_out(replace(found, **gone), number, Scope.LOCAL))

        self._answer("sign_out_locally", write)

    def sign_out_of_liveperson(self, user: User, *, number: int, session_epoch: int) -> Grant:
        self._begin("sign_out_of_liveperson")

        def write() -> Grant:
            found = self._signed_in(user, number, session_epoch)
            over = {**_ATTEMPT_IS_OVER, "unsettled": found.unsettled}
            kept = replace(found, revoked_generation=found.generation, slot=slot_of(user), **over)
            self.put(_signed_out(kept, number, Scope.LIVEPERSON))
            return self.grants[user]

        return self._answer("sign_out_of_liveperson", write)

    def remember_revocation(self, grant: Grant, renewal: Renewal) -> Grant:
        self._begin("remember_revocation")

        def write() -> Grant:
            found = self.grants.get(grant.user)
            if found is None or found.generation != grant.generation or found.status is not Status.SIGNED_OUT:
                raise GrantMovedError(found)
            kept = replace(found, sealed=renewal.sealed, slot=slot_of(grant.user), generation=found.generation + 1)
            self.put(replace(kept, unsettled=0))
            return self.grants[grant.user]

        return self._answer("remember_revocation", write)

    def finish_revocation(self, grant: Grant, *, now: datetime) -> None:  # noqa: ARG002
        self._begin("finish_revocation")
        found = self.grants.get(grant.user)
        if found is None or found.generation != grant.generation or found.status is not Status.SIGNED_OUT:
            raise GrantMovedError(found)
        self.put(
            replace(found, slot=None, sealed=None, access_expires_at=None, unsettled=0, failures=0, last_error=None)
        )

    def _signed_in(self, user: User, number: int, session_epoch: int) -> Grant:
        found = self.grants.get(user)
        if found is None or found.status is Status.SIGNED_OUT or found.session_epoch != session_epoch:
            raise GrantMovedError(found)
        if found.generation >= number:
            raise GrantMovedError(found)
        return found

    def _mine(self, lease: Lease) -> Grant:
        found = self.grants.get(lease.grant.user)
        if found is None or (found.generation, found.lease_owner) != (lease.grant.generation, lease.owner):
            raise GrantMovedError(found)
        return found


@dataclass(frozen=True, slots=True)
class DueIndex(Mapping[int, "Sequence[Sequence[str]]"]):
    """The index `due` of a table as it is at each look: the keys in a slot, in one page."""

    table: FakeTable

    def __getitem__(self, slot: int) -> Sequence[Sequence[str]]:
        return [sorted(user.pk for user, grant in self.table.grants.items() if grant.slot == slot)]

    def __iter__(self) -> Iterator[int]:
        return iter(range(SLOTS))

    def __len__(self) -> int:
        return SLOTS


def _may_lease(grant: Grant, terms: LeaseTerms) -> bool:
    return (
        grant.status is Status.ACTIVE
        and (grant.lease_until is None or grant.lease_until < _second(terms.now))
        and (terms.due_at is None or grant.refreshed_at < _second(terms.due_at))
        and (terms.generation is None or grant.generation == terms.generation)
        and (terms.used_since is None or grant.last_used_at >= _second(terms.used_since))
    )


def _with_tokens(grant: Grant, sealed: Sealed, *, received_at: datetime, expires_at: datetime | None) -> Grant:
    return replace(
        grant,
        status=Status.ACTIVE,
        generation=sealed.generation,
        sealed=sealed,
        refreshed_at=_second(received_at),
        access_expires_at=None if expires_at is None else _second(expires_at),
        slot=slot_of(grant.user),
        **_ATTEMPT_IS_OVER,
    )


def _signed_out(grant: Grant, number: int, scope: Scope) -> Grant:
    ended: dict[str, Any] = {"generation": number, "session_epoch": number, "sign_out_scope": scope}
    return replace(grant, status=Status.SIGNED_OUT, **ended)


def _second(time: datetime) -> datetime:
    """The table holds whole seconds."""
    return time.replace(microsecond=0)
