"""The id token's signature, checked where the operator configured a public key (RFC 7515, RS256 only)."""

from __future__ import annotations

from dataclasses import dataclass

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from le_auth.errors import IdTokenError, SettingError

_ALGORITHM = "RS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureCheck:
    """Checks that LivePerson signed an id token."""

    public_key: RSAKey

    def __call__(self, id_token: str) -> None:
        """Raises: IdTokenError, also for `none` and every other algorithm than RS256."""
        try:
            jws.deserialize_compact(id_token, self.public_key, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise IdTokenError("The id token's signature is not LivePerson's.") from error


def read_public_key(pem: str) -> SignatureCheck:
    """Read the configured key.

    Raises:
        SettingError: it is no RSA public key in PEM form.
    """
    try:
        key = RSAKey.import_key(pem.replace("\\n", "\n"))
    except (JoseError, ValueError, TypeError) as error:
        raise SettingError("ID_TOKEN_PUBLIC_KEY must be an RSA public key in PEM form.") from error
    if key.is_private:
        raise SettingError("ID_TOKEN_PUBLIC_KEY must be a public key, not a private one.")
    return SignatureCheck(public_key=key)
