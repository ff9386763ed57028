"""What the landing page says in each of its states, and where its buttons lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from le_auth.landing import Ended, SignedIn, confirm_page, signed_in_page, signed_out_page
from tests.support.outline import Outline
from tests.support.pages_shown import ADA, BASE_URL, FORM_TOKEN, LOST, NOON


def landing(signed_in: SignedIn = ADA) -> Outline:
    return Outline(signed_in_page(signed_in, base_url=BASE_URL, now=NOON))


def test_the_landing_page_says_who_is_signed_in_and_offers_no_sign_in() -> None:
    page = landing()

    for words in ("You are signed in", "Active", ADA.user_id, ADA.account_id, "9 March 2026, 07:00 UTC"):
        assert words in page.text
    assert not [link for link in page.links if "/launch" in link]


def test_whoever_is_signed_in_signs_out_here_by_a_form_with_the_sessions_token() -> None:
    page = landing()

    assert page.named("form") == [{"method": "post", "action": f"{BASE_URL}/logout?scope=local"}]
    assert page.named("input") == [{"type": "hidden", "name": "form_token", "value": FORM_TOKEN}]
    assert "You stay signed in to LivePerson." in page.text


def test_signing_out_everywhere_is_asked_about_first() -> None:
    assert landing().links == [f"{BASE_URL}/?confirm=liveperson"]
    assert "liveperson" not in str(landing().named("form"))


def test_the_question_says_what_ends_and_offers_both_answers() -> None:
    page = Outline(confirm_page(ADA, base_url=BASE_URL))

    for words in (ADA.user_id, ADA.account_id, "in all LivePerson applications", "and in this one"):
        assert words in page.text
    assert page.named("form") == [{"method": "post", "action": f"{BASE_URL}/logout?scope=liveperson"}]
    assert page.named("input") == [{"type": "hidden", "name": "form_token", "value": FORM_TOKEN}]
    assert page.links == [f"{BASE_URL}/"]


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
    text = landing(replace(ADA, is_admin=is_admin, is_lpa=is_lpa)).text

    assert f"{role} Signed in" in text


def test_who_is_not_signed_in_gets_the_link_to_launch() -> None:
    page = Outline(signed_out_page(base_url=BASE_URL))

    assert page.links == [f"{BASE_URL}/launch"]
    assert "Sign in with LiveEngage" in page.text
    assert page.named("form") == []


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended.HERE, "it no longer holds any of your tokens"),
        (Ended.EVERYWHERE, "with all other LivePerson applications have ended"),
        (Ended.EVERYWHERE_SOON, "LivePerson does not answer at the moment"),
        (Ended.HERE_ONLY, "sign out there as well"),
    ],
)
def test_after_a_sign_out_the_page_says_what_has_ended(ended: Ended, words: str) -> None:
    page = Outline(signed_out_page(base_url=BASE_URL, ended=ended))

    assert "You are signed out" in page.text
    assert words in page.text
    assert page.links == [f"{BASE_URL}/launch"]


def test_a_lost_authorization_is_explained_beside_the_ways_to_sign_in_again_and_to_sign_out() -> None:
    page = landing(LOST)

    assert page.links == [f"{BASE_URL}/launch?account_id={LOST.account_id}"]
    assert page.named("form") == [{"method": "post", "action": f"{BASE_URL}/logout?scope=local"}]
    assert "LivePerson no longer accepts this authorization" in page.text
    assert "Last refreshed 4 minutes ago, no longer accepted" in page.text
    assert "next at about" not in page.text


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
    text = landing(replace(ADA, refreshed_at=NOON - timedelta(seconds=seconds))).text

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
    assert f"Refreshed 4 minutes ago, {words}" in landing(replace(ADA, refresh_due_at=due_at)).text


def test_times_are_marked_up_in_utc_whatever_zone_they_come_in() -> None:
    tokyo = timezone(timedelta(hours=9))
    signed_in = replace(ADA, refresh_due_at=ADA.refresh_due_at and ADA.refresh_due_at.astimezone(tokyo))

    times = [time["datetime"] for time in landing(signed_in).named("time")]

    assert times == ["2026-03-09T07:00:00Z", "2026-03-09T11:56:00Z", "2026-03-09T12:26:00Z"]
    assert landing(signed_in).text == landing().text
