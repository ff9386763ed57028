"""The application in a frame of another site, as LiveEngage shows it: the page at 127.0.0.1, the frame at localhost."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Frame, Locator, Page, expect

from local.simulator import DEFAULT_PASSWORD
from tests.support.installation import APP, Installation
from tests.support.web_server import a_page, serving, the_functions


@contextmanager
def framed(page: Page, installation: Installation, path: str, **parameters: str) -> Iterator[tuple[str, Frame]]:
    """Show a page of ours in a frame of a page of another site; gives our address and the frame."""
    with serving(the_functions(installation)) as port:
        base_url = f"http://localhost:{port}"
        with serving(a_page(f'<!doctype html><title>Outside</title><iframe src="{base_url}{path}"></iframe>')) as outer:
            ancestors = {"FrameAncestors": f"http://127.0.0.1:{outer}"}
            installation.configure(PublicBaseUrl=base_url, **{**ancestors, **parameters})
            installation.simulator.add_redirect_uri(APP, f"{base_url}/callback")
            page.goto(f"http://127.0.0.1:{outer}/")
            [frame] = page.main_frame.child_frames
            yield base_url, frame


def test_a_person_signs_in_within_the_frame_stays_signed_in_and_signs_out_there(
    page: Page, installation: Installation
) -> None:
    with framed(page, installation, "/launch", EmbeddedInLiveEngage="true") as (base_url, frame):
        sign_in(frame)

        expect(heading(frame)).to_have_text("You are signed in")
        assert frame.url == f"{base_url}/"
        [cookie] = page.context.cookies(base_url)
        assert (cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) == ("None", True, True)
        assert cookie["partitionKey"] == "http://127.0.0.1"

        frame.goto(f"{base_url}/")
        expect(heading(frame)).to_have_text("You are signed in")

        frame.get_by_role("button", name="Sign out").click()
        expect(heading(frame)).to_have_text("You are signed out")
        assert page.context.cookies(base_url) == []


def test_signing_out_everywhere_asks_within_the_frame_too(page: Page, installation: Installation) -> None:
    with framed(page, installation, "/launch", EmbeddedInLiveEngage="true") as (_, frame):
        sign_in(frame)

        frame.get_by_role("link", name="Sign out everywhere").click()
        expect(heading(frame)).to_have_text("Sign out of LivePerson?")
        frame.get_by_role("button", name="Sign out everywhere").click()

        expect(frame.get_by_role("main")).to_contain_text("with all other LivePerson applications have ended")
        assert installation.simulator.journal.counts()["revoke"] == 1


def test_a_session_in_the_frame_is_none_in_a_tab_of_its_own(page: Page, installation: Installation) -> None:
    with framed(page, installation, "/launch", EmbeddedInLiveEngage="true") as (base_url, frame):
        sign_in(frame)
        expect(heading(frame)).to_have_text("You are signed in")

        tab = page.context.new_page()
        tab.goto(f"{base_url}/")

        expect(tab.get_by_role("heading", level=1)).to_have_text("Connect to LiveEngage")
        tab.goto(f"{base_url}/launch")
        expect(tab.get_by_role("heading", level=1)).to_have_text("You are signed in")


@pytest.mark.parametrize(
    ("parameters", "is_shown"),
    [
        ({"EmbeddedInLiveEngage": "true"}, True),
        ({"EmbeddedInLiveEngage": "true", "FrameAncestors": "https://*.liveperson.net"}, False),
        ({"EmbeddedInLiveEngage": "false"}, False),
    ],
)
def test_a_page_is_shown_in_the_embedded_mode_and_by_the_frame_ancestors_only(
    page: Page, installation: Installation, parameters: dict[str, str], *, is_shown: bool
) -> None:
    with framed(page, installation, "/", **parameters) as (base_url, frame):
        assert where_it_ends(page, frame) == (f"{base_url}/" if is_shown else "chrome-error://chromewebdata/")


def sign_in(frame: Frame) -> None:
    frame.get_by_label("User name").fill("ada")
    frame.get_by_label("Password").fill(DEFAULT_PASSWORD)
    frame.get_by_role("button", name="Sign in").click()


def heading(frame: Frame) -> Locator:
    return frame.get_by_role("heading", level=1)


def where_it_ends(page: Page, frame: Frame) -> str:
    """Give the frame's address; the browser's own error page comes a moment after the page around it has loaded."""
    for _ in range(100):
        if frame.url not in {"", "about:blank"}:
            break
        page.wait_for_timeout(50)
    return frame.url
