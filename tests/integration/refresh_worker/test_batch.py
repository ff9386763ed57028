"""One batch: how many are refreshed at once, what is handed back, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.support.installation import INTERVAL, NOON
from tests.support.refreshes import keys_of, refreshes

if TYPE_CHECKING:
    import pytest

    from le_auth.domain.users import User
    from tests.support.installation import Installation

SECOND = timedelta(seconds=1)


def test_a_whole_batch_is_refreshed(installation: Installation) -> None:
    users = [installation.sign_in(str(number)) for number in range(3000, 3040)]
    installation.go_on(INTERVAL)

    installation.simulator.faults.order("token-refresh", "delay", seconds=0.02, times=None)
    assert installation.work(installation.due(*users)) == []

    assert all(installation.grant(user).refreshed_at == NOON + INTERVAL for user in users)
    assert refreshes(installation) == 40
    assert 1 < installation.simulator.journal.peak_token_concurrency <= 32


def test_the_threads_of_a_worker_bound_its_requests(installation: Installation) -> None:
    installation.configure(MaxConcurrentRefreshes="4")
    users = [installation.sign_in(str(number)) for number in range(3000, 3012)]
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "delay", seconds=0.02, times=None)

    installation.work(installation.due(*users))

    assert installation.simulator.journal.peak_token_concurrency == 2


def test_when_the_first_few_fail_alike_the_rest_is_handed_back_unsent(installation: Installation) -> None:
    installation.configure(MaxConcurrentRefreshes="4")
    users = [installation.sign_in(str(number)) for number in range(3000, 3020)]
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "status", status=503, times=None)

    left = installation.work(installation.due(*users))

    assert len(left) == 20
    assert 5 <= refreshes(installation) <= 7
    assert installation.pauses() == [5] * 20
    assert installation.hidden_messages() == 20


def test_no_refresh_is_begun_that_the_invocation_could_not_finish(installation: Installation, ada: User) -> None:
    before = installation.item(ada)

    assert len(installation.work(installation.due(ada), remaining=timedelta(seconds=64))) == 1

    assert installation.item(ada) == before
    assert installation.pauses() == [1]


def test_a_clock_that_is_set_back_lets_no_refresh_begin_that_the_invocation_could_not_finish(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation.module("refresh_worker"), "the_number_of_threads", lambda: 1)
    users = [installation.sign_in(str(number)) for number in range(3000, 3014)]
    installation.go_on(INTERVAL)
    invoked_at, begun_at = installation.now, list[timedelta]()

    def take_nine_seconds() -> None:
        begun_at.append(installation.now - invoked_at)
        installation.go_on(9 * SECOND)
        if len(begun_at) == 2:
            installation.clock_is_off = -60 * SECOND

    installation.calls.order("UpdateItem", "meanwhile", containing=":one", then=take_nine_seconds)

    left = installation.work(installation.due(*users))

    assert begun_at == [number * 9 * SECOND for number in range(7)]
    assert (len(left), refreshes(installation)) == (7, 7)


def test_with_the_deployed_time_out_a_refresh_is_begun(installation: Installation, ada: User) -> None:
    assert installation.work(installation.due(ada)) == []
    assert refreshes(installation) == 1


def test_one_message_that_breaks_the_worker_leaves_the_others_alone(
    installation: Installation, ada: User, carol: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": ada.pk}},
        UpdateExpression="REMOVE is_admin",
    )
    installation.go_on(INTERVAL)

    left = installation.work(installation.due(ada, carol))

    assert keys_of(left) == [ada.pk]
    assert installation.grant(carol).refreshed_at == installation.now
    assert "unexpected error" in capsys.readouterr().out


def test_a_message_that_the_queue_will_not_hide_is_told_in_the_log(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=500)
    (record,) = installation.due(ada)
    record["receiptHandle"] = "canary-of-no-message"

    answer = installation.invoke("refresh_worker", {"Records": [record]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert "messages come back late" in capsys.readouterr().out


def test_when_the_queue_cannot_be_told_the_messages_come_back_by_themselves(
    installation: Installation, ada: User
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=500)
    installation.calls.order("ChangeMessageVisibilityBatch")

    left = installation.work(installation.due(ada))

    assert len(left) == 1
