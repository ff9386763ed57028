"""Rescued tokens of a grant that has moved on meanwhile, and what may not be done while they wait."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.adapters import aws
from le_auth.adapters.rescue_queue import RescueQueue
from le_auth.domain.grants import LeaseTerms, Scope, Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.sign_out import Revocation
from le_auth.domain.slots import slot_of
from tests.support.installation import INTERVAL, NOON, OTHER_ACCOUNT, Installation
from tests.support.refreshes import live_grants, refresh_unsaved, refreshes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from le_auth.domain.users import User

SECOND = timedelta(seconds=1)


@pytest.fixture
def ada(installation: Installation) -> Iterator[User]:
    """Somebody who signed in at noon; it is half past. Nobody's token is ever sent twice."""
    user = installation.sign_in("1001")
    installation.go_on(INTERVAL)
    yield user
    assert installation.simulator.journal.reuses == 0


@pytest.fixture
def queue(installation: Installation) -> RescueQueue:
    return RescueQueue(client=aws.sqs(), url=installation.deployed.resources["RescueQueue"])


# ---- the user's grant has moved on ----


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
    terms = LeaseTerms(owner="another", now=installation.now, until=installation.now + LEASE_TIME)
    installation.table.end_grant(installation.table.lease(ada, terms), reason="rotation_lost")

    assert installation.land(records) == []

    grant, item = installation.grant(ada), installation.item(ada)
    assert (grant.status, grant.slot, grant.last_error) == (Status.ACTIVE, slot_of(ada), None)
    assert "expires_at" not in item
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(ada)) == []


# ---- the old token is not sent while a rescue waits ----


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


# ---- after a sign-out from LivePerson ----


def test_rescued_tokens_of_a_user_who_signed_out_of_liveperson_are_revoked_there(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    records = refresh_unsaved(installation, ada)
    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.UNCERTAIN
    assert live_grants(installation) == 1, "only the token in the queue can end it"

    assert installation.land(records) == []

    assert live_grants(installation) == 0
    assert installation.grant(ada).status is Status.SIGNED_OUT
    assert '"reason":"revoked"' in capsys.readouterr().out


def test_tokens_that_come_back_after_a_sign_out_from_liveperson_are_revoked_by_way_of_the_queue(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    def sign_out() -> None:
        installation.sign_out(ada, Scope.LIVEPERSON)
        installation.enter("refresh_worker")

    installation.calls.order("UpdateItem", "meanwhile", containing=":replaced", times=1, then=sign_out)

    assert installation.work(installation.due(ada)) == []

    assert '"revocation_queued"' in capsys.readouterr().out
    assert live_grants(installation) == 1
    assert installation.land(installation.receive_rescues()) == []
    assert live_grants(installation) == 0


def test_a_revocation_that_fails_waits_in_the_item_and_not_in_the_queue(installation: Installation, ada: User) -> None:
    records = refresh_unsaved(installation, ada)
    installation.sign_out(ada, Scope.LIVEPERSON)
    fault = installation.simulator.faults.order("revoke", "status", status=503, times=None)

    assert installation.land(records) == []
    assert live_grants(installation) == 1

    fault.cancel()
    assert installation.work(installation.due(ada)) == []
    assert live_grants(installation) == 0


def test_rescued_tokens_of_a_user_who_signed_in_again_are_left_to_lapse(installation: Installation, ada: User) -> None:
    """A revocation would end the new session too."""
    records = refresh_unsaved(installation, ada)
    installation.sign_out(ada, Scope.LIVEPERSON)
    installation.go_on(SECOND)
    installation.sign_in("1001")

    assert installation.land(records) == []

    assert installation.grant(ada).status is Status.ACTIVE
    assert live_grants(installation) == 2
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(ada)) == []


def test_another_accounts_rescues_land_though_a_revocation_cannot_be_done(
    installation: Installation, ada: User
) -> None:
    carol = installation.sign_in("2001", account=OTHER_ACCOUNT)
    installation.go_on(INTERVAL)
    adas, carols = (refresh_unsaved(installation, user) for user in (ada, carol))
    installation.sign_out(ada, Scope.LIVEPERSON)
    installation.put_app_install_secret("canary-wrong-secret")
    installation.start_cold()

    assert installation.land([*adas, *carols]) == []
    assert installation.grant(ada).revocation_is_due
    assert installation.grant(carol).unsettled == 0


def test_rescues_and_scheduled_messages_are_told_apart_by_their_queue(installation: Installation, ada: User) -> None:
    [record] = refresh_unsaved(installation, ada)
    record["eventSourceARN"] = record["eventSourceARN"].replace("rescue-", "not-the-rescue-")

    assert installation.invoke("refresh_worker", {"Records": [record]}) == {"batchItemFailures": []}
    assert installation.grant(ada).unsettled == 1, "read as a scheduled message it is none"
