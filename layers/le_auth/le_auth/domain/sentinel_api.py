"""Sentinel's addresses, and which host may be taken for Sentinel.

Source: LivePerson, Authorizing LiveEngage Applications (authorize, token, revoke); Domain API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from le_auth.errors import SentinelHostError

POST_DEADLINE = timedelta(seconds=10)
"""For a request and its answer, the last byte included."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+")
_LOCAL_HOST = re.compile(r"(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|host\.docker\.internal)(:\d{1,5})?")


def is_local(host: str) -> bool:
    """Tell whether host[:port] is this machine (or, from a container, the machine around it)."""
    return _LOCAL_HOST.fullmatch(host) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelHostRule:
    """Which host the client secret may be sent to.

    Args:
        suffixes: such as (".liveperson.net",); each begins with a dot.
        local: the Domain API is a local one: its host then must be local too, and is called by http.
    """

    suffixes: tuple[str, ...]
    local: bool

    def check(self, host: str) -> Sentinel:
        """Give the Sentinel at this host.

        Raises:
            SentinelHostError: it has a port, path or user info, or lies under no allowed suffix.
        """
        if self.local:
            if is_local(host):
                return Sentinel(base=f"http://{host}", host=host)
            raise SentinelHostError("A local Domain API may name a local Sentinel only.")
        host = host.lower()
        if _HOST.fullmatch(host) and host.endswith(self.suffixes):
            return Sentinel(base=f"https://{host}", host=host)
        raise SentinelHostError("The Sentinel host lies under none of SentinelHosts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """The identity service of one account."""

    base: str
    host: str

    def authorize_url(
        self, *, account_id: str, client_id: str, redirect_uri: str, state: str, code_challenge: str | None
    ) -> str:
        """Give the address that the browser is sent to (RFC 6749 section 4.1.1, RFC 7636 section 4.3)."""
        query = {
            "v": "1.0",
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        if code_challenge is not None:
            query |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
        return f"{self._account(account_id)}/authorize?{urlencode(query)}"

    def token_url(self, *, account_id: str, version: str) -> str:
        return f"{self._account(account_id)}/token?{urlencode({'v': version})}"

    def revocation_url(self, *, account_id: str) -> str:
        return f"{self._account(account_id)}/token/revoke?v=1.0"

    def is_issuer(self, iss: str) -> bool:
        """Tell whether a callback's `iss` names this Sentinel (RFC 9207; LivePerson's id tokens say `Sentinel`)."""
        return iss.lower() in {"sentinel", self.host, self.base}

    def _account(self, account_id: str) -> str:
        return f"{self.base}/sentinel/api/account/{account_id}"
