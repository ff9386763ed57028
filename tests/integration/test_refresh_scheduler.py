"""The minute's work, with a real index and a real queue."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.installation import NOON, Installation
from tests.support.slots import users_of_slot

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.aws_calls import AwsCalls

MINUTE = timedelta(minutes=1)


def sent(installation: Installation) -> list[dict[str, Any]]:
    return [json.loads(record["body"]) for record in installation.receive()]


def sign_in(installation: Installation, users: list[User]) -> set[str]:
    for user in users:
        installation.sign_in(user.user_id, account=user.account_id)
    return {user.pk for user in users}


def finished_minute(installation: Installation) -> int:
    return int(installation.items()["#scheduler"]["finished_minute"]["N"])


def test_only_the_due_slots_are_sent_one_message_each(installation: Installation) -> None:
    due = sign_in(installation, [*users_of_slot(7, 3), *users_of_slot(37, 2)])
    sign_in(installation, [*users_of_slot(6, 2), *users_of_slot(8, 1), *users_of_slot(22, 1)])

    done = installation.schedule(NOON + 7 * MINUTE + timedelta(seconds=3))

    messages = sent(installation)
    assert sorted(message["pk"] for message in messages) == sorted(due)
    due_at = int((NOON + 7 * MINUTE).timestamp())
    assert all(message == {"pk": message["pk"], "due_at": due_at} for message in messages)
    assert done == {"minutes": 1, "due": 5, "complete": True}


def test_every_token_is_due_once_in_each_interval(installation: Installation) -> None:
    users = [user for slot in (0, 15, 29, 30, 45, 59) for user in users_of_slot(slot, 1)]
    everybody = sign_in(installation, users)

    for minute in range(30):
        installation.schedule(NOON + minute * MINUTE)

    assert sorted(message["pk"] for message in sent(installation)) == sorted(everybody)


def test_another_interval_brings_them_round_as_often(installation: Installation) -> None:
    installation.configure(RefreshIntervalMinutes="10")
    sign_in(installation, users_of_slot(37, 1))

    for minute in range(60):
        installation.schedule(NOON + minute * MINUTE)

    due_at = [(message["due_at"] - NOON.timestamp()) / 60 for message in sent(installation)]
    assert sorted(due_at) == [7, 17, 27, 37, 47, 57]


def test_when_the_interval_is_changed_every_slot_has_its_turn_at_once(installation: Installation) -> None:
    everybody = sign_in(installation, [user for slot in (7, 19, 31, 52) for user in users_of_slot(slot, 1)])
    installation.schedule(NOON + 40 * MINUTE)
    installation.receive()
    installation.configure(RefreshIntervalMinutes="20")

    rounds = [installation.schedule(NOON + minute * MINUTE) for minute in (41, 41, 42)]

    assert rounds == [
        {"minutes": 20, "due": 4, "complete": True},
        {"minutes": 0, "due": 0, "complete": True},
        {"minutes": 1, "due": 0, "complete": True},
    ]
    messages = sent(installation)
    assert {message["pk"] for message in messages} == everybody
    due_at = sorted((message["due_at"] - NOON.timestamp()) / 60 for message in messages)
    assert due_at == [27, 31, 32, 39]


def test_the_first_minute_ever_catches_nothing_up(installation: Installation) -> None:
    sign_in(installation, users_of_slot(6, 1))

    done = installation.schedule(NOON + 7 * MINUTE)

    assert done == {"minutes": 1, "due": 0, "complete": True}
    assert finished_minute(installation) == (NOON + 7 * MINUTE).timestamp() / 60


def test_a_doubled_event_sends_nothing_twice(installation: Installation) -> None:
    sign_in(installation, users_of_slot(7, 2))
    installation.schedule(NOON + 7 * MINUTE)

    again = installation.schedule(NOON + 7 * MINUTE + timedelta(seconds=40))

    assert again == {"minutes": 0, "due": 0, "complete": True}
    assert len(sent(installation)) == 2


def test_an_event_that_comes_late_sends_nothing(installation: Installation) -> None:
    sign_in(installation, users_of_slot(7, 1))
    installation.schedule(NOON + 9 * MINUTE)

    assert installation.schedule(NOON + 7 * MINUTE)["minutes"] == 0
    assert finished_minute(installation) == (NOON + 9 * MINUTE).timestamp() / 60


def test_missed_minutes_are_caught_up_each_with_its_own_due_time(installation: Installation) -> None:
    sign_in(installation, [*users_of_slot(8, 1), *users_of_slot(10, 1)])
    installation.schedule(NOON + 7 * MINUTE)

    done = installation.schedule(NOON + 10 * MINUTE)

    assert done == {"minutes": 3, "due": 2, "complete": True}
    due_at = sorted((message["due_at"] - NOON.timestamp()) / 60 for message in sent(installation))
    assert due_at == [8, 10]


def test_no_more_than_one_interval_is_caught_up(installation: Installation) -> None:
    everybody = sign_in(installation, [*users_of_slot(7, 2), *users_of_slot(40, 1)])
    installation.schedule(NOON)

    done = installation.schedule(NOON + timedelta(hours=5))

    assert done["minutes"] == 30
    assert sorted(message["pk"] for message in sent(installation)) == sorted(everybody)


def test_several_batches_and_pages_are_all_sent(installation: Installation) -> None:
    everybody = sign_in(installation, [*users_of_slot(7, 15), *users_of_slot(37, 8)])

    def in_small_pages(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 12

    events = installation.table.client.meta.events
    events.register("provide-client-params.dynamodb.Query", in_small_pages)
    done = installation.schedule(NOON + 7 * MINUTE)
    events.unregister("provide-client-params.dynamodb.Query", in_small_pages)

    assert len(installation.calls.of("Query")) == 3
    assert len(installation.calls.of("SendMessageBatch")) == 4
    assert sorted(message["pk"] for message in sent(installation)) == sorted(everybody)
    assert done["due"] == 23


def test_the_index_is_read_and_no_user_item(installation: Installation) -> None:
    sign_in(installation, users_of_slot(7, 2))
    installation.calls.clear()

    installation.schedule(NOON + 7 * MINUTE)

    assert installation.calls.operations == ["GetItem", "Query", "SendMessageBatch", "Query", "UpdateItem"]
    assert {call.params["IndexName"] for call in installation.calls.of("Query")} == {"due"}
    assert {json.dumps(call.params["Key"]) for call in installation.calls.of("GetItem")} == {
        '{"pk": {"S": "#scheduler"}}'
    }


def test_a_key_in_the_index_that_is_no_users_is_told_and_stops_nobody_elses_refresh(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    due = sign_in(installation, users_of_slot(7, 2))
    table = installation.table
    table.client.put_item(TableName=table.name, Item={"pk": {"S": "canary key"}, "slot": {"N": "7"}})

    done = installation.schedule(NOON + 7 * MINUTE)

    assert done == {"minutes": 1, "due": 2, "complete": True}
    assert {message["pk"] for message in sent(installation)} == due
    logged = capsys.readouterr().out
    assert '"KeysSkipped":[1.0]' in logged
    assert "canary" not in logged


def test_those_who_must_sign_in_again_are_not_due(installation: Installation) -> None:
    (user,) = users_of_slot(7, 1)
    sign_in(installation, [user])
    installation.simulator.grants.end_user(user.account_id, user.user_id)
    installation.go_on(timedelta(minutes=37))
    installation.work(installation.due(user))

    assert installation.schedule(NOON + timedelta(minutes=67))["due"] == 0


@pytest.mark.parametrize("operation", ["SendMessageBatch", "Query", "UpdateItem"])
def test_a_minute_that_fails_is_done_again_by_the_next(installation: Installation, operation: str) -> None:
    due = sign_in(installation, users_of_slot(7, 2))
    installation.schedule(NOON + 6 * MINUTE)
    installation.calls.order(operation)

    with pytest.raises(Exception, match=r".+"):
        installation.schedule(NOON + 7 * MINUTE)

    installation.calls.clear()
    assert installation.schedule(NOON + 8 * MINUTE)["minutes"] == 2
    assert {message["pk"] for message in sent(installation)} == due


def test_a_checkpoint_whose_answer_is_lost_is_advanced_all_the_same(installation: Installation) -> None:
    sign_in(installation, users_of_slot(7, 1))
    installation.calls.order("UpdateItem", "lost-answer", times=1)

    done = installation.schedule(NOON + 7 * MINUTE)

    assert done == {"minutes": 1, "due": 1, "complete": True}
    assert finished_minute(installation) == (NOON + 7 * MINUTE).timestamp() / 60
    assert installation.schedule(NOON + 8 * MINUTE)["minutes"] == 1


def test_when_time_runs_out_the_next_minute_goes_on(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    due = sign_in(installation, users_of_slot(7, 1))

    done = installation.schedule(NOON + 7 * MINUTE, remaining=timedelta(seconds=5))

    assert done == {"minutes": 0, "due": 0, "complete": False}
    assert "time ran out" in capsys.readouterr().out
    installation.schedule(NOON + 7 * MINUTE)
    assert {message["pk"] for message in sent(installation)} == due


def test_the_number_of_due_tokens_is_reported_every_minute_also_when_it_is_0(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.schedule(NOON)

    assert '"TokensDue":[0.0]' in capsys.readouterr().out


def test_messages_that_the_queue_refuses_at_first_are_sent_again(
    installation: Installation, calls: AwsCalls, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = sign_in(installation, users_of_slot(7, 3))
    sqs = installation.module("refresh_scheduler").aws.sqs()
    send = sqs.send_message_batch
    refused: list[Any] = []

    def refuse_one(**request: Any) -> Any:
        if refused:
            return send(**request)
        refused.append(request["Entries"][0]["Id"])
        answer = send(QueueUrl=request["QueueUrl"], Entries=request["Entries"][1:])
        return {**answer, "Failed": [{"Id": refused[0], "SenderFault": False, "Code": "InternalError"}]}

    monkeypatch.setattr(sqs, "send_message_batch", refuse_one)

    installation.schedule(NOON + 7 * MINUTE)

    assert sorted(message["pk"] for message in sent(installation)) == sorted(due)
    assert len(calls.of("SendMessageBatch")) == 2
