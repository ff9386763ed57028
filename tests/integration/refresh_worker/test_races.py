"""Workers at once, and answers that come back after the user has signed in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from tests.support.installation import ACCOUNT, INTERVAL
from tests.support.refreshes import refresh_under_way, refreshes

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation


def test_two_workers_at_once_refresh_once(installation: Installation, ada: User) -> None:
    first, second = installation.due(ada, ada)

    with refresh_under_way(installation, [first]):
        assert installation.work([second]) == [second]

    assert installation.pauses() == [121], "it comes back when the lease of two minutes has ended"
    assert refreshes(installation) == 1
    assert installation.work([second]) == []
    assert refreshes(installation) == 1


def test_a_refresh_that_comes_back_after_a_new_sign_in_changes_nothing(installation: Installation, ada: User) -> None:
    with refresh_under_way(installation, installation.due(ada), held="after"):
        installation.sign_in("1001")
        signed_in = installation.item(ada)

    assert installation.item(ada) == signed_in


def test_an_invalid_grant_that_comes_back_after_a_new_sign_in_ends_nothing(
    installation: Installation, ada: User
) -> None:
    installation.simulator.grants.end_user(ACCOUNT, "1001")

    with refresh_under_way(installation, installation.due(ada), held="after"):
        installation.sign_in("1001")

    assert installation.grant(ada).status is Status.ACTIVE
    installation.go_on(INTERVAL)
    installation.work(installation.due(ada))
    assert installation.grant(ada).refreshed_at == installation.now
