"""The landing page in each of its states: signed in, sign-in needed again, about to sign out, signed out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Literal

from le_auth import error_answers
from le_auth.errors import RequestError, TryLaterError
from le_auth.forms import TOKEN_FIELD
from le_auth.pages import Markup, actions, fill, link_button, page

if TYPE_CHECKING:
    from le_auth.domain.secret import Secret
    from le_auth.errors import LeAuthError


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What the page shows of a person.

    Args:
        status: `reauthorize` means that LivePerson no longer accepts the authorization.
        signed_in_at, refreshed_at: aware UTC.
        refresh_due_at: aware UTC; None where no refresh is planned, since nobody used the token for long.
        form_token: goes with the forms by which this person signs out.
    """

    account_id: str
    user_id: str
    is_admin: bool
    is_lpa: bool
    status: Literal["active", "reauthorize"]
    signed_in_at: datetime
    refreshed_at: datetime
    refresh_due_at: datetime | None
    form_token: Secret = field(repr=False)


class Ended(StrEnum):
    """What a sign-out has ended, as the page that follows it tells."""

    HERE = "local"
    EVERYWHERE = "liveperson"
    EVERYWHERE_SOON = "liveperson_soon"
    HERE_ONLY = "liveperson_refused"


_WHAT_ENDED = {
    Ended.HERE: "Your sessions with this application have ended, and it no longer holds any of your tokens.",
    Ended.EVERYWHERE: "Your sessions with this application and with all other LivePerson applications have ended.",
    Ended.EVERYWHERE_SOON: (
        "Your sessions with this application have ended. LivePerson does not answer at the moment: your session with"
        " its other applications ends as soon as it does."
    ),
    Ended.HERE_ONLY: (
        "Your sessions with this application have ended. LivePerson may not have ended your session with its other"
        " applications: sign out there as well."
    ),
}


def signed_out_page(*, base_url: str, ended: Ended | None = None) -> str:
    """Render the way to sign in.

    Args:
        ended: what the person has just signed out of; None: nothing is known of that.
    """
    button = actions(link_button(f"{base_url}/launch", "Sign in with LiveEngage"))
    if ended is None:
        return page("Sign in", fill("not_signed_in.html", actions=button))
    return page("Signed out", fill("signed_out.html", explanation=_WHAT_ENDED[ended], actions=button))


def signed_in_page(signed_in: SignedIn, *, base_url: str, now: datetime) -> str:
    """Render who is signed in, how fresh the token is, and the ways to sign out."""
    if signed_in.status == "reauthorize":
        return page("Sign in again", _reauthorize(signed_in, base_url=base_url, now=now))
    return page("Signed in", _active(signed_in, base_url=base_url, now=now))


def confirm_page(signed_in: SignedIn, *, base_url: str) -> str:
    """Ask before a person is signed out of everything at LivePerson."""
    button = _sign_out_button(signed_in, "Sign out everywhere", base_url=base_url, scope="liveperson", kind="danger")
    cancel = link_button(f"{base_url}/", "Cancel", kind="plain")
    return page(
        "Sign out of LivePerson",
        fill(
            "confirm.html",
            user_id=signed_in.user_id,
            account_id=signed_in.account_id,
            actions=actions(button, cancel),
        ),
    )


def _active(signed_in: SignedIn, *, base_url: str, now: datetime) -> Markup:
    return _person(
        signed_in,
        tone="good",
        status="Active",
        heading="You are signed in",
        explanation="This application can work with LiveEngage on your behalf. You can close this page.",
        freshness=_freshness(signed_in.refreshed_at, due_at=signed_in.refresh_due_at, now=now),
        actions=Markup(),
        sign_out=fill(
            "sign_out.html",
            explanation=(
                "This ends your sessions with this application in every browser and deletes its tokens."
                " You stay signed in to LivePerson."
            ),
            actions=actions(
                _sign_out_button(signed_in, "Sign out", base_url=base_url, scope="local", kind="plain"),
                link_button(f"{base_url}/?confirm=liveperson", "Sign out everywhere\u2026", kind="quiet-action"),
            ),
        ),
    )


def _reauthorize(signed_in: SignedIn, *, base_url: str, now: datetime) -> Markup:
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
        actions=actions(
            link_button(f"{base_url}/launch?account_id={signed_in.account_id}", "Sign in again"),
            _sign_out_button(signed_in, "Sign out", base_url=base_url, scope="local", kind="plain"),
        ),
        sign_out=Markup(),
    )


def _person(signed_in: SignedIn, **words: str) -> Markup:
    return fill(
        "signed_in.html",
        user_id=signed_in.user_id,
        account_id=signed_in.account_id,
        role=_role(signed_in),
        signed_in_at=_time(signed_in.signed_in_at, _words_of_date(signed_in.signed_in_at)),
        **words,
    )


def _sign_out_button(signed_in: SignedIn, label: str, *, base_url: str, scope: str, kind: str) -> Markup:
    return fill(
        "sign_out_form.html",
        url=f"{base_url}/logout?scope={scope}",
        field=TOKEN_FIELD,
        form_token=signed_in.form_token.reveal(),
        label=label,
        kind=kind,
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


def _advise(error: LeAuthError) -> error_answers.Advice:
    match error:
        case RequestError():
            return error_answers.Advice("This link does not work", "Open the start page without it.")
        case TryLaterError():
            return error_answers.Advice("This page cannot be shown now", "Try again in a moment. Nothing was changed.")
        case _:
            return error_answers.NEEDS_ATTENTION


def _way_here(base_url: str, error: LeAuthError) -> tuple[str, str]:
    return f"{base_url}/", "Start page" if isinstance(error, RequestError) else "Try again"


error_as_page = error_answers.ErrorPages(advise=_advise, way_on=_way_here)
