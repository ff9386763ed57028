"""Sentinel's host as SENTINEL_DOMAIN names it: no look-up, and a cold start without all that a look-up needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.sentinel_api import Sentinel


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedSentinel:
    """The host that SENTINEL_DOMAIN names, for every account."""

    sentinel: Sentinel

    def find(self, account_id: str, *, now: datetime) -> Sentinel:  # noqa: ARG002 - the port's form
        return self.sentinel
