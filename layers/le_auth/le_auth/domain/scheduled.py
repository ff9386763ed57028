"""What the worker does with one scheduled message, and when a failed one comes back.

Source: LivePerson's retry policy; design, refresh invariants 6 and 7.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Literal, Self

from le_auth.domain.grants import LeaseTerms, Refusal
from le_auth.domain.refresh import LEASE_TIME, LONGEST, Refresher
from le_auth.domain.users import User
from le_auth.errors import (
    GraceGivenError,
    GrantMovedError,
    LeAuthError,
    MisconfiguredError,
    OutcomeUnknownError,
    RequestRefusedError,
    RescuePendingError,
    RotationUnsavedError,
    SealingKeyError,
    SentinelUnavailableError,
    SignInNeededError,
    TableUnavailableError,
    TryLaterError,
)

if TYPE_CHECKING:
    from le_auth.domain.grants import Grant
    from le_auth.domain.ports import GrantStore, TimeLeft
    from le_auth.domain.sign_out import SignOut

RETRY_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 10, 15, 120, 240, 480))
SHORTEST_LIMITED_PAUSE = timedelta(seconds=5)
ACCOUNT_WAITS = timedelta(minutes=2)
UNCOUNTED_PAUSE = timedelta(minutes=2)
AT_ONCE = timedelta(seconds=1)
FIRST_FEW = 5
_OF_ITS_AGE = 0.25

_PASSING = {"transient", "unknown_outcome"}

type ErrorClass = Literal["permanent", "configuration", "transient", "unknown_outcome", "refused"]


def pause_after(failures: int) -> timedelta:
    """Give the pause after so many failures in a row: 5, 10, 15 s, then 2, 4, 8 minutes, then always 8."""
    return RETRY_PAUSES[min(max(failures, 1), len(RETRY_PAUSES)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DueToken:
    """A scheduled message: whose tokens were due, and when."""

    user: User
    due_at: datetime

    def write(self) -> str:
        return json.dumps({"pk": self.user.pk, "due_at": int(self.due_at.timestamp())})

    @classmethod
    def read(cls, body: str) -> Self:
        """Read a message's body.

        Raises:
            ValueError: it is no scheduled message.
        """
        try:
            content = json.loads(body)
            return cls(user=User.read_pk(content["pk"]), due_at=datetime.fromtimestamp(content["due_at"], UTC))
        except (KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
            raise ValueError("not a scheduled message") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a message.

    Args:
        outcome: `left`: nothing was to be done, or it could not be begun now.
        reason: slug.
        retry_after: the message comes back then; None: it is done.
        token_age: of a refreshed token, since it was last refreshed.
    """

    user: User
    outcome: Literal["refreshed", "revoked", "failed", "left"]
    reason: str
    retry_after: timedelta | None = None
    error_class: ErrorClass | None = None
    token_age: timedelta | None = None


@dataclass(slots=True, kw_only=True)
class Batch:
    """What the messages of one invocation learn from each other.

    When the first few all fail the same transient way, the rest is handed back unsent.
    """

    time_left: TimeLeft
    _reasons: list[str] = field(default_factory=list)
    _pause: timedelta = timedelta()
    _lock: Lock = field(default_factory=Lock)

    def has_time(self) -> bool:
        return self.time_left() >= LONGEST

    def note(self, result: Result) -> None:
        if result.outcome == "left":
            return
        with self._lock:
            if len(self._reasons) < FIRST_FEW:
                self._reasons.append(result.reason if result.error_class in _PASSING else "")
            if result.retry_after is not None:
                self._pause = max(self._pause, result.retry_after)

    def outage_pause(self) -> timedelta | None:
        """Give how long the rest waits; None where there is no outage."""
        with self._lock:
            is_outage = len(self._reasons) == FIRST_FEW and len(set(self._reasons)) == 1 and self._reasons[0] != ""
            return self._pause if is_outage else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledRefresh:
    """Works off scheduled messages.

    Args:
        idle: refreshing stops for a grant that nobody used for so long; None: never.
    """

    refresher: Refresher
    store: GrantStore
    sign_out: SignOut
    interval: timedelta
    idle: timedelta | None
    _waiting_accounts: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)

    def work(self, due: DueToken, batch: Batch) -> Result:
        """Refresh what a message asks for, or say why not."""
        now = self.refresher.clock()
        result = self._leave(due, batch, now=now) or self._refresh(due, batch, now=now)
        batch.note(result)
        return result

    def _leave(self, due: DueToken, batch: Batch, *, now: datetime) -> Result | None:
        """Say why a message is not begun now; None: it is.

        SQS gives up a message that was received too often. So one that is handed back unsent waits for longer as it
        grows older, and for an account in full: another worker's wait may end later than this one's.
        """
        age = now - due.due_at
        if age >= self.interval:
            return _left(due, "successor_is_due")
        if not batch.has_time():
            return _left(due, "invocation_ends", AT_ONCE)
        if (pause := batch.outage_pause()) is not None:
            return _left(due, "outage", max(pause, age * _OF_ITS_AGE))
        waits_until = self._waiting_accounts.get(due.user.account_id)
        if waits_until is not None and now < waits_until:
            return _left(due, "account_waits", ACCOUNT_WAITS)
        return None

    def _refresh(self, due: DueToken, batch: Batch, *, now: datetime) -> Result:
        used_since = None if self.idle is None else now - self.idle
        try:
            equipment = self.refresher.channel.equip(due.user.account_id)
        except LeAuthError as error:
            return self._fail(due, error, now=now)
        if not batch.has_time():
            return _left(due, "invocation_ends", AT_ONCE)
        terms = self.refresher.terms(due_at=due.due_at, used_since=used_since)
        try:
            refreshed = self.refresher.refresh(due.user, terms, equipment)
        except GrantMovedError as error:
            return self._look(due, terms, error, now=now)
        except LeAuthError as error:
            return self._fail(due, error, now=now)
        age = self.refresher.clock() - refreshed.lease.grant.refreshed_at
        reason = "refreshed" if refreshed.is_saved else "rescue_queued"
        return Result(user=due.user, outcome="refreshed", reason=reason, token_age=age)

    def _look(self, due: DueToken, terms: LeaseTerms, moved: GrantMovedError, *, now: datetime) -> Result:
        """Look at a refused write before it counts."""
        grant = moved.grant
        if grant is not None and grant.revocation_is_due:
            return self._revoke(due, grant, now=now)
        if grant is not None and grant.loss_is_untold:
            reason = grant.last_error or SignInNeededError.reason
            return Result(user=due.user, outcome="failed", reason=reason, error_class="permanent")
        refusal = terms.why_refused(grant)
        if refusal is Refusal.HELD and grant is not None and grant.lease_until is not None:
            return _left(due, refusal, max(grant.lease_until - self.refresher.clock(), timedelta()) + AT_ONCE)
        if refusal is Refusal.IDLE and grant is not None:
            try:
                self.store.rest_idle(grant)
            except (GrantMovedError, TableUnavailableError):
                return _left(due, refusal, UNCOUNTED_PAUSE)
        return _left(due, moved.late or refusal)

    def _revoke(self, due: DueToken, grant: Grant, *, now: datetime) -> Result:
        """Finish what a sign-out from LivePerson left to be done."""
        try:
            revocation = self.sign_out.finish_revocation(grant, now=now)
        except LeAuthError as error:
            return self._fail(due, error, now=now)
        return Result(user=due.user, outcome="revoked", reason=f"revocation_{revocation}")

    def _fail(self, due: DueToken, error: LeAuthError, *, now: datetime) -> Result:
        if isinstance(error, GraceGivenError):
            return _left(due, error.reason, error.until - self.refresher.clock() + AT_ONCE)
        if isinstance(error, RescuePendingError):
            return _left(due, error.reason, UNCOUNTED_PAUSE)
        retry_after = None
        if isinstance(error, MisconfiguredError):
            retry_after = ACCOUNT_WAITS
            if not isinstance(error, SealingKeyError):
                self._waiting_accounts[due.user.account_id] = now + ACCOUNT_WAITS
        elif isinstance(error, TryLaterError) and not isinstance(error, RotationUnsavedError):
            retry_after = self._pause(error)
        return Result(
            user=due.user,
            outcome="failed",
            reason=error.reason,
            retry_after=retry_after,
            error_class=class_of(error),
        )

    def _pause(self, error: TryLaterError) -> timedelta:
        pause = UNCOUNTED_PAUSE if error.failures is None else pause_after(error.failures)
        if isinstance(error, SentinelUnavailableError) and error.limited:
            # Never less than our own pauses: a message must not use up its receives while Sentinel asks to slow down.
            asked = timedelta(seconds=error.retry_after or 0)
            return min(max(asked, pause, SHORTEST_LIMITED_PAUSE), self.interval)
        return pause


def unexpected(due: DueToken) -> Result:
    """What a bug makes of a message: it comes back when its lease, if it took one, has ended."""
    return Result(user=due.user, outcome="failed", reason="unexpected", retry_after=LEASE_TIME, error_class="transient")


def class_of(error: LeAuthError) -> ErrorClass:
    """Name the class of a failed refresh (design, refresh invariant 6)."""
    if isinstance(error, SignInNeededError):
        return "permanent"
    if isinstance(error, MisconfiguredError):
        return "configuration"
    if isinstance(error, RequestRefusedError):
        return "configuration" if error.is_lasting else "refused"
    if isinstance(error, (OutcomeUnknownError, RotationUnsavedError)):
        return "unknown_outcome"
    return "transient"


def _left(due: DueToken, reason: str, retry_after: timedelta | None = None) -> Result:
    return Result(user=due.user, outcome="left", reason=reason, retry_after=retry_after)
