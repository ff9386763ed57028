"""The id token: who signed in.

It came straight from the token endpoint over verified TLS, so its signature may be left unchecked (OpenID Connect
Core 3.1.3.7, point 6); where the operator configured a public key, the adapter `signatures` checks it as well.

Source: OpenID Connect Core 3.1.3.7; LivePerson, token request.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from le_auth.domain.users import USER_ID, User
from le_auth.errors import IdTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOCK_SKEW = timedelta(minutes=2)
_ISSUER = "sentinel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the id token names."""

    user: User
    is_admin: bool
    is_lpa: bool


def read_claims(id_token: object) -> Mapping[str, Any]:
    """Decode the claims of a JWT without checking its signature.

    Raises:
        IdTokenError: it is not a JWT.
    """
    if not isinstance(id_token, str):
        raise IdTokenError("The token endpoint's answer has no id token.")
    try:
        _header, payload, _signature = id_token.encode("ascii").split(b".")
        claims = json.loads(base64.b64decode(payload + b"=" * (-len(payload) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise IdTokenError("The id token is not a JWT.") from error
    if not isinstance(claims, dict):
        raise IdTokenError("The id token's claims are not a JSON object.")
    return claims


def read_identity(claims: Mapping[str, Any], *, account_id: str, client_id: str) -> Identity:
    """Read who the id token is about, after checking that Sentinel made it for us.

    Raises:
        IdTokenError: `iss`, `aud` or `sub` is not what it must be.
    """
    issuer, audience = claims.get("iss"), claims.get("aud")
    if not isinstance(issuer, str) or issuer.lower() != _ISSUER:
        raise IdTokenError("The id token's iss is not Sentinel.")
    if audience not in (client_id, [client_id]):
        raise IdTokenError("The id token's aud is not this AppInstall.")
    return read_subject(claims, account_id=account_id)


def read_subject(claims: Mapping[str, Any], *, account_id: str) -> Identity:
    """Read who the id token is about.

    Raises:
        IdTokenError: `sub` is no user id.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not USER_ID.fullmatch(subject):
        raise IdTokenError("The id token's sub is not a user id.")
    return Identity(
        user=User(account_id=account_id, user_id=subject),
        is_admin=claims.get("is_admin") is True,
        is_lpa=claims.get("is_lpa") is True,
    )


def check_times(claims: Mapping[str, Any], *, now: datetime) -> None:
    """Check that the id token is not expired and not from the future, give or take two minutes.

    Raises:
        IdTokenError: `exp` or `iat` is missing or out of bounds.
    """
    exp, iat = claims.get("exp"), claims.get("iat")
    if type(exp) is not int or type(iat) is not int:
        raise IdTokenError("The id token has no exp or iat.")
    skew = int(CLOCK_SKEW.total_seconds())
    if now.timestamp() >= exp + skew:
        raise IdTokenError("The id token is expired.")
    if now.timestamp() < iat - skew:
        raise IdTokenError("The id token's iat lies in the future.")
