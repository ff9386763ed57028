"""Rotated tokens that the table did not take: sealed into the queue, and landed once the table is back."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.rescue import read_rescue
from tests.support.installation import INTERVAL, NOON
from tests.support.refreshes import refresh_unsaved, refreshes
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    import pytest

    from le_auth.adapters.rescue_queue import RescueQueue
    from le_auth.domain.grants import Renewal
    from le_auth.domain.users import User
    from tests.support.installation import Installation


def sealed_tokens(installation: Installation, renewal: Renewal) -> tuple[str, str]:
    access_token, refresh_token = installation.keyring.open_tokens(renewal.sealed, user=renewal.user)
    return access_token.reveal(), refresh_token.reveal()


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


def test_point_29_a_rescue_moved_to_another_user_does_not_open_and_replaces_nothing(
    installation: Installation, ada: User
) -> None:
    ben = installation.sign_in("1002")
    [record] = refresh_unsaved(installation, ada)
    generation = installation.grant(ben).generation
    moved = {"pk": ben.pk, "replaces": generation, "generation": generation + 1}
    record["body"] = json.dumps({**json.loads(record["body"]), **moved})
    before = installation.item(ben)

    assert installation.land([record]) == [record]

    assert installation.item(ben) == before
