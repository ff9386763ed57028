"""The functions' logs as they come in at the emulator's CloudWatch Logs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from botocore.exceptions import ClientError

from local.runner.aws import Aws
from local.runner.log_lines import short_name

# Calls that end at the same moment can be stored out of order: so far back an event may still turn up.
_OVERLAP_MS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One line that a function logged.

    Args:
        at_ms: epoch milliseconds.
        name: short name of the function.
        stream: the emulator gives each call a stream of its own and writes it at once, when the call has ended.
    """

    at_ms: int
    name: str
    stream: str
    message: str

    @property
    def at(self) -> datetime:
        """When, in this machine's time zone."""
        return datetime.fromtimestamp(self.at_ms / 1000, UTC).astimezone()


class LogTail:
    """Gives each event once, in order of time.

    Args:
        functions: physical function names by logical id.
    """

    def __init__(self, aws: Aws, functions: Mapping[str, str]) -> None:
        self._aws = aws
        self._groups = {_log_group(aws, name): short_name(logical_id) for logical_id, name in functions.items()}
        self._since_ms = 0
        self._seen: set[str] = set()

    def read_new(self) -> list[LogEvent]:
        """The events since the last call."""
        found = [event for group in self._groups for event in self._events(group)]
        new = [event for event in found if event.stream not in self._seen]
        newest = max((event.at_ms for event in found), default=0)
        self._since_ms = max(self._since_ms, newest - _OVERLAP_MS)
        self._seen = {event.stream for event in found}
        return sorted(new, key=attrgetter("at_ms"))

    def _events(self, group: str) -> Iterator[LogEvent]:
        pages = self._aws.logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=self._since_ms)
        try:
            for page in pages:
                for event in page["events"]:
                    yield _read_event(self._groups[group], event)
        except ClientError as error:
            # A function that was never called has no log group yet.
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise


def _read_event(name: str, event: Any) -> LogEvent:
    return LogEvent(at_ms=event["timestamp"], stream=event["logStreamName"], name=name, message=event["message"])


def _log_group(aws: Aws, function_name: str) -> str:
    configuration: Any = aws.functions.get_function_configuration(FunctionName=function_name)
    return str(configuration.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function_name}")
