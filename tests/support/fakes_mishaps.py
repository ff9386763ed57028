"""What can happen to the calls of a table in memory."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from le_auth.errors import TableUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Mishaps:
    """Outages, lost answers and others' writes, ordered for calls to come.

    Args:
        orders: {method: what its next calls meet first}, such as an outage or somebody else's write.
        writes: the names of the writes that were tried.
    """

    orders: dict[str, deque[Callable[[], object]]] = field(default_factory=lambda: defaultdict(deque))
    lost_answers: set[str] = field(default_factory=set)
    unheard: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)

    def before(self, method: str, *happenings: Callable[[], object]) -> None:
        """Let something happen before each of a method's next calls."""
        self.orders[method].extend(happenings)

    def fail(self, method: str, *, times: int = 1, first: Callable[[], object] = lambda: None) -> None:
        """Let a method's next calls find the table unavailable, once something else has happened."""

        def fail() -> None:
            first()
            _outage()

        self.before(method, *[fail] * times)

    def do_but_fail(self, method: str) -> None:
        """Let a method's next call be done, although the caller never hears of it."""
        self.unheard.add(method)

    def lose_answer(self, method: str) -> None:
        """Let the answer of a method's next call be lost, so that the client repeats the request by itself."""
        self.lost_answers.add(method)

    def _begin(self, method: str) -> None:
        self.writes.append(method)
        if self.orders[method] and method not in self.unheard:
            self.orders[method].popleft()()

    def _answer[T](self, method: str, write: Callable[[], T]) -> T:
        answer = write()
        if method in self.unheard:
            self.unheard.remove(method)
            _outage()
        if method in self.lost_answers:
            self.lost_answers.remove(method)
            return write()
        return answer


def _outage() -> None:
    raise TableUnavailableError("The token table cannot be reached.")
