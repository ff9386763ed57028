"""Where a person may be sent after signing in (RFC 9700 section 4.11: no open redirect)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from le_auth.errors import RequestError

LONGEST = 512
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
"""RFC 3986 section 2. No white space, control character, back-slash or quote: browsers disagree about those."""


def origin_of(url: str) -> str:
    """Give scheme, host and port of a URL, as browsers write an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRule:
    """What `return_to` may name.

    Args:
        origin: our own, such as https://auth.example.com; paths are taken as relative to it.
        allowed_origins: further origins, compared exactly.
    """

    origin: str
    allowed_origins: frozenset[str]

    def resolve(self, return_to: str) -> str:
        """Give the absolute URL to redirect to.

        The answer always names scheme and host, so that no browser can read another host into it.

        Raises:
            RequestError: the value is too long, holds a character that no URI has, or leads elsewhere.
        """
        if len(return_to) > LONGEST:
            raise RequestError(f"The return_to is longer than {LONGEST} characters.")
        if not _URI_CHARACTERS.fullmatch(return_to):
            raise RequestError("The return_to holds a character that a URL cannot hold: percent-encode it.")
        if return_to.startswith("/") and not return_to.startswith("//"):
            return self.origin + return_to
        return self._resolve_absolute(return_to)

    def _resolve_absolute(self, return_to: str) -> str:
        try:
            parts = urlsplit(return_to)
            absolute = bool(parts.scheme and parts.netloc)
        except ValueError:
            absolute = False
        if not absolute:
            raise RequestError("The return_to must be a path that begins with one slash, or an allowed https URL.")
        for origin in (self.origin, *self.allowed_origins):
            if return_to == origin or return_to.startswith((origin + "/", origin + "?", origin + "#")):
                return return_to
        raise RequestError("The return_to names an origin that is not among ReturnOrigins.")
