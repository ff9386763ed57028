"""Sealing: AES-256-GCM with keys that stand in Secrets Manager.

Each user's tokens have a key of their own, derived from the master key: random nonces are safe for some 2^32 values
under one key (NIST SP 800-38D section 8.3), which one key for all users would use up within months. The additional
data binds a ciphertext to its user and generation, so that it does not open anywhere else.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from le_auth.domain.grants import Sealed
from le_auth.domain.tokens import pack_tokens, unpack_tokens
from le_auth.errors import SealingKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from le_auth.domain.secret import Secret
    from le_auth.domain.tokens import Tokens
    from le_auth.domain.users import User

_NONCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The sealing keys at hand.

    Args:
        keys: {key id: key}, newest first; the first one seals.
    """

    keys: Mapping[str, Secret] = field(repr=False)

    def seal_tokens(self, tokens: Tokens, *, user: User, generation: int) -> Sealed:
        key_id = self._newest()
        key = self._key(key_id, "tokens", user.pk)
        packed = pack_tokens(tokens.access_token, tokens.refresh_token)
        return Sealed(key_id=key_id, generation=generation, data=_encrypt(key, packed, _bound_to(generation)))

    def open_tokens(self, sealed: Sealed, *, user: User) -> tuple[Secret, Secret]:
        """Give access token and refresh token.

        Raises:
            SealingKeyError: unknown key, or the value was sealed for another user or generation, or altered.
        """
        key = self._key(sealed.key_id, "tokens", user.pk)
        try:
            return unpack_tokens(_decrypt(key, sealed.data, _bound_to(sealed.generation)))
        except ValueError as error:
            raise SealingKeyError("Stored tokens are of an unknown form.") from error

    def seal_cookie(self, content: bytes) -> str:
        key_id = self._newest()
        sealed = _encrypt(self._key(key_id, "session", ""), content, b"")
        return f"{key_id}.{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open_cookie(self, value: str) -> bytes:
        """Raises: SealingKeyError."""
        key_id, _, encoded = value.partition(".")
        try:
            sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise SealingKeyError("The cookie is of an unknown form.") from error
        return _decrypt(self._key(key_id, "session", ""), sealed, b"")

    def form_key(self, cookie: str) -> bytes:
        """Give the key for the tokens of our forms, of the same master key that sealed a cookie.

        Raises:
            SealingKeyError: that key is not listed.
        """
        key_id, _, _ = cookie.partition(".")
        return self._key(key_id, "form", "")

    def _newest(self) -> str:
        return next(iter(self.keys))

    def _key(self, key_id: str, purpose: str, whose: str) -> bytes:
        key = self.keys.get(key_id)
        if key is None:
            raise SealingKeyError("A value was sealed with a key that the sealing-key secret does not list.")
        info = f"le-app-auth {purpose} {whose}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.reveal().encode())


def _bound_to(generation: int) -> bytes:
    return str(generation).encode()


def _encrypt(key: bytes, content: bytes, additional_data: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, additional_data)


def _decrypt(key: bytes, sealed: bytes, additional_data: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], additional_data)
    except (InvalidTag, ValueError) as error:
        raise SealingKeyError("A sealed value was altered, moved, or sealed with another key.") from error
