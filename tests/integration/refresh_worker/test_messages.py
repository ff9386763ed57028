"""Messages that come twice or late, are none of ours, or name somebody who is refreshed no more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from le_auth.domain.refresh import LEASE_TIME
from tests.support.installation import INTERVAL
from tests.support.refreshes import refreshes

if TYPE_CHECKING:
    import pytest

    from le_auth.domain.users import User
    from tests.support.installation import Installation

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def test_a_doubled_message_refreshes_once(installation: Installation, ada: User) -> None:
    installation.work(installation.due(ada))
    generation = installation.grant(ada).generation

    assert installation.work(installation.due(ada)) == []

    assert refreshes(installation) == 1
    assert installation.grant(ada).generation == generation


def test_a_message_that_comes_twice_in_a_batch_refreshes_once(installation: Installation, ada: User) -> None:
    records = installation.due(ada, ada, ada)

    left = installation.work(records)

    assert refreshes(installation) == 1
    assert len(left) <= 2
    installation.go_on(LEASE_TIME + SECOND)
    assert installation.work(left) == []
    assert refreshes(installation) == 1


def test_a_message_older_than_an_interval_is_left_to_its_successor(installation: Installation, ada: User) -> None:
    records = installation.due(ada)
    installation.go_on(INTERVAL)
    installation.calls.clear()

    assert installation.work(records) == []

    assert installation.calls.operations == []
    assert refreshes(installation) == 0


def test_an_idle_token_is_refreshed_no_more(installation: Installation, ada: User) -> None:
    installation.go_on(14 * DAY)

    assert installation.work(installation.due(ada)) == []

    assert refreshes(installation) == 0
    grant = installation.grant(ada)
    assert (grant.slot, grant.status) == (None, Status.ACTIVE)
    assert grant.sealed is not None


def test_a_token_in_use_is_refreshed_to_the_last_day(installation: Installation, ada: User) -> None:
    installation.go_on(14 * DAY - INTERVAL)

    installation.work(installation.due(ada))

    assert refreshes(installation) == 1


def test_with_no_idle_days_refreshing_never_stops(installation: Installation, ada: User) -> None:
    installation.configure(IdleDays="0")
    installation.go_on(400 * DAY)

    installation.work(installation.due(ada))

    assert refreshes(installation) == 1


def test_somebody_whose_item_is_gone_is_left_alone(installation: Installation, ada: User) -> None:
    records = installation.due(ada)
    installation.emulator.dynamodb.delete_item(
        TableName=installation.deployed.resources["TokenTable"], Key={"pk": {"S": ada.pk}}
    )

    assert installation.work(records) == []

    assert refreshes(installation) == 0
    assert installation.items() == {}, "a lease on nothing must not make an item"


def test_what_is_no_scheduled_message_is_dropped_and_the_rest_goes_on(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs, url = installation.emulator.sqs, installation.queue_url
    for body in ("canary-body", "[]", '{"pk": 7, "due_at": 1}', '{"pk": "a#b"}', '{"pk": "../#1", "due_at": 1}'):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).refreshed_at == installation.now
    logged = capsys.readouterr().out
    assert logged.count("dropped what is no scheduled message") == 5
    assert "canary-body" not in logged
