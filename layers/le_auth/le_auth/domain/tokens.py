"""The tokens of one grant, and the compact form in which they are sealed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from le_auth.domain.secret import Secret

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.id_token import Identity

_HEADER = struct.Struct(">BBHH")  # version, flags, length of the access token, length of the refresh token
_VERSION = 1
_ACCESS_IS_HEX, _REFRESH_IS_HEX = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token request brought.

    Args:
        received_at: aware UTC.
        expires_at: of the access token; None where Sentinel gave no lifetime.
    """

    access_token: Secret
    refresh_token: Secret
    received_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """Tokens, and whom they belong to where the answer held an id token."""

    tokens: Tokens
    identity: Identity | None


def pack_tokens(access_token: Secret, refresh_token: Secret) -> bytes:
    """Write both tokens as bytes; LivePerson's are lower-case hex, which takes half the room as raw bytes."""
    access, access_is_hex = _pack(access_token.reveal())
    refresh, refresh_is_hex = _pack(refresh_token.reveal())
    flags = (_ACCESS_IS_HEX if access_is_hex else 0) | (_REFRESH_IS_HEX if refresh_is_hex else 0)
    return _HEADER.pack(_VERSION, flags, len(access), len(refresh)) + access + refresh


def unpack_tokens(packed: bytes) -> tuple[Secret, Secret]:
    """Read access token and refresh token back.

    Raises:
        ValueError: the bytes were not written by `pack_tokens`.
    """
    if len(packed) < _HEADER.size:
        raise ValueError("packed tokens are cut short")
    version, flags, access_length, refresh_length = _HEADER.unpack_from(packed)
    if version != _VERSION or len(packed) != _HEADER.size + access_length + refresh_length:
        raise ValueError("packed tokens are of another form")
    access = packed[_HEADER.size : _HEADER.size + access_length]
    refresh = packed[_HEADER.size + access_length :]
    return _unpack(access, is_hex=bool(flags & _ACCESS_IS_HEX)), _unpack(refresh, is_hex=bool(flags & _REFRESH_IS_HEX))


def _pack(token: str) -> tuple[bytes, bool]:
    try:
        packed = bytes.fromhex(token)
    except ValueError:
        return token.encode(), False
    # Upper-case letters and blanks would come back changed.
    return (packed, True) if packed.hex() == token else (token.encode(), False)


def _unpack(packed: bytes, *, is_hex: bool) -> Secret:
    return Secret(packed.hex() if is_hex else packed.decode())
