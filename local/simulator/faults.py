"""Faults: what is to go wrong with which request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

ENDPOINTS = frozenset({"domain", "authorize", "login", "token-code", "token-refresh", "revoke", "users"})
_TOKEN_ENDPOINTS = frozenset({"token-code", "token-refresh"})

# Which details each kind takes.
_DETAILS: dict[str, frozenset[str]] = {
    "status": frozenset({"status", "body", "headers"}),
    "delay": frozenset({"seconds", "until", "when"}),
    "drop-before": frozenset(),
    "drop-after": frozenset(),
    "malformed-body": frozenset(),
    "truncated-body": frozenset(),
    "oversized-body": frozenset({"size"}),
    "wrong-content": frozenset({"body", "content_type"}),
    "slow": frozenset({"seconds", "chunk"}),
    "fields": frozenset({"fields"}),
    "missing-fields": frozenset({"names"}),
    "empty-refresh-token": frozenset(),
    "token-type": frozenset({"value"}),
    "other-user": frozenset({"user_id"}),
    "id-claims": frozenset({"claims"}),
    "id-signature": frozenset({"value"}),
}
_TOKEN_KINDS = frozenset(
    {"missing-fields", "empty-refresh-token", "token-type", "other-user", "id-claims", "id-signature"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; `kind` says which of the details count.

    Args:
        nth: it first happens at the n-th matching request.
        times: how often it happens; None: until it is cancelled.
        seconds: how long to wait: once for "delay", before each piece for "slow".
        until: wait for this instead of a time.
        when: "before" or "after" processing.
        fields, claims: set to a value, or removed with None.
    """

    endpoint: str
    kind: str
    account: str | None = None
    nth: int = 1
    times: int | None = 1
    status: int = 500
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.1
    until: Event | None = None
    when: str = "before"
    size: int = 2_000_000
    content_type: str = "text/html"
    chunk: int = 16
    fields: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    value: str | None = None
    user_id: str = "999"
    claims: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = self._wrong()
        if wrong:
            raise ValueError(wrong)

    def _wrong(self) -> str | None:
        if self.endpoint not in ENDPOINTS:
            return f"no endpoint {self.endpoint}"
        if self.kind in _TOKEN_KINDS and self.endpoint not in _TOKEN_ENDPOINTS:
            return f"{self.kind} concerns the token endpoint"
        if self.when not in {"before", "after"}:
            return "when is before or after"
        if self.kind == "id-signature" and self.value not in {"none", "HS256", "foreign-key"}:
            return "value is none, HS256 or foreign-key"
        if self.nth < 1 or (self.times is not None and self.times < 1) or self.chunk < 1:
            return "nth, times and chunk are at least 1"
        return None


class OrderedFault:
    """A fault and what has become of it.

    Attributes:
        fired: how many requests have met it.
        reached: set as soon as one has.
    """

    def __init__(self, number: int, fault: Fault, faults: "Faults") -> None:
        self.id = number
        self.fault = fault
        self.fired = 0
        self.reached = Event()
        self._seen = 0
        self._faults = faults

    def cancel(self) -> None:
        self._faults.cancel(self.id)

    def matches(self, endpoint: str, account: str | None) -> bool:
        """Count the request where it is of the kind meant, and say whether it meets the fault."""
        if endpoint != self.fault.endpoint or self.fault.account not in (None, account):
            return False
        self._seen += 1
        spent = self.fault.times is not None and self.fired >= self.fault.times
        return self._seen >= self.fault.nth and not spent

    def fire(self) -> Fault:
        self.fired += 1
        self.reached.set()
        return self.fault


class Faults:
    """The faults that are in order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ordered: dict[int, OrderedFault] = {}
        self._numbers = 0

    def order(
        self,
        endpoint: str,
        kind: str,
        *,
        account: str | None = None,
        nth: int = 1,
        times: int | None = 1,
        **details: Any,
    ) -> OrderedFault:
        """Order a fault; the package's docstring lists the kinds and their details.

        Raises:
            ValueError: there is no such kind, endpoint or detail.
        """
        if kind not in _DETAILS:
            raise ValueError(f"no fault {kind}")
        if not _DETAILS[kind] >= details.keys():
            raise ValueError(f"{kind} takes {', '.join(sorted(_DETAILS[kind])) or 'no details'}")
        if kind == "token-type":
            details.setdefault("value", "mac")
        fault = Fault(endpoint=endpoint, kind=kind, account=account, nth=nth, times=times, **details)
        with self._lock:
            self._numbers += 1
            self._ordered[self._numbers] = OrderedFault(self._numbers, fault, self)
            return self._ordered[self._numbers]

    def claim(self, endpoint: str, account: str | None) -> list[Fault]:
        """Give the faults that a request meets: every delay that matches, and the first other one."""
        with self._lock:
            met = [ordered for ordered in self._ordered.values() if ordered.matches(endpoint, account)]
            delays = [ordered for ordered in met if ordered.fault.kind == "delay"]
            others = [ordered for ordered in met if ordered.fault.kind != "delay"]
            return [ordered.fire() for ordered in (*delays, *others[:1])]

    def all(self) -> list[OrderedFault]:
        with self._lock:
            return list(self._ordered.values())

    def cancel(self, number: int) -> None:
        with self._lock:
            self._ordered.pop(number, None)

    def clear(self) -> None:
        with self._lock:
            self._ordered.clear()
