"""The simulator of LivePerson under load: the faults ordered of it, and what it saw."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from tests.e2e.simulator_control import SimulatorControl

EVERY = 20
"""A fault at every 20th request: 5 %."""
_UNPROCESSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("status", {"status": 500}),
    ("status", {"status": 503}),
    ("delay", {"seconds": 2}),
    ("status", {"status": 429, "headers": {"Retry-After": "5"}}),
    ("status", {"status": 502}),
    ("drop-before", {}),
    ("delay", {"seconds": 2, "when": "after"}),
    ("status", {"status": 500}),
)
_ANSWER_LOST: tuple[tuple[str, dict[str, Any]], ...] = (("drop-after", {}), ("malformed-body", {}))
FAULTS = (*_UNPROCESSED, *_ANSWER_LOST)
_LOSING = {kind for kind, _ in _ANSWER_LOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What reached an endpoint.

    Args:
        succeeded: requests that were answered with tokens.
        faults: how often each kind was met.
        reuses: old refresh tokens that were presented.
    """

    requests: int
    succeeded: int
    faults: Counter[str]
    reuses: int


@dataclass(frozen=True, slots=True)
class LivePersonsSide(SimulatorControl):
    """What a load test asks of the simulator."""

    def order_faults(self, endpoint: str, count: int, *, every: int = EVERY) -> None:
        """Let every 20th request to an endpoint, or another, meet a fault, one kind after the other."""
        for number, (kind, details) in enumerate(islice(cycle(FAULTS), count), start=1):
            self.order_fault(endpoint, kind, nth=number * every, **details)

    def seen(self, endpoint: str) -> Seen:
        entries = self.journal(endpoint)
        return Seen(
            requests=len(entries),
            succeeded=sum(entry["status"] == 200 and entry["fault"] not in _LOSING for entry in entries),
            faults=Counter(entry["fault"] for entry in entries if entry["fault"]),
            reuses=sum(entry["reuse"] for entry in entries),
        )

    def users_whose_answers_were_lost(self) -> set[str]:
        """Name those of whom a token was rotated in an answer that never came."""
        user_of = {grant["id"]: grant["user_id"] for grant in self.all_grants()}
        return {user_of[entry["grant"]] for entry in self.journal("token-refresh") if _is_lost(entry)}

    def highest_concurrency(self) -> tuple[int, int]:
        """Give the most requests at the token endpoint at once, in all and of one grant."""
        told = self.told_by_journal()
        return told["peak_token_concurrency"], max(told["peak_by_grant"].values(), default=0)


def _is_lost(entry: dict[str, Any]) -> bool:
    return bool(entry["processed"]) and entry["fault"] in _LOSING


def told(seen: Seen) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in seen.faults.most_common())
    return f"{seen.faults.total()} in {seen.requests} requests, {seen.faults.total() / seen.requests:.1%} ({kinds})"
