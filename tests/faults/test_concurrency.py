"""Schedule and back ends at once, by many threads on Amazon's own engine: each grant is refreshed once a round.

Two workers of sixteen threads and thirty-two instances of `access_token`, each with its own domain objects, share the
table and nothing else. Time goes on, and LivePerson takes its time to answer, so that all meet each other's leases.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import wiring
from le_auth.domain.scheduled import Batch, DueToken, Result
from local.simulator import Clock
from tests.support.fakes import until
from tests.support.installation import INTERVAL
from tests.support.refreshes import token_at_liveperson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from le_auth.domain.on_demand import OnDemand
    from le_auth.domain.ports import TimeLeft
    from le_auth.domain.scheduled import ScheduledRefresh
    from le_auth.domain.users import User
    from tests.support.installation import Installation

    type Step = Callable[[], object]

USERS, ROUNDS = 50, 4
WORKERS, INSTANCES, THREADS = 2, 32, 64
DELIVERIES, CALLERS = 3, 3
"""Of each user's message, and of back ends that ask for the user's token, in each round."""
LIVEPERSON_TAKES = 0.1
the_sleep = wiring.sleep


@pytest.fixture
def token_table(table_on_dynamodb_local: str) -> str:
    return table_on_dynamodb_local


@pytest.fixture
def liveperson_clock() -> Clock:
    """A clock that goes on by itself, as a lease's does."""
    return Clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Everybody:
    """The users, and all that refreshes their tokens."""

    installation: Installation
    users: list[User]
    workers: Sequence[ScheduledRefresh]
    instances: Sequence[OnDemand]
    random: Random

    def scheduled(self) -> list[Step]:
        """What the workers do in one round: every message is delivered more than once."""
        due_at, batch = self.installation.now.replace(microsecond=0), Batch(time_left=self._time_left())
        dues = [DueToken(user=user, due_at=due_at) for user in self.users] * DELIVERIES
        return [partial(self.random.choice(self.workers).work, due, batch) for due in dues]

    def on_demand(self) -> list[Step]:
        """What back ends ask for in one round."""
        terms: dict[str, Any] = {"min_valid": timedelta(), "time_left": self._time_left()}
        return [partial(self.random.choice(self.instances).get, user, **terms) for user in self.users * CALLERS]

    def sign_ins(self) -> list[Step]:
        """Everybody signs in anew."""
        return [partial(self.installation.sign_in, user.user_id) for user in self.users]

    def _time_left(self) -> TimeLeft:
        """What is left of the invocations that begin now."""
        return until(self.installation.now + timedelta(seconds=115), by=self.installation.utc_now)

    def at_once(self, steps: Sequence[Step]) -> list[object]:
        """Do all steps in an order that nobody chose, by threads that begin together; gives what each brought."""
        shuffled = self.random.sample(list(steps), len(steps))
        begin = Barrier(THREADS)

        def share(number: int) -> list[object]:
            begin.wait()
            return [step() for step in shuffled[number::THREADS]]

        with ThreadPoolExecutor(THREADS) as threads:
            return [brought for some in threads.map(share, range(THREADS)) for brought in some]

    def refreshes(self) -> Counter[str | None]:
        """Count, by grant, the refresh requests that reached LivePerson."""
        return Counter(entry.grant for entry in self.installation.simulator.journal.entries("token-refresh"))

    def next_round(self) -> None:
        self.installation.simulator.journal.clear()
        self.installation.go_on(INTERVAL)

    def losers(self) -> list[str]:
        """Name those whose stored token is not the live one of their last sign-in."""
        return [user.user_id for user in self.users if not self._has_the_live_token(user)]

    def _has_the_live_token(self, user: User) -> bool:
        _, refresh_token = self.installation.tokens(user)
        found = token_at_liveperson(self.installation, refresh_token)
        last = self.installation.simulator.grants.all(user.account_id, user.user_id)[-1]
        return found is not None and (found.state, found.grant.id) == ("live", last.id)


@pytest.fixture
def everybody(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Everybody:
    worker, access_token = installation.module("refresh_worker"), installation.module("access_token")
    for owner in (wiring, access_token):
        monkeypatch.setattr(owner, "sleep", the_sleep)
    installation.simulator.faults.order("token-refresh", "delay", seconds=LIVEPERSON_TAKES, times=None)
    installation.enter("refresh_worker")
    workers = [worker.the_refresh.__wrapped__() for _ in range(WORKERS)]
    installation.enter("access_token")
    return Everybody(
        installation=installation,
        users=[installation.sign_in(str(600_000 + number)) for number in range(USERS)],
        workers=workers,
        instances=[access_token.the_tokens.__wrapped__() for _ in range(INSTANCES)],
        random=Random(20),  # noqa: S311 - an order of steps
    )


def test_each_grant_is_refreshed_once_a_round_whoever_asks(everybody: Everybody) -> None:
    journal = everybody.installation.simulator.journal
    signed_in = {user: everybody.installation.grant(user).generation for user in everybody.users}
    for number in range(1, ROUNDS + 1):
        everybody.next_round()

        brought = everybody.at_once([*everybody.scheduled(), *everybody.on_demand()])

        assert [one for one in brought if isinstance(one, Result) and one.outcome == "failed"] == []
        refreshes = everybody.refreshes()
        assert len(refreshes) == USERS
        assert set(refreshes.values()) == {1}
        assert journal.reuses == 0
        assert max(journal.peak_by_grant.values()) == 1
        generations = {user: everybody.installation.grant(user).generation for user in everybody.users}
        assert generations == {user: generation + number for user, generation in signed_in.items()}
        assert everybody.losers() == []


def test_who_signs_in_anew_in_the_midst_of_it_keeps_the_new_sign_in(everybody: Everybody) -> None:
    journal = everybody.installation.simulator.journal
    for _ in range(ROUNDS):
        everybody.next_round()

        everybody.at_once([*everybody.scheduled(), *everybody.on_demand(), *everybody.sign_ins()])

        assert set(everybody.refreshes().values()) <= {1}
        assert journal.reuses == 0
        assert max(journal.peak_by_grant.values(), default=1) == 1
        assert everybody.losers() == []
