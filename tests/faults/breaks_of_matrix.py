"""Rules of the real code, each taken away in turn: what clocks and other processes in the matrix must notice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGN_IN, SCHEDULED = "sign-in", "scheduled refresh, its message delivered twice"

BREAKS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "a transaction of a clock that is ahead is refused": (
        SIGN_IN,
        {"le_auth.domain.transactions.CLOCK_SKEW": timedelta(minutes=4)},
    ),
    "a session of a clock that is ahead is refused": (
        SIGN_IN,
        {"le_auth.domain.sessions.CLOCK_SKEW": timedelta(minutes=4)},
    ),
    "no grace is given": (SCHEDULED, {"le_auth.domain.refresh.Refresher._heed_earlier_attempts": lambda *_: None}),
}
"""By what is broken: the scenario that notices it, and what takes the place of what."""
