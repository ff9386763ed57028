"""The simulator's control interface, as far as tests of a deployed stack need it."""

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

    def all_grants(self) -> list[dict[str, Any]]:
        grants: list[dict[str, Any]] = self._get("grants")["grants"]
        return grants

    def told_by_journal(self) -> dict[str, Any]:
        """What the journal counts: "counts", "reuses", "peak_token_concurrency", "peak_by_grant"."""
        told: dict[str, Any] = self._get("journal")
        return told

    def order_fault(self, endpoint: str, kind: str, **details: Any) -> None:
        order = {"endpoint": endpoint, "kind": kind, **details}
        requests.post(f"{self.base_url}/_simulator/faults", json=order, timeout=_SECONDS).raise_for_status()

    def clear_faults(self) -> None:
        requests.delete(f"{self.base_url}/_simulator/faults", timeout=_SECONDS).raise_for_status()

    def change_settings(self, **settings: Any) -> None:
        requests.patch(f"{self.base_url}/_simulator/settings", json=settings, timeout=_SECONDS).raise_for_status()

    def token_state(self, sha256_hex: str) -> str:
        """Whether a token is "live", "void" or "expired"."""
        return str(self._get(f"tokens/{sha256_hex}")["state"])

    def _get(self, path: str) -> Any:
        answer = requests.get(f"{self.base_url}/_simulator/{path}", timeout=_SECONDS)
        answer.raise_for_status()
        return answer.json()
