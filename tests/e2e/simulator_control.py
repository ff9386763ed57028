"""The simulator's control interface, as far as these tests need it."""

from dataclasses import dataclass
from typing import Any

import requests

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class SimulatorControl:
    base_url: str

    def journal(self, endpoint: str) -> list[dict[str, Any]]:
        """What was asked of one endpoint so far."""
        entries: list[dict[str, Any]] = self._get(f"journal?endpoint={endpoint}")["entries"]
        return entries

    def grants(self, user_id: str) -> list[dict[str, Any]]:
        grants: list[dict[str, Any]] = self._get(f"grants?user_id={user_id}")["grants"]
        return grants

    def token_state(self, sha256_hex: str) -> str:
        """Whether a token is "live", "void" or "expired"."""
        return str(self._get(f"tokens/{sha256_hex}")["state"])

    def _get(self, path: str) -> Any:
        answer = requests.get(f"{self.base_url}/_simulator/{path}", timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()
