"""A slot with thousands of users, in one minute of the scheduler and in two."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

from tests.support.installation import ACCOUNT, NOON, Installation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE = timedelta(minutes=1)


def fill_slot(installation: Installation, slot: int, count: int) -> list[str]:
    """Put so many keys into a slot, without signing anybody in."""
    keys = [f"{ACCOUNT}#{number}" for number in range(100_000, 100_000 + count)]
    table = installation.table
    for batch in batched(keys, 25, strict=False):
        puts: list[Any] = [{"PutRequest": {"Item": {"pk": {"S": pk}, "slot": {"N": str(slot)}}}} for pk in batch]
        assert not table.client.batch_write_item(RequestItems={table.name: puts})["UnprocessedItems"]
    installation.calls.clear()
    return keys


def keys_sent(installation: Installation) -> list[str]:
    """Give the keys of all messages that the scheduler asked SQS to take."""
    requests = installation.calls.of("SendMessageBatch")
    return [json.loads(entry["MessageBody"])["pk"] for call in requests for entry in call.params["Entries"]]


@contextmanager
def each_request(installation: Installation, happens: Callable[[], object]) -> Iterator[None]:
    """Have something happen before each request of messages to send."""

    def happen(**_: object) -> None:
        happens()

    events = installation.module("refresh_scheduler").aws.sqs().meta.events
    events.register("before-parameter-build.sqs.SendMessageBatch", happen)
    yield
    events.unregister("before-parameter-build.sqs.SendMessageBatch", happen)


def test_a_slot_of_5000_users_is_sent_within_one_invocation(installation: Installation) -> None:
    keys = fill_slot(installation, 7, 5000)

    done = installation.schedule(NOON + 7 * MINUTE)

    assert done == {"minutes": 1, "due": 5000, "complete": True}
    assert sorted(keys_sent(installation)) == keys
    assert len(installation.calls.of("SendMessageBatch")) == 500


def test_a_slot_that_time_was_too_short_for_is_continued_where_sending_stopped(installation: Installation) -> None:
    keys = fill_slot(installation, 7, 5000)
    installation.schedule(NOON + 6 * MINUTE)

    with each_request(installation, lambda: installation.go_on(timedelta(seconds=0.2))):
        rounds = [installation.schedule(NOON + minute * MINUTE) for minute in (7, 7, 8)]

    assert rounds == [
        {"minutes": 0, "due": 3000, "complete": False},
        {"minutes": 1, "due": 2000, "complete": True},
        {"minutes": 1, "due": 0, "complete": True},
    ]
    assert sorted(keys_sent(installation)) == keys
    assert installation.items()["#scheduler"].keys() == {"pk", "finished_minute", "interval_minutes"}


def test_a_clock_that_is_set_back_does_not_let_a_round_go_on_for_longer(installation: Installation) -> None:
    fill_slot(installation, 7, 5000)
    installation.schedule(NOON + 6 * MINUTE)

    def take_time() -> None:
        installation.go_on(timedelta(seconds=0.2))
        installation.clock_is_off = -MINUTE

    with each_request(installation, take_time):
        done = installation.schedule(NOON + 7 * MINUTE)

    assert done == {"minutes": 0, "due": 3000, "complete": False}
