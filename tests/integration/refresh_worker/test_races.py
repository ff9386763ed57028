"""Workers at once, and answers that come back after the user has signed in again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from tests.support.installation import ACCOUNT, INTERVAL
from tests.support.refreshes import refreshes

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation


def test_two_workers_at_once_refresh_once(installation: Installation, ada: User) -> None:
    go_on = Event()
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on)
    first, second = installation.due(ada, ada)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, [first])
        assert fault.reached.wait(10)
        assert installation.work([second]) == [second]
        go_on.set()
        assert working.result() == []

    assert installation.pauses() == [121], "it comes back when the lease of two minutes has ended"
    assert refreshes(installation) == 1
    assert installation.work([second]) == []
    assert refreshes(installation) == 1


def test_a_refresh_that_comes_back_after_a_new_sign_in_changes_nothing(installation: Installation, ada: User) -> None:
    go_on = Event()
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on, when="after")
    records = installation.due(ada)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, records)
        assert fault.reached.wait(10)
        installation.sign_in("1001")
        signed_in = installation.item(ada)
        go_on.set()
        assert working.result() == []

    assert installation.item(ada) == signed_in


def test_an_invalid_grant_that_comes_back_after_a_new_sign_in_ends_nothing(
    installation: Installation, ada: User
) -> None:
    go_on = Event()
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on, when="after")
    records = installation.due(ada)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, records)
        assert fault.reached.wait(10)
        installation.sign_in("1001")
        go_on.set()
        assert working.result() == []

    assert installation.grant(ada).status is Status.ACTIVE
    installation.go_on(INTERVAL)
    installation.work(installation.due(ada))
    assert installation.grant(ada).refreshed_at == installation.now
