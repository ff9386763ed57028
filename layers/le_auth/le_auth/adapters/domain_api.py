"""The Domain API: which host serves Sentinel for an account.

A look-up is good for an hour, and for a day while the Domain API fails. It is kept in the process: launch has no AWS
permissions, so there is nowhere else.

Source: LivePerson, Domain API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from le_auth.errors import DomainApiUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.adapters.http import HttpClient
    from le_auth.domain.sentinel_api import Sentinel, SentinelHostRule

FRESH = timedelta(hours=1)
USABLE = timedelta(days=1)
RETRIED = timedelta(minutes=1)
_DEADLINE = 5.0
SPARED = timedelta(seconds=_DEADLINE)
"""After a failure, for an account that is not known yet: those who waited for it meanwhile must not each wait again."""


@dataclass(frozen=True, slots=True)
class _LookUp:
    sentinel: Sentinel
    found_at: datetime


@dataclass(slots=True, kw_only=True)
class DomainApi:
    """Looks hosts up, one thread at a time; what is known and fresh waits for nobody.

    Args:
        base: of the Domain API, such as https://api.liveperson.net.
        make_http: called at the first look-up, so that requests is imported only then.
    """

    base: str
    rule: SentinelHostRule
    make_http: Callable[[], HttpClient]
    _found: dict[str, _LookUp] = field(default_factory=dict, init=False, repr=False)
    _spared_until: dict[str, datetime] = field(default_factory=dict, init=False, repr=False)
    _failed_at: datetime | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def find(self, account_id: str, *, now: datetime) -> Sentinel:
        """Give an account's Sentinel.

        Raises:
            DomainApiUnavailableError: the look-up failed, and there is none of the last day.
            SentinelHostError: the host that it names is not allowed.
        """
        known = self._find_known(account_id, now=now)
        if known is not None:
            return known
        with self._lock:
            # Another thread may have asked, or failed, while this one waited.
            return self._find_known(account_id, now=now) or self._look_up(account_id, now=now)

    def _find_known(self, account_id: str, *, now: datetime) -> Sentinel | None:
        """Give a look-up that is fresh, or usable while the Domain API fails, for whichever account it failed."""
        look_up = self._found.get(account_id)
        if look_up is None:
            return None
        fails = self._failed_at is not None and now - self._failed_at < RETRIED
        age = now - look_up.found_at
        return look_up.sentinel if age < FRESH or (fails and age <= USABLE) else None

    def _look_up(self, account_id: str, *, now: datetime) -> Sentinel:
        if now < self._spared_until.get(account_id, now):
            raise DomainApiUnavailableError("LivePerson's Domain API failed a moment ago.")
        try:
            sentinel = self.rule.check(self._ask(account_id))
        except DomainApiUnavailableError:
            self._failed_at = now
            known = self._find_known(account_id, now=now)
            if known is None:
                self._spared_until[account_id] = now + SPARED
                raise
            return known
        self._found[account_id] = _LookUp(sentinel, found_at=now)
        return sentinel

    def _ask(self, account_id: str) -> str:
        from le_auth.adapters.http import BrokenError, NotSentError  # imports requests

        url = f"{self.base}/api/account/{account_id}/service/sentinel/baseURI.json?version=1.0"
        try:
            answer = self.make_http().get(url, deadline=_DEADLINE)
        except (NotSentError, BrokenError) as error:
            raise DomainApiUnavailableError("LivePerson's Domain API cannot be reached.") from error
        if answer.status != 200:
            raise DomainApiUnavailableError(f"LivePerson's Domain API answered {answer.status} for this account.")
        return _read_host(answer.body)


def _read_host(body: bytes) -> str:
    """Read the host from either form: one service, or a list that contains it.

    Raises:
        DomainApiUnavailableError: the answer names no host for Sentinel.
    """
    try:
        content: Any = json.loads(body)
        services = content.get("baseURIs", [content])
        hosts = [service["baseURI"] for service in services if service.get("service") == "sentinel"]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise DomainApiUnavailableError("LivePerson's Domain API gave an answer that cannot be read.") from error
    if not hosts or not isinstance(hosts[0], str):
        raise DomainApiUnavailableError("LivePerson's Domain API names no Sentinel for this account.")
    return hosts[0]
