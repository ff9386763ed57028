"""Point 14, judged by a real browser: whatever launch lets through, Chromium stays on an allowed origin."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Error

from tests.support.breaks import broken_by
from tests.support.browser import parameters
from tests.support.chromium import running_chromium
from tests.support.hostile_urls import hostile_urls
from tests.support.installation import ACCOUNT, APP
from tests.support.loose_rules import RESOLVE, any_of_that_host, any_path, any_that_begins_so
from tests.support.web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Page

    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation

pytestmark = pytest.mark.chromium

# What `new URL` makes of each value, as a browser resolves a link or a Location header.
RESOLVES = """([values, base]) => values.map(value => {
  try { return new URL(value, base).origin } catch { return "no URL" }
})"""


@dataclass
class Front:
    """Answers as the API does after a sign-in: /callback is a redirect to the location, all else is a page."""

    port: int = 0
    location: str | None = None

    @property
    def origins(self) -> tuple[str, str]:
        """Our own and one of ReturnOrigins."""
        return f"http://localhost:{self.port}", f"http://app.localhost:{self.port}"

    def respond(self, event: Mapping[str, Any]) -> Answer:
        if event["rawPath"] == "/callback" and self.location is not None:
            return {"statusCode": 303, "headers": {"Location": self.location}, "body": ""}
        return {"statusCode": 200, "headers": {"Content-Type": "text/plain"}, "body": ""}


@pytest.fixture
def front(installation: Installation) -> Iterator[Front]:
    front = Front()
    with serving(front.respond) as front.port:
        own, app = front.origins
        installation.configure(PublicBaseUrl=own, ReturnOrigins=app)
        installation.simulator.add_redirect_uri(APP, f"{own}/callback")
        yield front


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Chromium for which every name is this machine."""
    with running_chromium("--host-resolver-rules=MAP * 127.0.0.1") as chromium:
        yield chromium


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def values(front: Front) -> list[str]:
    return list(dict.fromkeys(value for origin in front.origins for value in hostile_urls(origin)))


def location_after(browser: Browser, front: Front, return_to: str) -> str | None:
    """Give where our functions send a browser that asked for this; None: they refuse."""
    browser.cookies.clear()
    answer = browser.visit(f"/launch?return_to={quote(return_to, safe='')}")
    if answer["statusCode"] != 302:
        return None
    code = browser.installation.simulator.issue_code(
        app_install_id=APP, account=ACCOUNT, user_id="1001", redirect_uri=f"{front.origins[0]}/callback"
    )
    state = parameters(answer["headers"]["Location"])["state"]
    location: str = browser.visit(f"/callback?state={state}&code={code}")["headers"]["Location"]
    return location


@broken_by("any path", {RESOLVE: any_path})
@broken_by("any prefix", {RESOLVE: any_that_begins_so})
@broken_by("the host that Python sees", {RESOLVE: any_of_that_host})
def test_point_14_chromium_resolves_every_location_to_an_allowed_origin(
    front: Front, values: list[str], browser: Browser, page: Page
) -> None:
    page.goto(f"{front.origins[0]}/")
    locations = {value: location_after(browser, front, value) for value in values}
    asked = dict(zip(values, page.evaluate(RESOLVES, [values, front.origins[0]]), strict=True))
    given = {value: location for value, location in locations.items() if location is not None}
    resolved = page.evaluate(RESOLVES, [list(given.values()), f"{front.origins[0]}/callback"])

    assert set(resolved) == set(front.origins)
    hostile = [value for value, origin in asked.items() if origin not in front.origins]
    assert [value for value in hostile if value in given] == []
    assert len(hostile) >= 300
    assert len(given) >= 100


@broken_by("any path", {RESOLVE: any_path})
def test_point_14_chromium_stays_on_an_allowed_origin_when_it_follows_the_redirect(
    front: Front, values: list[str], browser: Browser, page: Page
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    followed = 0
    for value in values:
        front.location = location_after(browser, front, value)
        if front.location is None:
            continue
        requested.clear()
        with suppress(Error):  # the page of a foreign or an impossible address does not load
            page.goto(f"{front.origins[0]}/callback", wait_until="commit")
        assert {origin_of(url) for url in (*requested, page.url)} <= set(front.origins), value
        followed += 1
    assert followed >= 100


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
