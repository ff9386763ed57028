"""Hostile messages and events at the functions that no browser reaches: nothing stored changes, the minute goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.adapters.refresh_queue import RefreshQueue
from tests.security.fuzz import inputs
from tests.security.fuzz.nearly_right import RESCUE, RIGHT, changed
from tests.support.installation import SEALING_KEY, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.installation import Installation

LAMBDAS_OWN = {"messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1"}


@pytest.fixture
def calm(
    installation: Installation, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """An installation with two users, whose items and log are looked at when all is over."""
    monkeypatch.setattr(RefreshQueue, "return_later", lambda *_: 0)  # no message here is really in the queue
    tokens = [token for user_id in ("1001", "1002") for token in installation.tokens(installation.sign_in(user_id))]
    before = installation.items()
    yield installation
    installation.emulator.dynamodb.delete_item(
        TableName=installation.deployed.resources["TokenTable"], Key={"pk": {"S": "#scheduler"}}
    )
    assert installation.items() == before
    logged = capsys.readouterr()
    for secret in ("canary!planted", SECRET, SEALING_KEY, *tokens):
        assert secret not in logged.out + logged.err


def records(bodies: list[str], queue: str) -> list[dict[str, Any]]:
    return [
        {
            **LAMBDAS_OWN,
            "messageId": f"message-{number}",
            "receiptHandle": f"receipt-{number}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue.rpartition('/')[2]}",
        }
        for number, body in enumerate(bodies)
    ]


def written(right: dict[str, Any]) -> st.SearchStrategy[str]:
    return st.one_of(
        changed(right).map(json.dumps), changed(right).map(json.dumps), inputs.text, inputs.anything.map(json.dumps)
    )


STRANGER = {**RIGHT["scheduled_message"], "pk": "le12345678#nobody"}


@given(bodies=st.lists(written(STRANGER), min_size=1, max_size=8))
def test_the_worker_refreshes_nobody_for_a_message_that_is_none(
    calm: Installation, count: Callable[[], None], bodies: list[str]
) -> None:
    for _ in bodies:
        count()
    answer = calm.invoke("refresh_worker", {"Records": records(bodies, calm.queue_url)})

    assert [
        failure for failure in answer["batchItemFailures"] if not failure["itemIdentifier"].startswith("message-")
    ] == []


def forged_rescues() -> st.SearchStrategy[str]:
    """Make rescues of a user who is signed in, often with her generation, but never with tokens that we sealed."""
    return written({**RESCUE, "sealed": "AAAA", "replaces": GENERATION, "generation": GENERATION + 1})


GENERATION = inputs.NOW * 1000


@given(bodies=st.lists(forged_rescues(), min_size=1, max_size=8))
def test_the_worker_lands_no_rescue_that_we_did_not_seal(
    calm: Installation, count: Callable[[], None], bodies: list[str]
) -> None:
    for _ in bodies:
        count()
    queue = calm.deployed.resources["RescueQueue"]
    answer = calm.invoke("refresh_worker", {"Records": records(bodies, queue)})

    assert len(answer["batchItemFailures"]) <= len(bodies)


times = st.one_of(
    st.datetimes(timezones=st.timezones() | st.just(UTC)).map(datetime.isoformat),
    st.datetimes().map(datetime.isoformat),
    st.sampled_from(["2099-03-09T12:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2099-03-09", "now"]),
    inputs.text,
    inputs.anything,
)


@given(event=st.one_of(st.fixed_dictionaries({}, optional={"time": times, "detail": inputs.anything}), inputs.anything))
def test_the_schedule_goes_on_after_whatever_event(calm: Installation, count: Callable[[], None], event: Any) -> None:
    count()
    done = calm.invoke("refresh_scheduler", event)

    assert set(done) == {"minutes", "due", "complete"}
    checkpoint = calm.table.find_checkpoint()
    assert checkpoint is not None
    assert checkpoint.finished_minute <= (calm.now + timedelta(minutes=5)).timestamp() // 60
