"""Every state of every page, as tests look at them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from le_auth.domain.secret import Secret
from le_auth.landing import Ended, SignedIn, confirm_page, signed_in_page, signed_out_page
from le_auth.pages import error_page

NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
BASE_URL = "https://auth.example.com"
LAUNCH_URL = f"{BASE_URL}/launch?account_id=13099967&return_to=%2Fapp"
FORM_TOKEN = "canary-form-token"
ADA = SignedIn(
    account_id="13099967",
    user_id="3677470410",
    is_admin=False,
    is_lpa=False,
    status="active",
    signed_in_at=NOON - timedelta(hours=5),
    refreshed_at=NOON - timedelta(minutes=4),
    refresh_due_at=NOON + timedelta(minutes=26),
    form_token=Secret(FORM_TOKEN),
)
LOST = replace(ADA, status="reauthorize", refresh_due_at=None)


def error(
    *,
    title: str = "Your sign-in took too long",
    explanation: str = "It was started more than ten minutes ago.",
    advice: str = "Start again.",
    way_on: tuple[str, str] | None = (LAUNCH_URL, "Try again"),
    reference: str = "f3a1c0de-7b55",
) -> str:
    return error_page(title=title, explanation=explanation, advice=advice, way_on=way_on, reference=reference)


PAGES = {
    "active": signed_in_page(ADA, base_url=BASE_URL, now=NOON),
    "paused": signed_in_page(replace(ADA, refresh_due_at=None), base_url=BASE_URL, now=NOON),
    "reauthorize": signed_in_page(LOST, base_url=BASE_URL, now=NOON),
    "confirm": confirm_page(ADA, base_url=BASE_URL),
    "not signed in": signed_out_page(base_url=BASE_URL),
    **{f"signed out, {ended}": signed_out_page(base_url=BASE_URL, ended=ended) for ended in Ended},
    "error": error(),
    "error without a way back": error(way_on=None),
}
