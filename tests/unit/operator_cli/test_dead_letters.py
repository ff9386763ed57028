"""Dead letters are moved by a task of SQS, here a made-up one; without such tasks the integration tests move them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from operator_cli.dead_letters import DeadLetterQueue
from operator_cli.errors import OperatorError
from tests.support.fakes_aws import client_error

if TYPE_CHECKING:
    from datetime import timedelta

    from mypy_boto3_sqs import SQSClient

ARN = "arn:aws:sqs:eu-west-1:123456789012:dead"
HANDLE = "handle-of-the-new-task"


@dataclass
class MovingSqs:
    """SQS with a task under way.

    Args:
        looks: what each look at the task finds: status, messages moved so far.
        refusal: what starting the task meets.
    """

    looks: deque[tuple[str, int]]
    refusal: Exception | None = None
    started: list[str] = field(default_factory=list)

    def start_message_move_task(self, *, SourceArn: str) -> dict[str, str]:  # noqa: N803 - boto3's form
        self.started.append(SourceArn)
        if self.refusal:
            raise self.refusal
        return {"TaskHandle": HANDLE}

    def list_message_move_tasks(self, *, SourceArn: str, MaxResults: int) -> dict[str, Any]:  # noqa: N803
        assert (SourceArn, MaxResults) == (ARN, 10)
        status, moved = self.looks.popleft()
        task: dict[str, Any] = {
            "Status": status,
            "ApproximateNumberOfMessagesMoved": moved,
            "StartedTimestamp": 1_795_484_002_000,
        }
        old = {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 99, "StartedTimestamp": 1_795_484_001_000}
        return {"Results": [old, task | ({"TaskHandle": HANDLE} if status == "RUNNING" else {})]}


def move(sqs: MovingSqs) -> tuple[int, list[int], int]:
    """Give how many were moved, how the progress went, and how often it paused."""
    steps: list[int] = []
    pauses: list[timedelta] = []
    dead = DeadLetterQueue(client=cast("SQSClient", sqs), url="dead", arn=ARN, source_url="source")
    return dead.move_back(steps.append, pauses.append), steps, len(pauses)


def test_a_task_of_sqs_is_started_and_followed_to_its_end() -> None:
    sqs = MovingSqs(deque([("RUNNING", 0), ("RUNNING", 40), ("COMPLETED", 100)]))

    assert move(sqs) == (100, [0, 40, 60], 2)
    assert sqs.started == [ARN]


def test_a_task_that_stops_half_way_is_told() -> None:
    with pytest.raises(OperatorError, match=r"moved 40 messages and stopped \(failed\)") as stopped:
        move(MovingSqs(deque([("RUNNING", 40), ("FAILED", 40)])))

    assert "Nothing is lost" in stopped.value.remedy


def test_a_refusal_other_than_of_an_unknown_action_is_no_reason_to_move_by_hand() -> None:
    with pytest.raises(type(client_error("x")), match="AccessDenied"):
        move(MovingSqs(deque(), refusal=client_error("AccessDenied")))
