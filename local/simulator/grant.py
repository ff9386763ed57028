"""A grant, its code and its tokens, as others see them."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal


def sha256_hex(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


@dataclass(slots=True, kw_only=True)
class Grant:
    """What one sign-in of one user gave to one application.

    Args:
        generation: 1 at sign-in, one more with each refresh.
        ended_by: why it is no longer live: "reuse", "code-reuse", "revocation", "operator".
    """

    id: str
    account: str
    client_id: str
    user_id: str
    generation: int = 1
    ended_by: str | None = None

    @property
    def live(self) -> bool:
        return self.ended_by is None

    @property
    def refreshes(self) -> int:
        return self.generation - 1

    def end(self, by: str) -> None:
        self.ended_by = self.ended_by or by


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What an authorization code stands for.

    Args:
        redirect_uri: the one that the token request must repeat.
        redirect_uri_sent: whether the authorization request named it; else the token request may leave it out.
        code_challenge: PKCE's, S256.
    """

    account: str
    client_id: str
    user_id: str
    redirect_uri: str
    redirect_uri_sent: bool = True
    code_challenge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Newly issued tokens, and the grant as it then stood."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenState:
    """What is known of a token by its hash."""

    kind: Literal["access", "refresh"]
    state: Literal["live", "void", "expired"]
    generation: int
    grant: Grant
