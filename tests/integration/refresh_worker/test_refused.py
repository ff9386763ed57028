"""Refreshes that LivePerson refuses: which end an authorization, and which do not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Status
from tests.support.installation import ACCOUNT, INTERVAL
from tests.support.refreshes import refreshes

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation

DAY = timedelta(days=1)


def test_an_authorization_that_liveperson_ended_is_over(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    before = installation.grant(ada)

    assert installation.work(installation.due(ada)) == []

    after, item = installation.grant(ada), installation.item(ada)
    assert (after.status, after.slot, after.sealed) == (Status.REAUTHORIZE, None, None)
    assert (after.generation, after.last_error) == (before.generation, "invalid_grant")
    assert (after.lease_owner, after.unsettled) == (None, 0)
    assert int(item["expires_at"]["N"]) > (installation.now + 29 * DAY).timestamp()
    assert '"AuthorizationLost":[1.0]' in capsys.readouterr().out

    installation.simulator.journal.clear()
    assert installation.work(installation.due(ada)) == []
    assert refreshes(installation) == 0


def test_a_refreshed_id_token_of_another_user_ends_the_authorization(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("token-refresh", "other-user")

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).status is Status.REAUTHORIZE
    assert installation.grant(ada).last_error == "identity_mismatch"


@pytest.mark.parametrize("status", [400, 403, 404, 418])
def test_an_unexplained_refusal_is_left_to_the_next_interval(
    installation: Installation, ada: User, status: int
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=status, body="{}")

    assert installation.work(installation.due(ada)) == []

    grant = installation.grant(ada)
    assert (grant.status, grant.failures, grant.last_error) == (Status.ACTIVE, 1, "request_refused")
    installation.go_on(INTERVAL)
    installation.work(installation.due(ada))
    assert installation.grant(ada).failures == 0


def test_three_unexplained_refusals_in_a_row_end_it_where_others_of_the_account_are_refreshed(
    installation: Installation, ada: User
) -> None:
    ben = installation.sign_in("1002")
    for _ in range(3):
        assert installation.grant(ada).status is Status.ACTIVE
        installation.go_on(INTERVAL)
        installation.work(installation.due(ben))
        installation.simulator.faults.order("token-refresh", "status", status=400, body="{}")
        installation.work(installation.due(ada))

    assert installation.grant(ada).status is Status.REAUTHORIZE
    assert installation.grant(ben).status is Status.ACTIVE


def test_a_message_that_comes_three_times_is_one_refusal(installation: Installation, ada: User) -> None:
    ben = installation.sign_in("1002")
    records = installation.due(ada)
    for _ in range(3):
        installation.simulator.faults.order("token-refresh", "status", status=403, body="{}")
        installation.work(records)
        installation.go_on(timedelta(minutes=6))
        installation.work(installation.due(ben))

    grant = installation.grant(ada)
    assert (grant.status, grant.failures) == (Status.ACTIVE, 1)
    assert grant.refused_since == installation.now - timedelta(minutes=18)


def test_unexplained_refusals_of_a_whole_account_end_nothing(installation: Installation, ada: User) -> None:
    for _ in range(5):
        installation.simulator.faults.order("token-refresh", "status", status=400, body="{}")
        installation.work(installation.due(ada))
        installation.go_on(INTERVAL)

    assert installation.grant(ada).status is Status.ACTIVE
