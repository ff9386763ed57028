"""A valid access token for the application's back end, refreshed on the spot where it is stale.

Source: design, refresh invariants 1 and 8.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Grant, Status
from le_auth.domain.refresh import LONGEST
from le_auth.errors import (
    GraceGivenError,
    GrantMovedError,
    GrantRevokedError,
    LeAuthError,
    NotSignedInError,
    RefreshUnderWayError,
    SealingKeyError,
    SentinelUnavailableError,
    SignInNeededError,
    TableUnavailableError,
    TryLaterError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.ports import TimeLeft
    from le_auth.domain.refresh import Refreshed, Refresher
    from le_auth.domain.secret import Secret
    from le_auth.domain.users import User

JUST_REFRESHED = timedelta(seconds=60)
"""Such a token is given as it is: asking again would bring nothing better."""
LONGEST_WAIT = timedelta(seconds=5)
LOOK_AGAIN = timedelta(milliseconds=200)
SHORTEST_WAIT, LONGEST_ASKED_WAIT = 5, 3600
"""Seconds; LivePerson's first pause after a failure, and the most that a caller is kept waiting on Sentinel's word."""
USE_IS_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vended:
    """An access token and what a caller may want to know of it.

    Args:
        issued_at: when the user signed in; refreshed_at: when Sentinel gave this token. Aware UTC.
        refreshed: what this very call's refresh brought; None where there was none.
        failure: what became of a refresh that was due, where it brought no token that could be kept.
    """

    user: User
    access_token: Secret
    issued_at: datetime
    refreshed_at: datetime
    refreshed: Refreshed | None = None
    failure: LeAuthError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Vends access tokens; the refresh token never leaves.

    Args:
        pause: sleeps for a time; between two looks at another's refresh.
    """

    refresher: Refresher
    pause: Callable[[timedelta], None]

    def get(self, user: User, *, min_valid: timedelta, time_left: TimeLeft) -> Vended:
        """Give a fresh access token, or one that is young enough where no fresh one is to be had.

        Args:
            min_valid: for how long it must be valid yet, where Sentinel gave a lifetime.
            time_left: no refresh is begun that could not be finished in it.

        Raises:
            NotSignedInError, SignInNeededError: the user must sign in.
            TryLaterError, RequestRefusedError, MisconfiguredError: no token that is young enough, and no fresh one.
        """
        if user.account_id not in self.refresher.channel.app_installs.client_ids:
            raise NotSignedInError("The application is not set up for that account, or no longer.")
        grant = self._find(user)
        vended = self._vend(grant) if self._is_fresh(grant, min_valid) else self._refresh(grant, min_valid, time_left)
        self._note_use(grant)
        return vended

    def _find(self, user: User) -> Grant:
        return _check(self.refresher.store.find(user))

    def _is_fresh(self, grant: Grant, min_valid: timedelta) -> bool:
        now = self.refresher.clock()
        age = now - grant.refreshed_at
        if age < JUST_REFRESHED:
            return True
        return age < self.refresher.interval and _is_valid(grant, now + min_valid)

    def _is_young(self, grant: Grant) -> bool:
        """Tell whether the token may serve although it is due to be refreshed."""
        now = self.refresher.clock()
        return now - grant.refreshed_at < 2 * self.refresher.interval and _is_valid(grant, now)

    def _vend(self, grant: Grant) -> Vended:
        if grant.sealed is None:
            raise SealingKeyError("The stored grant has no tokens.")
        access_token, _ = self.refresher.channel.open(grant.sealed, grant.user)
        return Vended(
            user=grant.user,
            access_token=access_token,
            issued_at=grant.issued_at,
            refreshed_at=grant.refreshed_at,
        )

    def _refresh(self, grant: Grant, min_valid: timedelta, time_left: TimeLeft) -> Vended:
        """Refresh, or wait for whoever does; where neither brings a fresh token, a young one serves."""
        gives_up_at = self.refresher.clock() + LONGEST_WAIT
        late: GrantMovedError | None = None
        while not self._is_fresh(grant, min_valid):
            try:
                if self._is_held(grant):
                    grant = self._look_again(grant, gives_up_at)
                else:
                    return self._refresh_once(grant, time_left)
            except SignInNeededError:
                raise
            except GrantMovedError as error:
                late = error if error.late is not None else late
                grant = _check(error.grant)
            except LeAuthError as error:
                if not self._is_young(grant):
                    raise
                return replace(self._vend(grant), failure=error)
        return replace(self._vend(grant), failure=late)

    def _is_held(self, grant: Grant) -> bool:
        now = self.refresher.clock().replace(microsecond=0)  # the table compares whole seconds
        return grant.lease_until is not None and grant.lease_until >= now

    def _look_again(self, grant: Grant, gives_up_at: datetime) -> Grant:
        """Look, after a while, what another's refresh has brought.

        Raises:
            RefreshUnderWayError: it takes too long, only waits itself, or failed: a crowd of callers must not send a
                request each to a Sentinel that is in trouble.
        """
        if grant.grace_given or self.refresher.clock() >= gives_up_at:
            raise RefreshUnderWayError(grant.lease_until)
        self.pause(LOOK_AGAIN)
        found = self._find(grant.user)
        if found.generation == grant.generation and found.lease_until is None:
            raise RefreshUnderWayError(None)
        return found

    def _refresh_once(self, grant: Grant, time_left: TimeLeft) -> Vended:
        equipment = self.refresher.channel.equip(grant.user.account_id)
        if time_left() < LONGEST:
            raise TryLaterError("Too little of the invocation is left to begin a refresh.")
        terms = self.refresher.terms(generation=grant.generation)
        refreshed = self.refresher.refresh(grant.user, terms, equipment)
        return Vended(
            user=grant.user,
            access_token=refreshed.tokens.access_token,
            issued_at=refreshed.lease.grant.issued_at,
            refreshed_at=refreshed.tokens.received_at,
            refreshed=refreshed,
        )

    def _note_use(self, grant: Grant) -> None:
        """Note, at most once an hour, that the user's tokens are used; a failure is made good by the next vend."""
        now = self.refresher.clock()
        if grant.slot is not None and now - grant.last_used_at < USE_IS_NOTED_EVERY:
            return
        with suppress(GrantMovedError, TableUnavailableError):
            self.refresher.store.note_use(grant, now=now)


def _is_valid(grant: Grant, moment: datetime) -> bool:
    return grant.access_expires_at is None or moment < grant.access_expires_at


def _check(grant: Grant | None) -> Grant:
    """Give the grant of a user who is signed in.

    Raises:
        NotSignedInError, GrantRevokedError.
    """
    if grant is None or grant.status is Status.SIGNED_OUT:
        raise NotSignedInError("Nobody of that account and user id is signed in.")
    if grant.status is Status.REAUTHORIZE:
        raise GrantRevokedError("LivePerson no longer accepts this user's authorization: the user must sign in again.")
    return grant


def retry_after(error: LeAuthError, *, now: datetime) -> int:
    """Give the seconds after which a caller who got no token may ask again."""
    match error:
        case GraceGivenError(until=datetime() as until) | RefreshUnderWayError(until=datetime() as until):
            return max(1, int((until - now).total_seconds()) + 1)
        case SentinelUnavailableError(retry_after=int() as seconds):
            return min(max(SHORTEST_WAIT, seconds), LONGEST_ASKED_WAIT)
        case _:
            return SHORTEST_WAIT
