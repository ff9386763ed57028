"""A front end at an origin of its own calls GET /session and POST /logout, by the script of docs/front-ends.md."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page

from local.simulator import DEFAULT_PASSWORD
from tests.support.installation import APP, Installation
from tests.support.web_server import Respond, a_page, serving, the_functions

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "front-ends.md"
OURS, OF_THE_SAME_SITE, OF_ANOTHER_SITE = "auth.example.localhost", "app.example.localhost", "app.other.localhost"


@contextmanager
def a_front_end(
    page: Page, installation: Installation, host: str, *, framed: bool = False
) -> Iterator[tuple[str, Frame]]:
    """Sign in and land on a front end at this host; gives our address and the frame that the front end is in.

    Args:
        framed: all that happens in a frame of yet another site, in the embedded mode.
    """
    with serving(the_functions(installation)) as port, serving(the_example(port)) as app:
        base_url, front_end = f"http://{OURS}:{port}", f"http://{host}:{app}"
        installation.configure(
            PublicBaseUrl=base_url, ReturnOrigins=front_end, EmbeddedInLiveEngage=str(framed).lower()
        )
        installation.simulator.add_redirect_uri(APP, f"{base_url}/callback")
        with serving(a_page(f'<iframe src="{base_url}/launch?return_to={front_end}/">')) as top:
            page.goto(f"http://127.0.0.1:{top}/" if framed else f"{base_url}/launch?return_to={front_end}/")
            frame = page.main_frame.child_frames[0] if framed else page.main_frame
            frame.get_by_label("User name").fill("ada")
            frame.get_by_label("Password").fill(DEFAULT_PASSWORD)
            frame.get_by_role("button", name="Sign in").click()
            frame.wait_for_url(f"{front_end}/")
            yield base_url, frame


def the_example(port: int) -> Respond:
    """Give a page with the one script of the documentation, our address in place of the one there."""
    [script] = re.findall(r"```js\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert script.count("https://auth.example.com") == 1
    script = script.replace("https://auth.example.com", f"http://{OURS}:{port}")
    return a_page(f"<!doctype html><title>App</title><script>{script}</script>")


def test_the_example_knows_who_is_signed_in_and_signs_out(page: Page, installation: Installation) -> None:
    with a_front_end(page, installation, OF_THE_SAME_SITE) as (base_url, front_end):
        assert front_end.evaluate("whoIsSignedIn()")["user_id"] == "1001"

        front_end.evaluate("signOut()")

        assert page.context.cookies(base_url) == []
        assert front_end.evaluate("whoIsSignedIn()") is None
        front_end.evaluate("signOut()")


def test_the_example_signs_out_of_liveperson_too(page: Page, installation: Installation) -> None:
    with a_front_end(page, installation, OF_THE_SAME_SITE) as (_, front_end):
        front_end.evaluate("signOut('liveperson')")

        assert installation.simulator.journal.counts()["revoke"] == 1


def test_a_front_end_of_another_site_gets_no_session_since_the_cookie_does_not_come_along(
    page: Page, installation: Installation
) -> None:
    with a_front_end(page, installation, OF_ANOTHER_SITE) as (base_url, front_end):
        assert len(page.context.cookies(base_url)) == 1
        assert front_end.evaluate("whoIsSignedIn()") is None


@pytest.mark.parametrize("host", [OF_THE_SAME_SITE, OF_ANOTHER_SITE])
def test_inside_a_frame_the_cookie_comes_along_from_either(page: Page, installation: Installation, host: str) -> None:
    with a_front_end(page, installation, host, framed=True) as (base_url, front_end):
        assert front_end.evaluate("whoIsSignedIn()")["user_id"] == "1001"

        front_end.evaluate("signOut()")

        assert page.context.cookies(base_url) == []
        assert front_end.evaluate("whoIsSignedIn()") is None


def test_a_page_of_the_same_site_that_is_not_listed_can_neither_read_nor_sign_out(
    page: Page, installation: Installation
) -> None:
    with a_front_end(page, installation, OF_THE_SAME_SITE) as (base_url, front_end):
        installation.configure(ReturnOrigins="https://app.example.com")

        for call in ("whoIsSignedIn()", "signOut()"):
            assert "TypeError" in front_end.evaluate(f"{call}.catch(String)")
        assert len(page.context.cookies(base_url)) == 1
