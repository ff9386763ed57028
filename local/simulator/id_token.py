"""The id tokens that Sentinel signs, and the wrong ones that a fault makes of them."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.simulator.users import User

KEY_ID = "idtoken-24-11-05"
LIFETIME = timedelta(minutes=10)


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """Make the key once a process, when it is first needed."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def foreign_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_key_pem() -> str:
    key = signing_key().public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass(slots=True, kw_only=True)
class IdToken:
    """A JWT to be.

    Args:
        sent: whether the answer carries it; a refresh does so only sometimes.
        signature: "RS256", or what a fault makes of it: "none", "HS256" (keyed with the public key), "foreign-key".
    """

    claims: dict[str, Any]
    sent: bool = True
    signature: str = "RS256"

    def encode(self) -> str:
        algorithm = "RS256" if self.signature == "foreign-key" else self.signature
        header = {"alg": algorithm, "typ": "JWT", "kid": KEY_ID}
        signed = f"{_base64url(_json(header))}.{_base64url(_json(self.claims))}"
        return f"{signed}.{_base64url(self._sign(signed.encode()))}"

    def _sign(self, signed: bytes) -> bytes:
        if self.signature == "none":
            return b""
        if self.signature == "HS256":
            return hmac.new(public_key_pem().encode(), signed, hashlib.sha256).digest()
        key = foreign_key() if self.signature == "foreign-key" else signing_key()
        return key.sign(signed, padding.PKCS1v15(), SHA256())


def id_token_for(user: User, *, client_id: str, issuer: str, now: datetime, sent: bool) -> IdToken:
    """Say who signed in; issued now, valid for ten minutes."""
    claims = {
        "sub": user.user_id,
        "aud": client_id,
        "iss": issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "is_admin": user.is_admin,
        "is_lpa": user.is_lpa,
    }
    return IdToken(claims=claims, sent=sent)


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
