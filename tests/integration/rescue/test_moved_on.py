"""Rescues that come when the user's grant has moved on, and what is not done while they wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import LeaseTerms, Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.slots import slot_of
from tests.support.installation import INTERVAL, NOON
from tests.support.refreshes import refresh_unsaved, refreshes

if TYPE_CHECKING:
    import pytest

    from le_auth.domain.users import User
    from tests.support.installation import Installation

SECOND = timedelta(seconds=1)


def test_a_rescue_after_a_new_sign_in_is_dropped(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    records = refresh_unsaved(installation, ada)
    installation.sign_in("1001")
    signed_in = installation.item(ada)

    assert installation.land(records) == []

    assert installation.item(ada) == signed_in
    assert '"reason":"dropped"' in capsys.readouterr().out


def test_a_rescue_for_somebody_who_is_gone_makes_no_item(installation: Installation, ada: User) -> None:
    records = refresh_unsaved(installation, ada)
    installation.emulator.dynamodb.delete_item(
        TableName=installation.deployed.resources["TokenTable"], Key={"pk": {"S": ada.pk}}
    )

    assert installation.land(records) == []
    assert installation.items() == {}


def test_a_rescue_brings_back_a_grant_that_was_given_up(installation: Installation, ada: User) -> None:
    records = refresh_unsaved(installation, ada)
    installation.go_on(LEASE_TIME + SECOND)
    terms = LeaseTerms(
        owner="another", now=installation.now, until=installation.now + LEASE_TIME, time_left=lambda: LEASE_TIME
    )
    installation.table.end_grant(installation.table.lease(ada, terms), reason="rotation_lost")

    assert installation.land(records) == []

    grant, item = installation.grant(ada), installation.item(ada)
    assert (grant.status, grant.slot, grant.last_error) == (Status.ACTIVE, slot_of(ada), None)
    assert "expires_at" not in item
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(ada)) == []


def wait_for_grace(installation: Installation, ada: User) -> None:
    installation.go_on(LEASE_TIME + SECOND)
    assert len(installation.work(installation.due(ada))) == 1
    installation.go_on(LEASE_TIME + GRACE + SECOND)


def test_the_old_token_is_not_sent_while_its_successor_waits_to_be_rescued(
    installation: Installation, ada: User
) -> None:
    records = refresh_unsaved(installation, ada)
    wait_for_grace(installation, ada)
    messages = installation.due(ada, at=NOON + INTERVAL)
    installation.calls.made.clear()

    assert installation.work(messages) == messages

    grant = installation.grant(ada)
    assert refreshes(installation) == 1
    assert (grant.unsettled, grant.grace_given, grant.failures, grant.lease_owner) == (1, True, 0, None)
    assert installation.pauses() == [120]
    assert installation.land(records) == []
    assert installation.work(messages) == [], "it finds the tokens fresh"
    assert refreshes(installation) == 1


def test_a_rescue_that_lands_between_the_count_and_the_look_is_heeded(installation: Installation, ada: User) -> None:
    records = refresh_unsaved(installation, ada)
    wait_for_grace(installation, ada)
    messages = installation.due(ada)

    def land() -> None:
        installation.land(records)
        installation.enter("refresh_worker")

    installation.calls.order("GetQueueAttributes", "meanwhile", times=1, then=land)

    assert len(installation.work(messages)) == 1

    assert refreshes(installation) == 1
    assert installation.grant(ada).unsettled == 0


def test_where_the_queue_cannot_be_counted_the_old_token_is_not_sent(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("token-refresh", "drop-before")
    installation.work(installation.due(ada))
    wait_for_grace(installation, ada)
    fault = installation.calls.order("GetQueueAttributes")
    messages = installation.due(ada)

    assert installation.work(messages) == messages
    assert refreshes(installation) == 1

    fault.times = 0
    assert installation.work(messages) == []
    assert refreshes(installation) == 2


def test_rescues_and_scheduled_messages_are_told_apart_by_their_queue(installation: Installation, ada: User) -> None:
    [record] = refresh_unsaved(installation, ada)
    record["eventSourceARN"] = record["eventSourceARN"].replace("rescue-", "not-the-rescue-")

    assert installation.invoke("refresh_worker", {"Records": [record]}) == {"batchItemFailures": []}
    assert installation.grant(ada).unsettled == 1, "read as a scheduled message it is none"
