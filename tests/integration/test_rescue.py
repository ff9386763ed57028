"""Rotated tokens that the table did not take: through RescueQueue and the worker, on a strict LivePerson."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters import aws
from le_auth.adapters.rescue_queue import RescueQueue
from le_auth.domain.grants import LeaseTerms, Renewal, Scope, Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.rescue import read_rescue
from le_auth.domain.sign_out import Revocation
from le_auth.domain.slots import slot_of
from le_auth.errors import RescueUnavailableError
from tests.support.installation import INTERVAL, NOON, OTHER_ACCOUNT, Installation
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from le_auth.domain.users import User
    from tests.support.installation import Record

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


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


def refreshes(installation: Installation) -> int:
    return installation.simulator.journal.counts().get("token-refresh", 0)


def refresh_unsaved(installation: Installation, *users: User) -> list[Record]:
    """Have tokens refreshed that the table does not take; gives the rescues."""
    fault = installation.calls.order("UpdateItem", containing=":replaced")
    assert installation.work(installation.due(*users)) == []
    fault.times = 0
    return installation.receive_rescues()


def sealed_tokens(installation: Installation, renewal: Renewal) -> tuple[str, str]:
    access_token, refresh_token = installation.keyring.open_tokens(renewal.sealed, user=renewal.user)
    return access_token.reveal(), refresh_token.reveal()


def live_grants(installation: Installation) -> int:
    return sum(grant.live for grant in installation.simulator.grants.all())


# ---- the queue ----


def test_a_renewal_goes_through_the_queue_unchanged(installation: Installation, ada: User, queue: RescueQueue) -> None:
    sealed = installation.grant(ada).sealed
    assert sealed is not None
    replaced, in_an_hour = sealed.generation - 1, NOON + timedelta(hours=1)
    renewal = Renewal(user=ada, replaces=replaced, sealed=sealed, received_at=NOON, access_expires_at=in_an_hour)

    queue.send(renewal)

    [record] = installation.receive_rescues()
    assert read_rescue(record["body"]) == renewal


def test_the_queue_is_empty_only_where_no_message_is_visible_in_flight_or_delayed(
    installation: Installation, queue: RescueQueue
) -> None:
    def send(**details: Any) -> None:
        installation.emulator.sqs.send_message(QueueUrl=queue.url, MessageBody="{}", **details)

    assert queue.is_empty()
    send()
    assert not queue.is_empty(), "visible"
    [record] = installation.receive_rescues()
    assert not queue.is_empty(), "in flight"
    installation.emulator.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=record["receiptHandle"])
    assert queue.is_empty()
    send(DelaySeconds=600)
    assert not queue.is_empty(), "delayed"


@pytest.mark.parametrize("code", ["InternalServerError", "AccessDenied", "QueueDoesNotExist"])
def test_a_queue_that_fails_is_told(installation: Installation, ada: User, queue: RescueQueue, code: str) -> None:
    sealed = installation.grant(ada).sealed
    assert sealed is not None
    for operation in ("SendMessage", "GetQueueAttributes"):
        installation.calls.order(operation, code=code, status=400)
    renewal = Renewal(user=ada, replaces=7, sealed=sealed, received_at=NOON, access_expires_at=None)

    with pytest.raises(RescueUnavailableError):
        queue.send(renewal)
    with pytest.raises(RescueUnavailableError):
        queue.is_empty()


# ---- saved by the queue ----


def test_tokens_that_could_not_be_saved_are_queued_sealed_and_land(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    before = installation.grant(ada)

    records = refresh_unsaved(installation, ada)

    [renewal] = [read_rescue(record["body"]) for record in records]
    assert installation.grant(ada).generation == before.generation == renewal.replaces
    tokens = sealed_tokens(installation, renewal)
    secrets = SecretsSeen()
    for token in tokens:
        secrets.add("token", token)
    logged = capsys.readouterr().out
    assert secrets.found_in(records[0]["body"] + logged) == []
    assert '"RescueQueued":[1.0]' in logged

    assert installation.land(records) == []

    grant = installation.grant(ada)
    assert installation.tokens(ada) == tokens
    assert (grant.generation, grant.refreshed_at) == (before.generation + 1, NOON + INTERVAL)
    assert (grant.lease_owner, grant.unsettled, grant.slot) == (None, 0, before.slot)
    assert '"TokenRescued":[1.0]' in capsys.readouterr().out
    assert installation.receive_rescues() == []


def test_a_rescued_token_is_refreshed_at_the_next_interval(installation: Installation, ada: User) -> None:
    installation.land(refresh_unsaved(installation, ada))
    installation.go_on(INTERVAL)

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).refreshed_at == installation.now
    assert refreshes(installation) == 2


def test_a_rescued_lifetime_is_kept(installation: Installation, ada: User) -> None:
    installation.simulator.settings.sends_expires_in = True

    installation.land(refresh_unsaved(installation, ada))

    assert installation.grant(ada).access_expires_at == NOON + INTERVAL + timedelta(hours=1)


def test_a_save_that_was_done_but_never_answered_lands_as_rescued(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.calls.order("UpdateItem", "lost-answer", containing=":replaced", times=1)
    records = refresh_unsaved(installation, ada)
    tokens = installation.tokens(ada)
    assert installation.grant(ada).unsettled == 0, "it is saved"

    assert installation.land(records) == []

    assert '"TokenRescued":[1.0]' in capsys.readouterr().out
    assert installation.tokens(ada) == tokens


def test_a_landing_whose_answer_is_lost_is_done_at_once_or_the_next_time(installation: Installation, ada: User) -> None:
    records = refresh_unsaved(installation, ada)
    fault = installation.calls.order("UpdateItem", "lost-answer", containing=":replaced")

    assert installation.land(records) == records
    fault.times = fault.met + 1
    assert installation.land(records) == []
    assert installation.tokens(ada) == sealed_tokens(installation, read_rescue(records[0]["body"]))


def test_a_rescue_waits_in_its_queue_until_the_table_is_back(
    installation: Installation, ada: User, queue: RescueQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    records = refresh_unsaved(installation, ada)
    fault = installation.calls.order("UpdateItem")
    installation.calls.made.clear()

    assert installation.land(records) == records

    assert installation.pauses() == [30]
    [told] = installation.calls.of("ChangeMessageVisibilityBatch")
    assert told.params["QueueUrl"] == queue.url
    assert '"reason":"table_unavailable"' in capsys.readouterr().out
    fault.times = 0
    assert installation.land(records) == []
    assert installation.grant(ada).refreshed_at == NOON + INTERVAL


def test_a_rescue_that_has_waited_long_is_tried_less_often(installation: Installation, ada: User) -> None:
    [record] = refresh_unsaved(installation, ada)
    record["attributes"]["ApproximateReceiveCount"] = "201"
    installation.calls.order("UpdateItem")
    installation.calls.made.clear()

    installation.land([record])

    assert installation.pauses() == [300]


def test_whole_batches_are_rescued_and_counted(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    users = [installation.sign_in(str(number)) for number in range(3000, 3010)]
    installation.go_on(INTERVAL)
    # One after the other: they share one clock, which goes on while one of them tries to save.
    records = [record for user in users for record in refresh_unsaved(installation, user)]
    capsys.readouterr()

    assert installation.land(records) == []

    assert '"TokenRescued":[1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0,1.0]' in capsys.readouterr().out
    assert all(installation.grant(user).unsettled == 0 for user in users)


def test_what_is_no_rescue_comes_back_and_lets_the_others_land(
    installation: Installation, ada: User, queue: RescueQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    records = refresh_unsaved(installation, ada)
    installation.emulator.sqs.send_message(QueueUrl=queue.url, MessageBody='{"canary-body": 1}')
    [other] = installation.receive_rescues()

    assert installation.land([other, *records]) == [other]

    assert installation.grant(ada).unsettled == 0
    logged = capsys.readouterr().out
    assert "unexpected error" in logged
    assert "canary-body" not in logged


def test_a_rescue_of_another_users_tokens_replaces_none(installation: Installation, ada: User) -> None:
    """The queue's content is bound to its user: what was moved there is of no use to anybody."""
    ben = installation.sign_in("1002")
    [record] = refresh_unsaved(installation, ada)
    content, before = json.loads(record["body"]), installation.item(ben)
    generation = installation.grant(ben).generation
    moved = {**content, "pk": ben.pk, "replaces": generation, "generation": generation + 1}
    record["body"] = json.dumps(moved)

    assert installation.land([record]) == [record], "it stays, for somebody to look at"

    assert installation.item(ben) == before


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
