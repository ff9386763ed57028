"""The pages a person sees, rendered on the server: the landing page and the error page.

They hold no script, no token and nothing from elsewhere, so that this Content-Security-Policy is enough:
`default-src 'none'; style-src <style_source()>`.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Literal

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What the landing page shows of a person.

    Args:
        status: `reauthorize` means that LivePerson no longer accepts the authorization.
        signed_in_at, refreshed_at: aware UTC.
        refresh_due_at: aware UTC; None where no refresh is planned, since nobody used the token for long.
    """

    account_id: str
    user_id: str
    is_admin: bool
    is_lpa: bool
    status: Literal["active", "reauthorize"]
    signed_in_at: datetime
    refreshed_at: datetime
    refresh_due_at: datetime | None


class Markup(str):
    """HTML that a template takes as it is; any other string is escaped."""

    __slots__ = ()


def landing_page(signed_in: SignedIn | None, *, launch_url: str, now: datetime) -> str:
    """Render who is signed in and how fresh the token is, or the way to sign in."""
    if signed_in is None:
        actions = _link_button(launch_url, "Sign in with LiveEngage")
        return _page("Sign in", _fill("signed_out.html", actions=actions))
    if signed_in.status == "reauthorize":
        return _page("Sign in again", _reauthorize(signed_in, launch_url=launch_url, now=now))
    return _page("Signed in", _active(signed_in, now=now))


def error_page(*, title: str, explanation: str, advice: str, launch_url: str | None, reference: str) -> str:
    """Render what went wrong and what to do next.

    Args:
        launch_url: where "Try again" leads; None shows no such link.
        reference: the request id, for an operator to find the log by.
    """
    actions = Markup() if launch_url is None else _link_button(launch_url, "Try again")
    main = _fill(
        "error.html",
        title=title,
        explanation=explanation,
        advice=advice,
        actions=actions,
        reference=reference,
    )
    return _page(title, main)


@cache
def style_source() -> str:
    """Give the CSP source expression that lets the one inline `<style>` through (CSP Level 3, section 2.3.1)."""
    digest = sha256(_style().encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


def _active(signed_in: SignedIn, *, now: datetime) -> Markup:
    return _person(
        signed_in,
        tone="good",
        status="Active",
        heading="You are signed in",
        explanation="This application can work with LiveEngage on your behalf. You can close this page.",
        freshness=_freshness(signed_in.refreshed_at, due_at=signed_in.refresh_due_at, now=now),
        actions=Markup(),
    )


def _reauthorize(signed_in: SignedIn, *, launch_url: str, now: datetime) -> Markup:
    return _person(
        signed_in,
        tone="warn",
        status="Sign-in needed",
        heading="Please sign in again",
        explanation=(
            "LivePerson no longer accepts this authorization. That can happen when it was revoked or has ended."
            " Signing in once more sets it right."
        ),
        freshness=Markup(f"Last refreshed {_ago(signed_in.refreshed_at, now=now)}, no longer accepted"),
        actions=_link_button(launch_url, "Sign in again"),
    )


def _person(signed_in: SignedIn, **words: str) -> Markup:
    return _fill(
        "signed_in.html",
        user_id=signed_in.user_id,
        account_id=signed_in.account_id,
        role=_role(signed_in),
        signed_in_at=_time(signed_in.signed_in_at, _words_of_date(signed_in.signed_in_at)),
        **words,
    )


def _role(signed_in: SignedIn) -> str:
    roles = []
    if signed_in.is_admin:
        roles.append("Administrator")
    if signed_in.is_lpa:
        roles.append("LivePerson internal administrator (LPA)")
    return ", ".join(roles) or "User"


def _freshness(refreshed_at: datetime, *, due_at: datetime | None, now: datetime) -> Markup:
    refreshed = f"Refreshed {_ago(refreshed_at, now=now)}"
    if due_at is None:
        return Markup(f"{refreshed}, paused until the application is used again")
    if due_at <= now:
        return Markup(f"{refreshed}, next one due now")
    return Markup(f"{refreshed}, next at about {_time(due_at, f'{due_at.astimezone(UTC):%H:%M} UTC')}")


def _ago(moment: datetime, *, now: datetime) -> Markup:
    return _time(moment, _words_of_age(int((now - moment).total_seconds())))


def _words_of_age(seconds: int) -> str:
    """Say an age in its largest whole unit; a moment ahead of our clock is "just now"."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = seconds // length
        if count >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _words_of_date(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def _time(moment: datetime, words: str) -> Markup:
    return Markup(f'<time datetime="{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">{escape(words)}</time>')


def _link_button(url: str, label: str) -> Markup:
    return _fill("actions.html", url=url, label=label)


def _page(title: str, main: Markup) -> str:
    return _fill("layout.html", title=title, style=Markup(_style()), main=main)


def _fill(name: str, **values: str) -> Markup:
    """Fill a template, escaping every value that is not `Markup`."""
    safe = {key: value if isinstance(value, Markup) else escape(value) for key, value in values.items()}
    return Markup(_template(name).substitute(safe))


@cache
def _template(name: str) -> Template:
    return Template(_read(name))


@cache
def _style() -> str:
    return _read("style.css")


def _read(name: str) -> str:
    """Read a template file, less its closing line break."""
    return (TEMPLATES / name).read_text(encoding="utf-8").rstrip("\n")
