"""Who may have a person signed out: a form of ours, or a script of a trusted origin, and no other site.

A form of ours carries a token. Its Origin proves nothing: under `Referrer-Policy: no-referrer` browsers send `null`
with a form, and any site can make them do so. A script elsewhere cannot know the token; there the Origin header counts,
which a browser does not let a page set.

Source: security checklist, point 26; Fetch Standard, append a request Origin header; RFC 6454 section 7.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from le_auth.domain.secret import Secret
from le_auth.errors import CrossSiteError

if TYPE_CHECKING:
    from le_auth.domain.ports import Sealer

_OPAQUE = "null"


def form_token(session_cookie: str, sealer: Sealer) -> Secret:
    """Give the token that our forms carry for a session: 43 characters, the same for as long as its cookie is.

    Its key is of the master key that sealed the cookie. So while the cookie opens, its page's forms work, whatever
    newer keys there are.

    Raises:
        SealingKeyError: that key is no longer listed.
    """
    tag = hmac.digest(sealer.form_key(session_cookie), session_cookie.encode(), hashlib.sha256)
    return Secret(base64.urlsafe_b64encode(tag).rstrip(b"=").decode())


def check_origin(origin: str | None, *, trusted: frozenset[str], has_form_token: bool) -> None:
    """Refuse what neither a form of ours nor a script of a trusted origin can have sent.

    Args:
        origin: the Origin header as it came; None where there was none.
        trusted: origins as browsers write them, compared exactly.

    Raises:
        CrossSiteError.
    """
    if origin is None or origin == _OPAQUE:
        if not has_form_token:
            raise CrossSiteError("The request has neither a form's token nor an Origin.")
    elif origin not in trusted:
        raise CrossSiteError("The request comes from a page that may not sign anybody out.")


def check_form_token(given: Secret, *, expected: Secret) -> None:
    """Refuse a form that was not made for this session; secrets compare in constant time.

    Raises:
        CrossSiteError.
    """
    if given != expected:
        raise CrossSiteError("The page that this was sent from is out of date.")
