"""Each logged line is given once."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from local.runner.logs import LogTail

if TYPE_CHECKING:
    from local.runner.aws import Aws

GROUP = "/aws/lambda/stack-launch"


class FakeCloudWatch:
    """Answers for Lambda and CloudWatch Logs alike; holds one group's events."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] | None = None

    @property
    def logs(self) -> "FakeCloudWatch":
        return self

    @property
    def functions(self) -> "FakeCloudWatch":
        return self

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        return {"LoggingConfig": {"LogGroup": GROUP}} if FunctionName == "stack-launch-1" else {}

    def get_paginator(self, name: str) -> "FakeCloudWatch":
        assert name == "filter_log_events"
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> Iterator[dict[str, Any]]:  # noqa: N803
        if logGroupName != GROUP or self.events is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
        yield {"events": [event for event in self.events if cast("int", event["timestamp"]) >= startTime]}


def tail_of(cloudwatch: FakeCloudWatch) -> LogTail:
    functions = {"LaunchFunction": "stack-launch-1", "CallbackFunction": "stack-callback-1"}
    return LogTail(cast("Aws", cloudwatch), functions)


def event(at_ms: int, stream: str, message: str) -> dict[str, object]:
    return {"timestamp": at_ms, "logStreamName": stream, "message": message}


def test_a_function_that_was_never_called_has_no_lines() -> None:
    assert tail_of(FakeCloudWatch()).read_new() == []


def test_each_line_comes_once_and_equal_lines_of_one_call_all_come() -> None:
    cloudwatch = FakeCloudWatch()
    tail = tail_of(cloudwatch)
    cloudwatch.events = [event(1000, "call-1", text) for text in ("a", "b", "a")]

    assert [found.message for found in tail.read_new()] == ["a", "b", "a"]
    assert tail.read_new() == []


def test_a_line_that_was_stored_out_of_order_still_comes() -> None:
    cloudwatch = FakeCloudWatch()
    tail = tail_of(cloudwatch)
    cloudwatch.events = [event(9000, "call-2", "late")]
    tail.read_new()
    cloudwatch.events.insert(0, event(8990, "call-1", "early"))

    assert [(found.name, found.message) for found in tail.read_new()] == [("launch", "early")]


def test_lines_come_in_order_of_time() -> None:
    cloudwatch = FakeCloudWatch()
    tail = tail_of(cloudwatch)
    cloudwatch.events = [event(2000, "call-2", "second"), event(1000, "call-1", "first")]

    assert [found.message for found in tail.read_new()] == ["first", "second"]
