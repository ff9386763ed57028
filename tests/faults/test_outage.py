"""Two hours of trouble at LivePerson with thousands of users, minute by minute."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from time import process_time
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.scheduled import Batch
from le_auth.errors import ClientRefusedError, OutcomeUnknownError, SentinelUnavailableError
from tests.faults.outage import MINUTE, SECOND, Failure, Simulation, some_users
from tests.support.makers import ACCOUNT, NOON, OTHER_ACCOUNT
from tests.support.template import properties

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from le_auth.domain.users import User
    from tests.support.fakes import Request

HALF_AN_HOUR = timedelta(minutes=30)
BEGIN = NOON + 5 * MINUTE
END = BEGIN + timedelta(hours=2)
MOST_RECEIVES = properties("RefreshQueue")["RedrivePolicy"]["maxReceiveCount"]

REFUSED = Failure(error=lambda: SentinelUnavailableError("503"))


def limited(retry_after: int) -> Failure:
    return Failure(error=lambda: SentinelUnavailableError("429", retry_after=retry_after, limited=True))


OUTAGES = {
    "429, come again in ten minutes": limited(600),
    "429, come again in an hour": limited(3600),
    "no connection within 3 s": Failure(error=lambda: SentinelUnavailableError("time-out"), takes=3 * SECOND),
    "no answer within 10 s": Failure(error=lambda: OutcomeUnknownError("time-out"), takes=10 * SECOND),
}


def run(
    users: Sequence[User],
    failure: Failure,
    *,
    account: str | None = None,
    interval: timedelta = HALF_AN_HOUR,
    refreshes_at_once: int = 64,
) -> Simulation:
    """Live through two hours in which requests, of one account or all, fail; and an interval after them."""

    def trouble(request: Request, at: datetime) -> Failure | None:
        is_hit = account is None or request.client.account_id == account
        return failure if is_hit and BEGIN <= at < END else None

    simulation = Simulation(users=users, trouble=trouble, interval=interval, refreshes_at_once=refreshes_at_once)
    simulation.run(END - NOON + interval + 5 * MINUTE)
    return simulation


def assert_nothing_is_lost(simulation: Simulation) -> None:
    """Check all that is promised of an outage, but for what the requests at Sentinel were."""
    assert simulation.signed_out() == 0
    assert simulation.sentinel.reuses == 0
    assert simulation.sentinel.most_at_once <= simulation.refreshes_at_once
    assert simulation.queue.most_live == 1
    assert simulation.queue.dead == []
    assert max(simulation.queue.receives) < MOST_RECEIVES
    assert simulation.all_fresh_after(END, simulation.users) <= simulation.interval


def told(simulation: Simulation, begun: float, users: Sequence[User]) -> str:
    """Say in one line what came of it, and when these users were fresh again."""
    before, during, after = (
        simulation.peak(*span) for span in ((NOON, BEGIN), (BEGIN, END), (END, END + simulation.interval))
    )
    minutes, seconds = divmod(int(simulation.all_fresh_after(END, users) / SECOND), 60)
    return (
        f"requests within a second: {before} before, {during} during, {after} after; "
        f"{simulation.sentinel.most_at_once} at once; {simulation.requests(BEGIN, END)} during; "
        f"all fresh after {minutes} min {seconds} s; a message received {max(simulation.queue.receives)} times; "
        f"{process_time() - begun:.1f} s of CPU"
    )


def test_an_outage_of_two_hours_signs_none_of_10000_users_out(figures: dict[str, str]) -> None:
    begun = process_time()

    simulation = run(some_users(10_000), REFUSED)

    assert_nothing_is_lost(simulation)
    assert simulation.peak(BEGIN, END) <= simulation.peak(NOON, BEGIN), "no more than on a good day"
    figures["503, 10,000 users"] = told(simulation, begun, simulation.users)


@pytest.mark.parametrize("name", OUTAGES)
def test_nor_does_one_of_another_kind_with_1000_users(name: str, figures: dict[str, str]) -> None:
    begun = process_time()

    simulation = run(some_users(1_000), OUTAGES[name])

    assert_nothing_is_lost(simulation)
    figures[f"{name}, 1,000 users"] = told(simulation, begun, simulation.users)


@pytest.mark.parametrize(("minutes", "refreshes_at_once"), [(10, 64), (60, 16)])
def test_nor_does_one_at_another_interval_or_with_other_workers(minutes: int, refreshes_at_once: int) -> None:
    interval = timedelta(minutes=minutes)

    simulation = run(some_users(1_000), REFUSED, interval=interval, refreshes_at_once=refreshes_at_once)

    assert_nothing_is_lost(simulation)


def test_handing_the_rest_of_a_batch_back_spares_sentinel_nearly_half_of_the_requests(
    monkeypatch: pytest.MonkeyPatch, figures: dict[str, str]
) -> None:
    def requests() -> int:
        return run(some_users(1_000), REFUSED, refreshes_at_once=16).requests(BEGIN, END)

    sent = requests()
    monkeypatch.setattr(Batch, "outage_pause", lambda _: None)
    without_the_rule = requests()

    assert 1.8 * sent < without_the_rule
    figures["503, 1,000 users, 16 at once"] = f"{sent} requests, {without_the_rule} if no batch were handed back"


HOW_OFTEN = {
    "503": (REFUSED, [5, 10, 15, 120, 240, 480, 480]),
    "429": (Failure(error=lambda: SentinelUnavailableError("429", limited=True)), [5, 10, 15, 120, 240, 480, 480]),
    "429, one second": (limited(1), [5, 10, 15, 120, 240, 480, 480]),
    "429, seven minutes": (limited(420), [420, 420, 420, 420]),
    "429, ten minutes": (limited(600), [600, 600]),
    "429, a day": (limited(86_400), []),
}


@pytest.mark.parametrize("name", HOW_OFTEN)
def test_sentinel_is_asked_again_by_livepersons_retry_policy(name: str) -> None:
    """The message comes back to a worker within two seconds of its time: the next poll, and the batching window."""
    failure, pauses = HOW_OFTEN[name]

    simulation = run(some_users(1), failure)

    first, *again = [at for at in sorted(simulation.sentinel.arrivals) if at >= BEGIN][: len(pauses) + 1]
    waited = [(later - earlier) / SECOND for earlier, later in pairwise([first, *again])]
    assert all(pause <= seconds <= pause + 3 for pause, seconds in zip(pauses, waited, strict=True)), waited
    assert again == [] or again[-1] - first < HALF_AN_HOUR
    successor = sorted(simulation.sentinel.arrivals)
    assert any(HALF_AN_HOUR - 5 * SECOND <= at - first <= HALF_AN_HOUR + 5 * SECOND for at in successor)


@pytest.mark.parametrize(("minutes", "refreshes_at_once"), [(30, 64), (60, 256)])
def test_two_hours_with_one_accounts_secret_wrong_leave_the_other_account_alone(
    minutes: int, refreshes_at_once: int, figures: dict[str, str]
) -> None:
    hit, spared = some_users(1_000), some_users(1_000, account_id=OTHER_ACCOUNT, begin=200_000)
    interval, begun = timedelta(minutes=minutes), process_time()
    refused = Failure(error=lambda: ClientRefusedError("invalid_client"))

    simulation = run([*hit, *spared], refused, account=ACCOUNT, interval=interval, refreshes_at_once=refreshes_at_once)

    assert_nothing_is_lost(simulation)
    assert max(simulation.oldest_token(user) for user in spared) <= interval + MINUTE
    assert min(simulation.oldest_token(user) for user in hit) > timedelta(hours=1)
    figures[f"one account's secret wrong, interval {minutes} min, {refreshes_at_once} at once, 2,000 users"] = told(
        simulation, begun, hit
    )
