"""HTTP to LivePerson: no redirects, verified TLS, a cap on what is read, and a deadline on the whole exchange.

requests times each read, not the exchange: a peer that sends a byte now and then would hold it for ever. So a watchdog
shuts the socket when the deadline passes.
"""

from __future__ import annotations

import logging
import math
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_BODY = 64 * 1024
_CONNECT_TIMEOUT = 3.0
_IDLE = 30.0
"""Seconds after which pooled connections are dropped: a process that Lambda froze does not see the peer hang up."""
_POOL_SIZE = 64

# Its warning about headers that cannot be read quotes them, and behind a broken header a body may follow.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class NotSentError(Exception):
    """The request never reached the peer."""


class BrokenError(Exception):
    """The request was sent, at least in part, and no whole answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """Status, headers (looked up without regard to case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HttpClient:
    """One pooled session per process."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # neither proxies nor .netrc: a secret goes to the named host or nowhere
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Adapter(pool_maxsize=_POOL_SIZE))
        self._last_used = time.monotonic()

    def get(self, url: str, *, deadline: float) -> HttpAnswer:
        """GET within `deadline` seconds. Raises: NotSentError, BrokenError."""
        return self._send("GET", url, None, deadline)

    def post_form(self, url: str, form: Mapping[str, str], *, deadline: float) -> HttpAnswer:
        """POST a form within `deadline` seconds. Raises: NotSentError, BrokenError."""
        return self._send("POST", url, form, deadline)

    def _send(self, method: str, url: str, form: Mapping[str, str] | None, deadline: float) -> HttpAnswer:
        self._drop_idle_connections()
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded;charset=UTF-8"
        with _deadline(deadline) as watch:
            try:
                response = self._session.request(
                    method,
                    url,
                    data=form,
                    headers=headers,
                    allow_redirects=False,
                    stream=True,
                    timeout=(min(_CONNECT_TIMEOUT, deadline), deadline),
                )
                with response:
                    body = _read(response)
                watch.check()
                return HttpAnswer(status=response.status_code, headers=response.headers, body=body)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                # Its text may hold the URL or parts of the answer: only its type goes on.
                kind = BrokenError if watch.was_sent else NotSentError
                raise kind(type(error).__name__) from None

    def _drop_idle_connections(self) -> None:
        now = time.monotonic()
        if now - self._last_used > _IDLE:
            self._session.close()
        self._last_used = now


def _read(response: requests.Response) -> bytes:
    """Read a whole body.

    Raises:
        ValueError: it is larger than the cap.
    """
    body = b""
    for chunk in response.raw.stream(8192, decode_content=False):
        body += chunk
        if len(body) > LONGEST_BODY:
            raise ValueError("too large")
    return body


class _Exchange:
    """One request and its answer, as the watchdog sees it."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.was_sent = False
        self._sock: socket.socket | None = None
        self._expired = False
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises: TimeoutError. A socket that was shut may look like the regular end of an answer."""
        if self._expired:
            raise TimeoutError

    def sends_on(self, connection: HTTPConnection) -> None:
        with self._lock:
            self.check()
            self._sock = connection.sock  # kept here: http.client drops it where an answer ends with the connection
            self.was_sent = True

    def lets_go(self) -> None:
        """Forget the connection: it goes back to the pool, and the next request on it is not this one's to end."""
        with self._lock:
            self._sock = None

    def expire(self) -> None:
        with self._lock:
            self._expired = True
            if self._sock is not None:
                with suppress(OSError):  # closed already
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


class _Watchdog:
    """One thread that ends the exchanges whose deadline has passed.

    A timer for each would be a thread for each, which costs as much as a tenth of a sign-in. This one sleeps until
    the earliest deadline that it knew when it fell asleep, so that exchanges in time hardly ever wake it.
    """

    def __init__(self) -> None:
        self._open: set[_Exchange] = set()
        self._wakes_at = 0.0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, exchange: _Exchange) -> None:
        with self._changed:
            self._open.add(exchange)
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                thread.start()  # raises where the process may have no more; then the next exchange tries again
                self._thread = thread
            elif exchange.ends_at < self._wakes_at:
                self._changed.notify()

    def release(self, exchange: _Exchange) -> None:
        with self._changed:
            self._open.discard(exchange)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for exchange in [each for each in self._open if each.ends_at <= now]:
                    self._open.discard(exchange)
                    exchange.expire()
                self._wakes_at = min((each.ends_at for each in self._open), default=math.inf)
                self._changed.wait(min(self._wakes_at - now, threading.TIMEOUT_MAX))


class _Watch(threading.local):
    """This thread's exchange; the connection classes below report to it."""

    current: _Exchange | None = None


_watch = _Watch()
_watchdog = _Watchdog()


@contextmanager
def _deadline(seconds: float) -> Iterator[_Exchange]:
    exchange = _Exchange(time.monotonic() + seconds)
    _watchdog.watch(exchange)
    _watch.current = exchange
    try:
        yield exchange
    finally:
        _watch.current = None
        _watchdog.release(exchange)


class _Reporting:
    """Connects first, then reports: a failure up to there has sent nothing."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        connection: Any = self
        if connection.sock is None:
            connection.connect()
        if _watch.current is not None:
            _watch.current.sends_on(connection)
        super().request(*args, **kwargs)  # type: ignore[misc]  # HTTPConnection's


class _HttpConnection(_Reporting, HTTPConnection):
    pass


class _HttpsConnection(_Reporting, HTTPSConnection):
    pass


class _TakingBack:
    """Reports a connection that is given back: another thread may be next to use it."""

    def _put_conn(self, conn: Any) -> None:
        if _watch.current is not None:
            _watch.current.lets_go()
        super()._put_conn(conn)  # type: ignore[misc]  # HTTPConnectionPool's


class _HttpPool(_TakingBack, HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(_TakingBack, HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
