from __future__ import annotations

from collections import deque
from datetime import timedelta
from threading import Barrier

import pytest
from botocore.exceptions import ClientError

from le_auth.adapters.refresh_queue import QueueError, RefreshQueue
from le_auth.domain.scheduled import DueToken
from tests.support.fakes_aws import FakeSqs
from tests.support.makers import NOON, a_user

SECOND = timedelta(seconds=1)


def messages(number: int) -> list[DueToken]:
    return [DueToken(user=a_user(index), due_at=NOON) for index in range(number)]


def queue_of(sqs: FakeSqs) -> RefreshQueue:
    return RefreshQueue(client=sqs.client, url="https://sqs.example/queue")


@pytest.mark.parametrize(("number", "requests"), [(0, 0), (1, 1), (10, 1), (11, 2), (345, 35)])
def test_messages_are_sent_ten_at_a_time_each_once(number: int, requests: int) -> None:
    sqs = FakeSqs()

    queue_of(sqs).send(messages(number))

    assert len(sqs.requests) == requests
    assert sorted(sqs.sent) == sorted(due.write() for due in messages(number))


def test_messages_that_were_not_taken_are_sent_again_alone() -> None:
    sqs = FakeSqs(refusals=deque([{1, 3}, {0}]))

    queue_of(sqs).send(messages(4))

    assert [len(request) for request in sqs.requests] == [4, 2, 1]
    assert sorted(sqs.sent) == sorted(due.write() for due in messages(4))


def test_messages_that_are_not_taken_three_times_are_told() -> None:
    sqs = FakeSqs(refusals=deque([{0, 1}, {0, 1}, {1}]))

    with pytest.raises(QueueError, match="1 messages were not taken"):
        queue_of(sqs).send(messages(3))
    assert len(sqs.requests) == 3


def test_a_refusal_in_one_of_many_batches_is_told() -> None:
    sqs = FakeSqs(refusals=deque([{0}] * 50))

    with pytest.raises(QueueError):
        queue_of(sqs).send(messages(60))


def test_each_message_comes_back_after_its_own_pause() -> None:
    sqs = FakeSqs()

    refused = queue_of(sqs).return_later({"receipt-1": 5 * SECOND, "receipt-2": timedelta(minutes=8)})

    [[first, second]] = sqs.requests
    assert (first["ReceiptHandle"], first["VisibilityTimeout"]) == ("receipt-1", 5)
    assert (second["ReceiptHandle"], second["VisibilityTimeout"]) == ("receipt-2", 480)
    assert refused == 0


@pytest.mark.parametrize(
    ("pause", "seconds"),
    [(timedelta(), 0), (timedelta(milliseconds=1), 1), (1.5 * SECOND, 2), (timedelta(days=2), 12 * 3600)],
)
def test_a_pause_is_rounded_up_to_seconds_and_never_longer_than_sqs_takes(pause: timedelta, seconds: int) -> None:
    sqs = FakeSqs()

    queue_of(sqs).return_later({"receipt": pause})

    assert sqs.requests[0][0]["VisibilityTimeout"] == seconds


def test_many_messages_come_back_by_ten_and_refusals_are_counted() -> None:
    sqs = FakeSqs(refusals=deque([{0, 1}, {0, 1}]))

    refused = queue_of(sqs).return_later({f"receipt-{number}": SECOND for number in range(12)})

    assert (sorted(len(request) for request in sqs.requests), refused) == ([2, 10], 4)


def test_a_whole_batch_of_the_worker_comes_back_by_requests_at_once() -> None:
    sqs = FakeSqs(meeting=Barrier(10))

    assert queue_of(sqs).return_later({f"receipt-{number}": SECOND for number in range(100)}) == 0

    assert len(sqs.requests) == 10


def test_a_request_that_fails_is_told_when_all_others_were_made() -> None:
    sqs = FakeSqs(broken=frozenset({"receipt-0", "receipt-15"}))

    with pytest.raises(ClientError):
        queue_of(sqs).return_later({f"receipt-{number}": SECOND for number in range(400)})

    assert {entry["ReceiptHandle"] for request in sqs.requests for entry in request} == {
        f"receipt-{number}" for number in range(400)
    }


def test_where_nothing_comes_back_nothing_is_asked() -> None:
    sqs = FakeSqs()

    assert queue_of(sqs).return_later({}) == 0
    assert sqs.requests == []


def test_so_many_requests_are_under_way_at_once() -> None:
    sqs = FakeSqs(meeting=Barrier(32))

    queue_of(sqs).send(messages(320))

    assert len(sqs.requests) == 32
