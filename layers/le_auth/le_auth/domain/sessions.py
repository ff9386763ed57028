"""The session: which user a browser belongs to, in one sealed cookie.

Sign-out raises the epoch on the user's item, which ends every session of that user at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from le_auth.domain.grants import Grant, Status
from le_auth.domain.secret import Secret
from le_auth.domain.users import ACCOUNT_ID, USER_ID, User
from le_auth.errors import SealingKeyError

if TYPE_CHECKING:
    from le_auth.domain.ports import GrantFinder, Sealer, SealerSource
    from le_auth.domain.users import AppInstalls

COOKIE = "__Host-le-session"
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser's session."""

    user: User
    epoch: int
    issued_at: datetime

    def seal(self, sealer: Sealer) -> Secret:
        """Give the cookie's value."""
        content = [self.user.account_id, self.user.user_id, self.epoch, int(self.issued_at.timestamp())]
        return Secret(sealer.seal_cookie(json.dumps(content, separators=(",", ":")).encode()))

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read what `seal` sealed.

        Raises:
            ValueError: the content is of another form.
        """
        try:
            account_id, user_id, epoch, issued_at = json.loads(content)
            if not ACCOUNT_ID.fullmatch(account_id) or not USER_ID.fullmatch(user_id):
                raise ValueError("not a user")
            return cls(
                user=User(account_id=account_id, user_id=user_id),
                epoch=int(epoch),
                issued_at=datetime.fromtimestamp(issued_at, UTC),
            )
        except (TypeError, OverflowError, OSError, RecursionError) as error:
            raise ValueError("not a session") from error

    def is_in_time(self, *, lifetime: timedelta, now: datetime) -> bool:
        return -CLOCK_SKEW <= now - self.issued_at < lifetime

    def belongs_to(self, grant: Grant | None) -> bool:
        """Tell whether the session still stands: the user has not signed out since."""
        return grant is not None and grant.status is not Status.SIGNED_OUT and grant.session_epoch == self.epoch


def find_session(cookie: str | None, sealers: SealerSource, *, lifetime: timedelta, now: datetime) -> Session | None:
    """Give the session that a cookie holds; None where there is none, or it is forged, unreadable or too old.

    Whether the user has signed out since is for the table to say: `Session.belongs_to`.

    Raises:
        SecretError, SecretsUnavailableError: the keys are not to be had.
    """
    if not cookie:
        return None
    try:
        try:
            content = sealers.get(now=now).open_cookie(cookie)
        except SealingKeyError:  # perhaps sealed with a key that was added since the secret was read
            content = sealers.get_afresh(now=now).open_cookie(cookie)
        session = Session.read(content)
    except (SealingKeyError, ValueError):
        return None
    return session if session.is_in_time(lifetime=lifetime, now=now) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Tells whose browser it is."""

    app_installs: AppInstalls
    sealers: SealerSource
    table: GrantFinder
    lifetime: timedelta

    def find(self, cookie: str | None, *, now: datetime) -> Grant | None:
        """Give the grant of the person whose session the cookie holds; None: nobody is signed in.

        A grant of status `reauthorize` counts: the person is who they are, only LivePerson takes their token no more.
        With an account that is no longer configured all its sessions are over.

        Raises:
            SecretError, SecretsUnavailableError, TableUnavailableError: it cannot be told now.
        """
        session = find_session(cookie, self.sealers, lifetime=self.lifetime, now=now)
        if session is None or session.user.account_id not in self.app_installs.client_ids:
            return None
        grant = self.table.find(session.user)
        return grant if session.belongs_to(grant) else None
