"""A person's browser over plain HTTP, which keeps cookies as Chromium does on localhost."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urljoin

import requests

from local.simulator import DEFAULT_PASSWORD

_SECONDS = 35
"""API Gateway gives up after 30."""
_SESSION = "__Host-le-session"


@dataclass(kw_only=True)
class Person:
    """Somebody who signs in.

    Args:
        base_url: where the application's API is.
        name: a user name that the simulator knows, or any user id.
    """

    base_url: str
    name: str
    _cookies: dict[str, str] = field(default_factory=dict, repr=False)

    def sign_in(self) -> bool:
        """Go the way from launch back to the application; False where it ended on a page that says try again."""
        with requests.Session() as here, requests.Session() as liveperson:
            for session in (here, liveperson):
                session.trust_env = False
            launched = self._visit(here, f"{self.base_url}/launch")
            if launched.status_code != HTTPStatus.FOUND:
                return False
            finished = self._visit(here, self._log_in(liveperson, launched.headers["Location"]))
        return finished.status_code == HTTPStatus.SEE_OTHER and _SESSION in self._cookies

    def visit(self, path: str) -> int:
        """Open a page of the application; gives the answer's status."""
        with requests.Session() as session:
            session.trust_env = False
            return self._visit(session, f"{self.base_url}{path}").status_code

    def _visit(self, session: requests.Session, url: str) -> requests.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies} if cookies else {}
        answer = session.get(url, headers=headers, allow_redirects=False, timeout=_SECONDS)
        for cookie in answer.raw.headers.getlist("Set-Cookie"):
            pair, *attributes = cookie.split("; ")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = value
        session.cookies.clear()  # they are kept here: requests would not send Secure ones by http
        return answer

    def _log_in(self, session: requests.Session, url: str) -> str:
        """Sign in at LivePerson; gives the address of the callback."""
        form = {"username": self.name, "password": DEFAULT_PASSWORD}
        login = _redirect(session, "GET", url)
        decided = _redirect(session, "POST", login, form)
        return _redirect(session, "GET", decided)


def _redirect(session: requests.Session, method: str, url: str, form: dict[str, str] | None = None) -> str:
    """Send a request and give where its answer leads."""
    answer = session.request(method, url, data=form, allow_redirects=False, timeout=_SECONDS)
    return urljoin(url, answer.headers["Location"])
