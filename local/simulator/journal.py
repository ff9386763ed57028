"""What was asked of the simulator and how it answered; of codes and tokens only their SHA-256."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from local.simulator.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request.

    Args:
        number: order of arrival, from 1.
        at: arrival, aware UTC.
        endpoint: domain, authorize, login, token-code, token-refresh, token (neither), revoke, users.
        account: None where the path's is not even well-formed.
        status: None: the connection was closed without an answer.
        error: the answer's error code, such as invalid_grant.
        grant: id of the grant that the request concerned.
        presented: SHA-256, in hex, of the code or token in the request.
        reuse: a code or refresh token was presented that had been used before.
        processed: whether the request took effect, whatever became of the answer.
        fault: kinds of the faults it met, joined by a comma.
    """

    number: int
    at: datetime
    endpoint: str
    method: str
    account: str | None
    presented: str | None = None
    grant: str | None = None
    status: int | None = None
    error: str | None = None
    reuse: bool = False
    processed: bool = False
    fault: str | None = None


class Journal:
    """Grows by one entry with each answer, just before its last byte leaves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._entries: list[Entry] = []
        self._arrivals = 0
        # Token requests under way by grant id, and all of them under "".
        self._at_token: Counter[str] = Counter()
        self._peak_token_concurrency = 0
        self._peak_by_grant: dict[str, int] = {}

    def clear(self) -> None:
        """Forget the past; requests under way are still counted as such."""
        with self._lock:
            self._entries.clear()
            self._arrivals = 0
            self._peak_token_concurrency = self._at_token[""]
            self._peak_by_grant.clear()

    def arrive(
        self, *, endpoint: str, method: str, account: str | None, presented: str | None, grant: str | None
    ) -> Entry:
        """Note a request's arrival."""
        at = self._clock.now()
        with self._lock:
            self._arrivals += 1
            if endpoint.startswith("token"):
                self._count_in(grant)
            return Entry(
                number=self._arrivals,
                at=at,
                endpoint=endpoint,
                method=method,
                account=account,
                presented=presented,
                grant=grant,
            )

    def leave(self, arrived: Entry, answered: Entry) -> None:
        """Note how a request was answered."""
        with self._lock:
            if arrived.endpoint.startswith("token"):
                self._count_out(arrived.grant)
            self._entries.append(answered)

    def entries(self, endpoint: str | None = None, account: str | None = None) -> list[Entry]:
        with self._lock:
            found = [
                entry
                for entry in self._entries
                if endpoint in (None, entry.endpoint) and account in (None, entry.account)
            ]
        return sorted(found, key=lambda entry: entry.number)

    def counts(self) -> dict[str, int]:
        """Say how many requests each endpoint answered."""
        return dict(Counter(entry.endpoint for entry in self.entries()))

    @property
    def reuses(self) -> int:
        return sum(entry.reuse for entry in self.entries())

    @property
    def peak_token_concurrency(self) -> int:
        """The most requests that were at the token endpoint at once."""
        with self._lock:
            return self._peak_token_concurrency

    @property
    def peak_by_grant(self) -> dict[str, int]:
        """The most refresh requests that were under way at once, by grant id."""
        with self._lock:
            return dict(self._peak_by_grant)

    def _count_in(self, grant: str | None) -> None:
        self._at_token[""] += 1
        self._peak_token_concurrency = max(self._peak_token_concurrency, self._at_token[""])
        if grant is not None:
            self._at_token[grant] += 1
            self._peak_by_grant[grant] = max(self._peak_by_grant.get(grant, 0), self._at_token[grant])

    def _count_out(self, grant: str | None) -> None:
        self._at_token[""] -= 1
        if grant is not None:
            self._at_token[grant] -= 1
