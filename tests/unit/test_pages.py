"""What the landing page and the error page say, and that nothing hostile gets into them."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest

from le_auth.domain.secret import Secret
from le_auth.landing import SignedIn, confirm_page, signed_in_page, signed_out_page
from le_auth.pages import style_source
from tests.support.outline import Outline
from tests.support.pages_shown import ADA, BASE_URL, LAUNCH_URL, LOST, NOON, PAGES, error

HOSTILE = """</style></title><script>alert('1')</script><img src=x onerror="x">&amp;$style{{7*7}}"""

every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


@every_page
def test_every_page_is_well_formed_with_language_title_landmarks_and_one_heading(page: str) -> None:
    outline = Outline(page)

    assert page.startswith("<!doctype html>")
    assert outline.named("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in outline.named("meta")
    assert [len(outline.named(tag)) for tag in ("title", "header", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    assert "LiveEngage App Authorization" in outline.text


@every_page
def test_every_page_needs_nothing_but_its_one_inline_style(page: str) -> None:
    outline = Outline(page)
    attributes = {name for _, names in outline.shape for name in names}
    beside_links = page.replace(f"{BASE_URL}/", "")

    assert not {tag for tag, _ in outline.shape} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
    }
    assert not {name for name in attributes if name in {"style", "src", "srcset"} or name.startswith("on")}
    assert not re.search(r"https?:|//\w|url\(|@import|@font-face", beside_links)
    assert len(page.encode()) < 8_000


@every_page
def test_the_style_source_is_the_hash_of_the_style_that_stands_in_the_page(page: str) -> None:
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert style_source() == f"'sha256-{digest}'"
    assert "<" not in style


@pytest.mark.parametrize("harmless", [ADA, LOST], ids=["active", "reauthorize"])
def test_hostile_ids_stay_text(harmless: SignedIn) -> None:
    def show(signed_in: SignedIn) -> Outline:
        return Outline(
            signed_in_page(signed_in, base_url=BASE_URL, now=NOON) + confirm_page(signed_in, base_url=BASE_URL)
        )

    outline = show(replace(harmless, account_id=HOSTILE, user_id=HOSTILE, form_token=Secret(HOSTILE)))

    assert outline.shape == show(harmless).shape
    assert outline.text.count(HOSTILE) == 4


@pytest.mark.parametrize("field", ["title", "explanation", "advice", "reference"])
def test_a_hostile_word_on_the_error_page_stays_text(field: str) -> None:
    outline = Outline(error(**{field: HOSTILE}))  # type: ignore[arg-type]

    assert outline.shape == Outline(error()).shape
    assert HOSTILE in outline.text


def test_a_hostile_base_url_stays_inside_its_attributes() -> None:
    page = Outline(signed_in_page(ADA, base_url=HOSTILE, now=NOON))
    other = Outline(signed_out_page(base_url=HOSTILE))

    assert page.links == [f"{HOSTILE}/?confirm=liveperson"]
    assert page.named("form") == [{"method": "post", "action": f"{HOSTILE}/logout?scope=local"}]
    assert other.links == [f"{HOSTILE}/launch"]


def test_a_hostile_way_on_stays_inside_its_link() -> None:
    page = Outline(error(way_on=(HOSTILE, HOSTILE)))

    assert page.links == [HOSTILE]
    assert page.text.count(HOSTILE) == 1


def test_the_error_page_gives_explanation_advice_reference_and_the_way_back() -> None:
    outline = Outline(error())

    for words in ("Your sign-in took too long", "It was started", "Start again.", "f3a1c0de-7b55", "Try again"):
        assert words in outline.text
    assert outline.links == [LAUNCH_URL]


def test_the_error_page_offers_no_second_try_where_none_would_help() -> None:
    outline = Outline(error(way_on=None))

    assert outline.named("a") == []
    assert "Try again" not in outline.text
