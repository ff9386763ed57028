"""POST /logout over HTTP: what comes in, where it leads, and how it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth import error_answers, forms, landing, web
from le_auth.domain import csrf, sessions
from le_auth.domain.grants import Scope
from le_auth.domain.return_to import origin_of
from le_auth.domain.sign_out import Revocation
from le_auth.errors import CrossSiteError, RequestError, TryLaterError

if TYPE_CHECKING:
    from le_auth.browser import Visit
    from le_auth.domain.secret import Secret
    from le_auth.errors import LeAuthError

_ENDED = {
    Revocation.NOT_ASKED: landing.Ended.HERE,
    Revocation.DONE: landing.Ended.EVERYWHERE,
    Revocation.DUE: landing.Ended.EVERYWHERE_SOON,
    Revocation.REFUSED: landing.Ended.HERE_ONLY,
    Revocation.UNCERTAIN: landing.Ended.HERE_ONLY,
}


def read_scope(visit: Visit) -> Scope:
    return Scope(visit.request.choice("scope", [*Scope]) or Scope.LOCAL)


def read_form_token(visit: Visit) -> Secret | None:
    """Give the token of our form; None where an allowed origin's script sends none.

    Raises:
        CrossSiteError: another site's page sent this.
        RequestError: the body cannot be read.
    """
    token = forms.read_form_token(visit.request)
    trusted = visit.settings.return_origins | {origin_of(visit.base_url)}
    csrf.check_origin(visit.request.headers.get("origin"), trusted=trusted, has_form_token=token is not None)
    return token


def landing_url(visit: Visit, revocation: Revocation | None) -> str:
    """Give the address of the page that tells what has ended.

    Args:
        revocation: None: nobody was signed in any more.
    """
    query = "" if revocation is None else f"?signed_out={_ENDED[revocation]}"
    return f"{visit.base_url}/{query}"


def cleared_cookies(visit: Visit) -> list[str]:
    """Clear the session cookie that came.

    None comes with another site's form. To clear one all the same would let that site sign the person out here.
    """
    if sessions.COOKIE not in visit.request.cookies:
        return []
    return [web.cleared_cookie(sessions.COOKIE, embedded=visit.settings.embedded)]


def _advise(error: LeAuthError) -> error_answers.Advice:
    match error:
        case CrossSiteError() | RequestError():
            return error_answers.Advice("You were not signed out", "Go back to the start page and sign out from there.")
        case TryLaterError():
            return error_answers.Advice(
                "Signing out does not work at the moment", "You are still signed in. Try again in a moment."
            )
        case _:
            return error_answers.NEEDS_ATTENTION


def _way_back(base_url: str, _: LeAuthError) -> tuple[str, str]:
    return f"{base_url}/", "Back to the start page"


error_as_page = error_answers.ErrorPages(advise=_advise, way_on=_way_back)
