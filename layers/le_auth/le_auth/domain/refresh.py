"""One refresh under a lease: spend the refresh token once, and never lose what comes back.

    lease ------- POST (at most 10 s) ------- save (retried) ---|------ 60 s for clocks that differ ------| lease ends
    all that saving needs is in memory here                     last moment of a save

Source: RFC 6749 section 6; design, refresh invariants 1 to 6.
"""

from __future__ import annotations

import secrets as random_source
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import LEASE_CLOCK_SKEW, Lease, LeaseTerms, Status
from le_auth.domain.sentinel_api import POST_DEADLINE
from le_auth.errors import (
    GraceGivenError,
    GrantMovedError,
    GrantRevokedError,
    IdentityMismatchError,
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RefusedForGoodError,
    RequestRefusedError,
    RescuePendingError,
    RescueUnavailableError,
    RotationLostError,
    SealingKeyError,
    SentinelUnavailableError,
    SignInNeededError,
    TableUnavailableError,
    TryLaterError,
)

if TYPE_CHECKING:
    from le_auth.domain.back_channel import BackChannel, Equipment
    from le_auth.domain.grants import Grant
    from le_auth.domain.keeping import TokenKeeper
    from le_auth.domain.ports import Clock, GrantStore, Rescues, SteadyClock
    from le_auth.domain.tokens import Tokens
    from le_auth.domain.users import User

SAVE_TIME = timedelta(seconds=40)
LEASE_TIME = timedelta(seconds=120)
LONGEST = LEASE_TIME - LEASE_CLOCK_SKEW
"""From taking the lease to the end of the last attempt to save."""
GRACE = timedelta(seconds=90)
"""How much longer than a full lease nothing is sent, so that a rescue under way lands first."""
_REFUSALS_IN_A_ROW = 3
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """A refresh that succeeded.

    Args:
        lease: under which it was done.
        is_saved: False where the tokens wait in the rescue queue.
    """

    lease: Lease
    tokens: Tokens
    is_saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresher:
    """Refreshes grants, whoever asks for it: the schedule or an application's back end.

    Args:
        steady: by it the holder of a lease tells what is left of it.
        interval: between two scheduled refreshes.
    """

    channel: BackChannel
    store: GrantStore
    rescues: Rescues
    keeper: TokenKeeper
    clock: Clock
    steady: SteadyClock
    interval: timedelta
    _last_success: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)

    def terms(
        self, *, due_at: datetime | None = None, generation: int | None = None, used_since: datetime | None = None
    ) -> LeaseTerms:
        """Draw up the terms of a lease that begins now; its owner is a fresh value."""
        now, begun_at = self.clock(), self.steady()
        return LeaseTerms(
            owner=random_source.token_urlsafe(9),
            now=now,
            until=now + LEASE_TIME,
            time_left=lambda: LEASE_TIME - (self.steady() - begun_at),
            due_at=due_at,
            generation=generation,
            used_since=used_since,
        )

    def refresh(self, user: User, terms: LeaseTerms, equipment: Equipment) -> Refreshed:
        """Take the lease, refresh, save.

        Raises:
            GrantMovedError: somebody else was first, or will be; nothing was sent, or a newer grant is stored.
            GraceGivenError, RescuePendingError: an earlier attempt's token may still land; nothing was sent.
            SentinelUnavailableError, OutcomeUnknownError, RequestRefusedError: the lease was given back.
            SignInNeededError: the user must sign in again, which is stored.
            MisconfiguredError: the lease was given back, nobody is signed out.
            TableUnavailableError: the lease could not be taken; nothing was sent.
            RotationUnsavedError: the new tokens are lost.
        """
        lease = self.store.lease(user, terms)
        try:
            self._heed_earlier_attempts(lease)
            tokens = self._spend(lease, equipment)
        except SignInNeededError as error:
            self._end(lease, error)
            error.is_news = True
            raise
        except (GraceGivenError, GrantMovedError, TableUnavailableError):
            raise  # the lease holds on, or has passed to somebody else
        except LeAuthError as error:
            self._give_back(lease, error, due_at=terms.due_at)
            raise
        is_saved = self.keeper.keep(lease, tokens, equipment.sealer)
        self._last_success[user.account_id] = self.clock()
        return Refreshed(lease=lease, tokens=tokens, is_saved=is_saved)

    def note_loss_told(self, user: User) -> None:
        """Note that a user's loss has been reported; where that fails, the next scheduled message reports it again."""
        with suppress(GrantMovedError, TableUnavailableError):
            self.store.note_loss_told(user)

    def _heed_earlier_attempts(self, lease: Lease) -> None:
        """Let tokens land that an attempt of unknown end may have left on their way (design, refresh invariant 4).

        The first attempt after it only waits. The next one sends the old refresh token if the rescue queue is empty
        and the lease, looked at after that, is still in force: in this order, a rescue that left the queue has landed.
        """
        if lease.unsettled <= 1:
            return
        if not lease.grace_given:
            until = lease.until + GRACE
            self.store.give_grace(lease, until=until)
            raise GraceGivenError(until)
        try:
            if self.rescues.is_empty() and self.store.still_holds(lease):
                return
        except (RescueUnavailableError, TableUnavailableError) as error:
            raise RescuePendingError("It cannot be told whether rescued tokens wait.") from error
        raise RescuePendingError("Rescued tokens wait to be written.")

    def _spend(self, lease: Lease, equipment: Equipment) -> Tokens:
        """Send the refresh token, once for each secret that Sentinel has not refused."""
        if lease.grant.sealed is None:
            raise SealingKeyError("The stored grant has no tokens.")
        _, refresh_token = self.channel.open(lease.grant.sealed, lease.grant.user)

        def check() -> None:
            if not lease.outlasts(POST_DEADLINE + SAVE_TIME):
                raise SentinelUnavailableError("The lease is too far gone to send the refresh token.")

        try:
            answer = self.channel.refresh(equipment, refresh_token, check=check)
        except GrantRevokedError as error:
            if lease.unsettled > 1:
                raise RotationLostError("Refused after an attempt whose end is not known.") from error
            raise
        if answer.identity is not None and answer.identity.user != lease.grant.user:
            raise IdentityMismatchError("The refreshed id token names another user.")
        return answer.tokens

    def _end(self, lease: Lease, error: SignInNeededError) -> None:
        """Store that the user must sign in again, unless that or something newer is stored already."""
        try:
            self.keeper.write(lease, lambda: self.store.end_grant(lease, reason=error.reason))
        except GrantMovedError as moved:
            if moved.grant is None or not _is_ended(moved.grant, lease, error):
                raise

    def _give_back(self, lease: Lease, error: LeAuthError, *, due_at: datetime | None) -> None:
        """End the lease after a failure. Where even that fails, the lease ends by itself.

        Args:
            due_at: of a scheduled refresh.
        """
        grant = lease.grant
        counts = self._counts(error, grant, due_at)
        failures = _count_failures(grant, error) if counts else grant.failures
        if isinstance(error, TryLaterError) and not isinstance(error, RescuePendingError):
            error.failures = failures
        try:
            if counts and isinstance(error, RequestRefusedError) and failures >= _REFUSALS_IN_A_ROW:
                if self._account_works(grant):
                    self._end_refused(lease, error)
                error.is_lasting = True
            self.store.give_back(
                lease,
                settled=not isinstance(error, OutcomeUnknownError),
                failures=failures,
                last_error=error.reason if counts else grant.last_error or error.reason,
                refused_since=self._refused_since(error, grant, due_at) if counts else grant.refused_since,
            )
        except (TableUnavailableError, GrantMovedError):
            return

    def _end_refused(self, lease: Lease, error: RequestRefusedError) -> None:
        """End a grant that was refused again and again, and raise that."""
        is_lost = lease.unsettled > 1
        kind = RotationLostError if is_lost else RefusedForGoodError
        lost = kind("Sentinel refused this authorization three intervals in a row.")
        self._end(lease, lost)
        lost.is_news = True
        raise lost from error

    def _counts(self, error: LeAuthError, grant: Grant, due_at: datetime | None) -> bool:
        """Tell whether an attempt goes into the row of failures.

        What sent nothing is no attempt. A refusal counts once an interval, since three in a row end the grant: neither
        a back end that asks again and again nor a message that comes again may end it within minutes.
        """
        if isinstance(error, RescuePendingError):
            return False
        if not isinstance(error, RequestRefusedError):
            return True
        if due_at is None or grant.refused_since is None:
            return due_at is not None
        return due_at > grant.refused_since + self.interval * (grant.failures - 1)

    def _refused_since(self, error: LeAuthError, grant: Grant, due_at: datetime | None) -> datetime | None:
        """Give when the row of refusals began, by a clock that may be behind the one that sent the message."""
        if not isinstance(error, RequestRefusedError):
            return None
        return grant.refused_since or max(self.clock(), due_at or self.clock())

    def _account_works(self, grant: Grant) -> bool:
        """Tell whether another user of the account was refreshed while this one was refused.

        This user's own last success is older; clocks may differ by five minutes.
        """
        last_success, since = self._last_success.get(grant.user.account_id), grant.refused_since
        return last_success is not None and since is not None and last_success > since + _CLOCK_SKEW


def _is_ended(grant: Grant, lease: Lease, error: LeAuthError) -> bool:
    """Tell whether a refused write was our own, whose first answer was lost."""
    same = grant.generation == lease.grant.generation and grant.last_error == error.reason
    return same and grant.status is Status.REAUTHORIZE


def _count_failures(grant: Grant, error: LeAuthError) -> int:
    """Count failed attempts in a row; a refusal counts refusals only, and a wrong configuration is no attempt."""
    if isinstance(error, MisconfiguredError):
        return grant.failures
    if isinstance(error, RequestRefusedError) and grant.refused_since is None:
        return 1
    return grant.failures + 1
