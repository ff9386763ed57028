"""What Sentinel remembers of a browser: pending authorizations and single-sign-on sessions."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from local.simulator.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A checked authorization request.

    Args:
        redirect_uri_sent: whether the request named it, or it was the only one registered.
        state: comes back as it is; None: none was sent.
        code_challenge: PKCE's, S256.
    """

    account: str
    client_id: str
    redirect_uri: str
    redirect_uri_sent: bool
    state: str | None
    code_challenge: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An authorization that waits for a person.

    Args:
        browser: value of the cookie `ibs_id`.
        user_id: who has signed in for it.
    """

    browser: str
    authorization: Authorization
    expires_at: datetime
    user_id: str | None = None
    denied: bool = False


@dataclass(slots=True, kw_only=True)
class _Session:
    account: str
    user_id: str
    expires_at: datetime


class Sessions:
    """Keeps both; cookie values are random."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._pending: dict[str, Pending] = {}
        self._sessions: dict[str, _Session] = {}

    def begin(self, authorization: Authorization, *, browser: str | None, now: datetime) -> tuple[str, Pending]:
        """Keep an authorization until its person has signed in; a browser may have several under way."""
        number, expires_at = secrets.token_hex(8), now + timedelta(seconds=self._settings.pending_seconds)
        with self._lock:
            known = browser is not None and any(browser == pending.browser for pending in self._pending.values())
            name = browser if browser is not None and known else secrets.token_hex(16)
            pending = Pending(browser=name, authorization=authorization, expires_at=expires_at)
            self._pending[number] = pending
        return number, pending

    def find_pending(self, number: str | None, *, browser: str | None, now: datetime) -> Pending | None:
        with self._lock:
            pending = self._pending.get(number or "")
        return pending if pending is not None and pending.browser == browser and now < pending.expires_at else None

    def decide(self, number: str, *, user_id: str | None = None, denied: bool = False) -> None:
        with self._lock:
            self._pending[number] = replace(self._pending[number], user_id=user_id, denied=denied)

    def finish(self, number: str) -> None:
        with self._lock:
            self._pending.pop(number, None)

    def sign_in(self, account: str, user_id: str, now: datetime) -> str:
        """Begin a single-sign-on session and give its cookie's value."""
        value = secrets.token_hex(32)
        with self._lock:
            self._sessions[value] = _Session(account=account, user_id=user_id, expires_at=self._end(now))
        return value

    def find_user_id(self, value: str | None, *, account: str, now: datetime) -> str | None:
        with self._lock:
            session = self._sessions.get(value or "")
        return session.user_id if session and session.account == account and now < session.expires_at else None

    def extend(self, account: str, user_id: str, now: datetime) -> None:
        """Let a user's live sessions last on, as each refresh does."""
        with self._lock:
            for session in self._sessions.values():
                if (session.account, session.user_id) == (account, user_id) and now < session.expires_at:
                    session.expires_at = self._end(now)

    def end_user(self, account: str, user_id: str) -> None:
        with self._lock:
            for value, session in list(self._sessions.items()):
                if (session.account, session.user_id) == (account, user_id):
                    del self._sessions[value]

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()
            self._sessions.clear()

    def _end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._settings.sso_seconds)
