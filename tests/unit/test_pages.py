"""What the landing page and the error page say, and that nothing hostile gets into them."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from le_auth.pages import SignedIn, error_page, landing_page, style_source

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
LAUNCH_URL = "https://auth.example.com/launch?account_id=13099967&return_to=%2Fapp"
HOSTILE = """</style></title><script>alert('1')</script><img src=x onerror="x">&amp;$style{{7*7}}"""
ADA = SignedIn(
    account_id="13099967",
    user_id="3677470410",
    is_admin=False,
    is_lpa=False,
    status="active",
    signed_in_at=NOON - timedelta(hours=5),
    refreshed_at=NOON - timedelta(minutes=4),
    refresh_due_at=NOON + timedelta(minutes=26),
)
LOST = replace(ADA, status="reauthorize", refresh_due_at=None)
VOID_ELEMENTS = {"meta", "link", "br", "hr", "img", "input"}


def landing(signed_in: SignedIn | None = ADA, *, launch_url: str = LAUNCH_URL) -> str:
    return landing_page(signed_in, launch_url=launch_url, now=NOON)


def error(
    *,
    title: str = "Your sign-in took too long",
    explanation: str = "It was started more than ten minutes ago.",
    advice: str = "Start again.",
    launch_url: str | None = LAUNCH_URL,
    reference: str = "f3a1c0de-7b55",
) -> str:
    return error_page(title=title, explanation=explanation, advice=advice, launch_url=launch_url, reference=reference)


PAGES = {
    "active": landing(),
    "paused": landing(replace(ADA, refresh_due_at=None)),
    "reauthorize": landing(LOST),
    "signed out": landing(None),
    "error": error(),
    "error without a way back": error(launch_url=None),
}
every_page = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


class Outline(HTMLParser):
    """The elements and visible words of a page; refuses elements that are left open or closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID_ELEMENTS:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice on {tag}"
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(name, tuple(attributes)) for name, attributes in self.elements]


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
    links = [link["href"] for link in outline.named("a")]
    beside_links = page.replace("https://auth.example.com/", "")

    assert not {tag for tag, _ in outline.shape} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
    }
    assert not {name for name in attributes if name in {"style", "src", "srcset"} or name.startswith("on")}
    assert set(links) <= {LAUNCH_URL}
    assert not re.search(r"https?:|//\w|url\(|@import|@font-face", beside_links)
    assert len(page.encode()) < 6_000


@every_page
def test_the_style_source_is_the_hash_of_the_style_that_stands_in_the_page(page: str) -> None:
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert style_source() == f"'sha256-{digest}'"
    assert "<" not in style


@pytest.mark.parametrize("harmless", [ADA, LOST], ids=["active", "reauthorize"])
def test_hostile_ids_stay_text(harmless: SignedIn) -> None:
    outline = Outline(landing(replace(harmless, account_id=HOSTILE, user_id=HOSTILE)))

    assert outline.shape == Outline(landing(harmless)).shape
    assert outline.text.count(HOSTILE) == 2


@pytest.mark.parametrize("field", ["title", "explanation", "advice", "reference"])
def test_a_hostile_word_on_the_error_page_stays_text(field: str) -> None:
    outline = Outline(error(**{field: HOSTILE}))

    assert outline.shape == Outline(error()).shape
    assert HOSTILE in outline.text


@pytest.mark.parametrize(
    "page",
    [landing(None, launch_url=HOSTILE), landing(LOST, launch_url=HOSTILE), error(launch_url=HOSTILE)],
    ids=["signed out", "reauthorize", "error"],
)
def test_a_hostile_launch_url_stays_inside_its_attribute(page: str) -> None:
    [link] = Outline(page).named("a")

    assert link == {"class": "button", "href": HOSTILE}


def test_the_landing_page_says_who_is_signed_in_and_offers_no_sign_in() -> None:
    outline = Outline(landing())

    assert "You are signed in" in outline.text
    assert "Active" in outline.text
    assert ADA.user_id in outline.text
    assert ADA.account_id in outline.text
    assert "9 March 2026, 07:00 UTC" in outline.text
    assert outline.named("a") == []


@pytest.mark.parametrize(
    ("is_admin", "is_lpa", "role"),
    [
        (False, False, "Role User"),
        (True, False, "Role Administrator"),
        (False, True, "Role LivePerson internal administrator (LPA)"),
        (True, True, "Role Administrator, LivePerson internal administrator (LPA)"),
    ],
)
def test_the_landing_page_names_the_role(*, is_admin: bool, is_lpa: bool, role: str) -> None:
    text = Outline(landing(replace(ADA, is_admin=is_admin, is_lpa=is_lpa))).text

    assert f"{role} Signed in" in text


def test_who_is_not_signed_in_gets_the_link_to_launch() -> None:
    outline = Outline(landing(None))

    assert outline.named("a") == [{"class": "button", "href": LAUNCH_URL}]
    assert "Sign in with LiveEngage" in outline.text


def test_a_lost_authorization_is_explained_beside_the_link_to_sign_in_again() -> None:
    outline = Outline(landing(LOST))

    assert outline.named("a") == [{"class": "button", "href": LAUNCH_URL}]
    assert "Sign in again" in outline.text
    assert "LivePerson no longer accepts this authorization" in outline.text
    assert "Last refreshed 4 minutes ago, no longer accepted" in outline.text
    assert "next at about" not in outline.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-90_000, "just now"),
        (-1, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (120, "2 minutes ago"),
        (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"),
        (7_199, "1 hour ago"),
        (7_200, "2 hours ago"),
        (86_399, "23 hours ago"),
        (86_400, "1 day ago"),
        (172_800, "2 days ago"),
        (1_209_600, "14 days ago"),
    ],
)
def test_the_age_of_the_token_is_said_in_its_largest_unit(seconds: int, words: str) -> None:
    text = Outline(landing(replace(ADA, refreshed_at=NOON - timedelta(seconds=seconds)))).text

    assert f"Refreshed {words}, next at about 12:26 UTC" in text


@pytest.mark.parametrize(
    ("due_at", "words"),
    [
        (NOON + timedelta(minutes=26), "next at about 12:26 UTC"),
        (NOON, "next one due now"),
        (NOON - timedelta(minutes=3), "next one due now"),
        (None, "paused until the application is used again"),
    ],
)
def test_the_next_refresh_is_said_in_words(due_at: datetime | None, words: str) -> None:
    assert f"Refreshed 4 minutes ago, {words}" in Outline(landing(replace(ADA, refresh_due_at=due_at))).text


def test_times_are_marked_up_in_utc_whatever_zone_they_come_in() -> None:
    tokyo = timezone(timedelta(hours=9))
    signed_in = replace(ADA, refresh_due_at=ADA.refresh_due_at and ADA.refresh_due_at.astimezone(tokyo))

    times = [time["datetime"] for time in Outline(landing(signed_in)).named("time")]

    assert times == ["2026-03-09T07:00:00Z", "2026-03-09T11:56:00Z", "2026-03-09T12:26:00Z"]
    assert landing(signed_in) == landing()


def test_the_error_page_gives_explanation_advice_reference_and_the_way_back() -> None:
    outline = Outline(error())

    for words in ("Your sign-in took too long", "It was started", "Start again.", "f3a1c0de-7b55", "Try again"):
        assert words in outline.text
    assert outline.named("a") == [{"class": "button", "href": LAUNCH_URL}]


def test_the_error_page_offers_no_second_try_where_none_would_help() -> None:
    outline = Outline(error(launch_url=None))

    assert outline.named("a") == []
    assert "Try again" not in outline.text
