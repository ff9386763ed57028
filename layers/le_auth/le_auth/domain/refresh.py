"""One refresh under a lease: spend the refresh token once, and never lose what comes back.

    lease ------- POST (at most 10 s) ------- save (retried) ---|------ 60 s for clocks that differ ------| lease ends
    all that saving needs is in memory here                     last moment of a save

Source: RFC 6749 section 6; design, refresh invariants 1 to 6.
"""

from __future__ import annotations

import secrets as random_source
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from le_auth.domain.client_secrets import with_each_secret
from le_auth.domain.grants import LEASE_CLOCK_SKEW, Lease, LeaseTerms, Status
from le_auth.domain.users import Client
from le_auth.errors import (
    GrantMovedError,
    GrantRevokedError,
    IdentityMismatchError,
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RequestRefusedError,
    RotationLostError,
    SealingKeyError,
    SentinelUnavailableError,
    SettingError,
    SignInNeededError,
    TableUnavailableError,
    TryLaterError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.grants import Grant, Sealed
    from le_auth.domain.ports import (
        ClientSecrets,
        Clock,
        GrantStore,
        Sealer,
        SealerSource,
        SentinelFinder,
        TokenEndpoint,
    )
    from le_auth.domain.secret import Secret
    from le_auth.domain.sentinel_api import Sentinel
    from le_auth.domain.tokens import TokenAnswer, Tokens
    from le_auth.domain.users import AppInstalls, User

POST_DEADLINE = timedelta(seconds=10)
SAVE_TIME = timedelta(seconds=40)
LEASE_TIME = timedelta(seconds=120)
LONGEST = LEASE_TIME - LEASE_CLOCK_SKEW
"""From taking the lease to the end of the last attempt to save."""
_SAVE_ATTEMPT = timedelta(seconds=12)
"""The longest that one write takes, by the table client's time-outs and attempts."""
_SAVE_PAUSE = timedelta(seconds=1)
_REFUSALS_IN_A_ROW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """All that a refresh of one account needs besides the table, at hand before the lease is taken."""

    account_id: str
    client_id: str
    sentinel: Sentinel
    sealer: Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """Refreshes grants, whoever asks for it: the schedule or an application's back end.

    Args:
        interval: between two scheduled refreshes.
        pause: sleeps for a time; between two attempts to save.
    """

    app_installs: AppInstalls
    sentinels: SentinelFinder
    secrets: ClientSecrets
    sealers: SealerSource
    endpoint: TokenEndpoint
    store: GrantStore
    clock: Clock
    pause: Callable[[timedelta], None]
    interval: timedelta
    _last_success: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)

    def equip(self, account_id: str) -> Equipment:
        """Get ready for an account; what cannot be had is missed before any refresh token is spent.

        Raises:
            SettingError, SecretError, SentinelHostError: an operator must act.
            SecretsUnavailableError, DomainApiUnavailableError: later.
        """
        now = self.clock()
        client_id = self.app_installs.client_ids.get(account_id)
        if client_id is None:
            raise SettingError("APP_INSTALLS names no AppInstall for an account that has users signed in.")
        self.secrets.get(client_id, now=now)
        return Equipment(
            account_id=account_id,
            client_id=client_id,
            sentinel=self.sentinels.find(account_id, now=now),
            sealer=self.sealers.get(now=now),
        )

    def terms(
        self, *, due_at: datetime | None = None, generation: int | None = None, used_since: datetime | None = None
    ) -> LeaseTerms:
        """Draw up the terms of a lease that begins now; its owner is a fresh value."""
        now = self.clock()
        return LeaseTerms(
            owner=random_source.token_urlsafe(9),
            now=now,
            until=now + LEASE_TIME,
            due_at=due_at,
            generation=generation,
            used_since=used_since,
        )

    def refresh(self, user: User, terms: LeaseTerms, equipment: Equipment) -> Lease:
        """Take the lease, refresh, save. Gives the lease under which it was done.

        Raises:
            GrantMovedError: somebody else was first, or will be; nothing was sent, or a newer grant is stored.
            SentinelUnavailableError, OutcomeUnknownError, RequestRefusedError: the lease was given back.
            SignInNeededError: the user must sign in again, which is stored.
            MisconfiguredError: the lease was given back, nobody is signed out.
            TableUnavailableError: the lease could not be taken; nothing was sent.
        """
        lease = self.store.lease(user, terms)
        try:
            tokens = self._spend(lease, equipment)
        except SignInNeededError as error:
            self._end(lease, error)
            raise
        except LeAuthError as error:
            self._give_back(lease, error)
            raise
        self._save(lease, tokens, equipment.sealer)
        self._last_success[user.account_id] = self.clock()
        return lease

    def _spend(self, lease: Lease, equipment: Equipment) -> Tokens:
        """Send the refresh token, once for each secret that Sentinel has not refused."""
        if lease.grant.sealed is None:
            raise SealingKeyError("The stored grant has no tokens.")
        refresh_token = self._open(lease.grant.sealed, lease.grant.user)

        def send(secret: Secret) -> TokenAnswer:
            if not lease.outlasts(self.clock(), POST_DEADLINE + SAVE_TIME):
                raise SentinelUnavailableError("The lease is too far gone to send the refresh token.")
            client = Client(account_id=equipment.account_id, client_id=equipment.client_id, client_secret=secret)
            return self.endpoint.refresh(equipment.sentinel, client, refresh_token=refresh_token)

        try:
            answer = with_each_secret(equipment.client_id, self.secrets, send, now=self.clock())
        except GrantRevokedError as error:
            if lease.unsettled > 1:
                raise RotationLostError("Refused after an attempt whose end is not known.") from error
            raise
        if answer.identity is not None and answer.identity.user != lease.grant.user:
            raise IdentityMismatchError("The refreshed id token names another user.")
        return answer.tokens

    def _open(self, sealed: Sealed, user: User) -> Secret:
        now = self.clock()
        try:
            return self.sealers.get(now=now).open_tokens(sealed, user=user)[1]
        except SealingKeyError:  # perhaps sealed with a key that was added since the secret was read
            return self.sealers.get_afresh(now=now).open_tokens(sealed, user=user)[1]

    def _save(self, lease: Lease, tokens: Tokens, sealer: Sealer) -> None:
        """Save the new tokens, again and again while the lease lasts.

        Raises:
            GrantMovedError: the user signed in or out meanwhile; what is stored is newer.
            RotationLostError: the table could not be written in time.
        """
        grant = lease.grant
        sealed = sealer.seal_tokens(tokens, user=grant.user, generation=grant.generation + 1)
        try:
            self._write(lease, lambda: self.store.save_refresh(lease, tokens, sealed))
        except GrantMovedError as error:
            if error.grant is None or error.grant.sealed != sealed:
                raise
        except TableUnavailableError as error:
            raise RotationLostError("The table could not be written while the lease lasted.") from error

    def _end(self, lease: Lease, error: SignInNeededError) -> None:
        """Store that the user must sign in again, unless that or something newer is stored already."""
        try:
            self._write(lease, lambda: self.store.end_grant(lease, reason=error.reason))
        except GrantMovedError as moved:
            if moved.grant is None or not _is_ended(moved.grant, lease, error):
                raise

    def _write(self, lease: Lease, write: Callable[[], None]) -> None:
        """Write, again and again while the lease lasts.

        Raises:
            TableUnavailableError: the last attempt failed too.
        """
        while True:
            try:
                write()
            except TableUnavailableError:
                if not lease.outlasts(self.clock(), _SAVE_PAUSE + _SAVE_ATTEMPT):
                    raise
                self.pause(_SAVE_PAUSE)
            else:
                return

    def _give_back(self, lease: Lease, error: LeAuthError) -> None:
        """End the lease after a failure. Where even that fails, the lease ends by itself."""
        failures = _count_failures(lease, error)
        if isinstance(error, TryLaterError):
            error.failures = failures
        try:
            if isinstance(error, RequestRefusedError) and failures >= _REFUSALS_IN_A_ROW:
                if self._account_works(lease):
                    self.store.end_grant(lease, reason=error.reason)
                    raise GrantRevokedError("Sentinel refused this authorization three intervals in a row.") from error
                error.is_lasting = True
            settled = not isinstance(error, OutcomeUnknownError)
            self.store.give_back(lease, settled=settled, failures=failures, last_error=error.reason)
        except (TableUnavailableError, GrantMovedError):
            return

    def _account_works(self, lease: Lease) -> bool:
        """Tell whether another user of the account was refreshed while this one was refused.

        From the first of three refusals to the third it is two intervals; this user's own last success is older.
        """
        last_success = self._last_success.get(lease.grant.user.account_id)
        return last_success is not None and self.clock() - last_success <= self.interval * (_REFUSALS_IN_A_ROW - 1)


def _is_ended(grant: Grant, lease: Lease, error: LeAuthError) -> bool:
    """Tell whether a refused write was our own, whose first answer was lost."""
    same = grant.generation == lease.grant.generation and grant.last_error == error.reason
    return same and grant.status is Status.REAUTHORIZE


def _count_failures(lease: Lease, error: LeAuthError) -> int:
    """Count failed attempts in a row; a refusal counts refusals only, and a wrong configuration is no attempt."""
    grant = lease.grant
    if isinstance(error, MisconfiguredError):
        return grant.failures
    if isinstance(error, RequestRefusedError) and grant.last_error != error.reason:
        return 1
    return grant.failures + 1
