"""axe-core finds nothing to complain of on any page, on a bright desktop and on a small, dark phone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from le_auth import pages, web
from tests.support.pages_shown import PAGES
from tests.support.web_server import serving

AXE = Path(__file__).parents[2] / ".tools/axe/node_modules/axe-core/axe.min.js"
SCREENS: list[tuple[int, Literal["light", "dark"]]] = [(1280, "light"), (320, "dark")]
# The text above and below the card stands on a gradient, which axe does not compute; test_page_style does.
LEFT_OPEN = {"color-contrast"}

type Show = Callable[[str], Page]


@pytest.fixture(scope="module")
def axe() -> str:
    assert AXE.is_file(), "local/install-axe, which make test runs, installs axe-core"
    return AXE.read_text()


@pytest.fixture
def show(page: Page) -> Iterator[Show]:
    """Show a page with the headers that it is answered with."""
    shown = [""]
    with serving(lambda _: web.page(200, shown[0], style=pages.style_source(), settings=None)) as port:

        def visit(html: str) -> Page:
            shown[0] = html
            page.goto(f"http://localhost:{port}/")
            return page

        yield visit


def examine(page: Page, axe: str) -> tuple[set[str], set[str]]:
    """Give the rules that are broken, and those that axe could not decide."""
    page.evaluate(f"{axe}\n0")  # not a script of the page, so its Content-Security-Policy does not concern it
    result: dict[str, list[dict[str, Any]]] = page.evaluate("axe.run()")
    assert len(result["passes"]) > 15
    return {each["id"] for each in result["violations"]}, {each["id"] for each in result["incomplete"]}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(show: Show, axe: str, name: str) -> None:
    page = show(PAGES[name])

    for width, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour in transition
        violations, undecided = examine(page, axe)

        assert violations == set(), scheme
        assert undecided <= LEFT_OPEN, scheme
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "nobody has to scroll sideways"


def test_axe_does_find_what_is_wrong(show: Show, axe: str) -> None:
    broken = PAGES["active"].replace('<html lang="en">', "<html>").replace("<h1>", "<h4>").replace("</h1>", "</h4>")

    violations, _ = examine(show(broken), axe)

    assert {"html-has-lang", "page-has-heading-one"} <= violations
