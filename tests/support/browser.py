"""A browser as plain as it can be: it keeps cookies by the rules and follows our functions' answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from le_auth.domain.return_to import origin_of
from local.simulator import DEFAULT_PASSWORD
from tests.support.api_events import api_event
from tests.support.installation import BASE_URL
from tests.support.outline import Outline

if TYPE_CHECKING:
    from tests.support.installation import Answer, Installation

_ROUTES = {
    "/launch": "launch",
    "/callback": "callback",
    "/": "session",
    "/session": "session",
    "/logout": "session",
}
_PAGES_ONLY = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(kw_only=True)
class Browser:
    """One person's browser.

    Args:
        cookies: those of our host, by name.
        liveperson: its cookies at LivePerson.
    """

    installation: Installation
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    liveperson: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self.liveperson.trust_env = False

    def event(self, url: str, *, method: str = "GET", body: str | None = None, **headers: str) -> dict[str, Any]:
        """Give the event that a visit to one of our addresses would become."""
        parts = urlsplit(url)
        cookies = [f"{name}={value}" for name, value in self.cookies.items()]
        return api_event(parts.path or "/", method=method, query=parts.query, cookies=cookies, body=body, **headers)

    def visit(self, url: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Go to one of our addresses and keep the cookies that come back."""
        event = self.event(url, method=method, body=body, **headers)
        answer: Answer = self.installation.invoke(_ROUTES[event["rawPath"]], event)
        for cookie in answer["cookies"]:
            self._keep(cookie)
        return answer

    def submit(self, page: Answer, **changes: str) -> Answer:
        """Send the one form of a page of ours, as browsers do from a page without referrers.

        Args:
            changes: of the form's fields.
        """
        outline = Outline(page["body"])
        [form] = outline.named("form")
        fields = {field["name"] or "": field["value"] or "" for field in outline.named("input")}
        return self.visit(
            (form["action"] or "").removeprefix(BASE_URL),
            method="POST",
            body=urlencode({**fields, **changes}),
            accept=_PAGES_ONLY,
            content_type="application/x-www-form-urlencoded",
            origin="null",
        )

    def call(self, url: str, *, method: str = "POST", body: str | None = None, **headers: str) -> Answer:
        """Have a script call one of our addresses, as fetch() does."""
        return self.visit(url, method=method, body=body, **{"accept": "*/*", **headers})

    def launch(self, query: str = "") -> str:
        """Begin a sign-in; gives where at LivePerson it leads."""
        answer = self.visit(f"/launch?{query}")
        assert answer["statusCode"] == 302
        location: str = answer["headers"]["Location"]
        return location

    def log_in(self, location: str, name: str = "ada", **form: str) -> str:
        """Sign in at LivePerson, or press `deny`; gives the address of our callback that it leads to."""
        base_url = origin_of(location)
        answer = self._at_liveperson("GET", location)
        if "/login?" in answer.headers["Location"]:
            filled_in = {"username": name, "password": DEFAULT_PASSWORD, **form}
            answer = self._at_liveperson("POST", base_url + answer.headers["Location"], filled_in)
            answer = self._at_liveperson("GET", base_url + answer.headers["Location"])
        callback = answer.headers["Location"]
        assert callback.startswith(f"{BASE_URL}/callback?"), callback
        return callback

    def come_back(self, query: str = "", name: str = "ada", **form: str) -> str:
        """Begin a sign-in, sign in at LivePerson, and give the address of our callback that it leads to."""
        return self.log_in(self.launch(query), name, **form)

    def sign_in(self, query: str = "", name: str = "ada") -> Answer:
        """Sign in, from launch to the callback's answer."""
        answer = self.visit(self.come_back(query, name))
        assert answer["statusCode"] == 303
        return answer

    def _at_liveperson(self, method: str, url: str, form: dict[str, str] | None = None) -> requests.Response:
        answer = self.liveperson.request(method, url, data=form, allow_redirects=False, timeout=10)
        assert answer.is_redirect, f"LivePerson answered {answer.status_code}"
        return answer

    def _keep(self, cookie: str) -> None:
        pair, *attributes = cookie.split("; ")
        name, _, value = pair.partition("=")
        assert name.startswith("__Host-")
        assert {"Path=/", "Secure"} <= set(attributes), "a browser drops a __Host- cookie without these"
        assert not any(attribute.startswith("Domain") for attribute in attributes)
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


def parameters(url: str) -> dict[str, str]:
    """Give the query parameters of a URL, none of which may come twice."""
    query = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert all(len(values) == 1 for values in query.values())
    return {name: values[0] for name, values in query.items()}
