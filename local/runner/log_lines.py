"""One readable line of a function's log record; nothing here touches the network."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

# Lambda's own lines around each call; they tell a person nothing here.
_PLATFORM = re.compile(r"(INIT_START|START RequestId:|END RequestId:|REPORT RequestId:)")
# Fields that powertools adds to each record, and that are shown elsewhere or say nothing on one machine.
_ROUTINE = {
    "level",
    "location",
    "message",
    "timestamp",
    "service",
    "cold_start",
    "correlation_id",
    "exception",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "sampling_rate",
    "stack_trace",
    "xray_trace_id",
}
_NAME_WIDTH = len("refresh_scheduler")
_LONGEST_VALUE = 80


def short_name(logical_id: str) -> str:
    """The folder's name of a function by its logical id: "refresh_worker" for RefreshWorkerFunction."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id.removesuffix("Function")).lower()


def read_line(name: str, at: datetime, message: str) -> str | None:
    """The line to show for one event of a log, or None where it is better left out.

    Args:
        name: short name of the function.
        at: when it was logged, in the time zone to show.
        message: a JSON record, an EMF metrics record, or plain text such as a line of a traceback.
    """
    text = _read_text(message.rstrip())
    return f"{at:%H:%M:%S} {name:<{_NAME_WIDTH}} {text}" if text else None


def _read_text(message: str) -> str | None:
    if not message or _PLATFORM.match(message):
        return None
    record = _read_json(message)
    if record is None:
        return f"{'':<7} {message}"
    if "_aws" in record:
        return _read_metrics(record)
    return _read_record(record)


def _read_json(message: str) -> dict[str, Any] | None:
    try:
        value = json.loads(message)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _read_record(record: Mapping[str, Any]) -> str:
    fields = [
        f"{name}={_shortened(value)}" for name, value in record.items() if name not in _ROUTINE and value is not None
    ]
    return " ".join([f"{record.get('level', ''):<7}", _shortened(record.get("message", "")), *fields])


def _read_metrics(record: Mapping[str, Any]) -> str | None:
    """The metrics that counted something, with their dimensions; those at 0 are only there for the graphs."""
    directives = record["_aws"].get("CloudWatchMetrics", [])
    names = [metric["Name"] for directive in directives for metric in directive.get("Metrics", [])]
    counted = [f"{name}={_total(record.get(name, 0))}" for name in names if _total(record.get(name, 0))]
    dimensions = {name for directive in directives for group in directive.get("Dimensions", []) for name in group}
    told = [f"{name}={_shortened(record.get(name))}" for name in sorted(dimensions - _ROUTINE)]
    return " ".join([f"{'metric':<7}", *counted, *told]) if counted else None


def _total(value: Any) -> str:
    """EMF gives one number, or a list where a metric was added to several times; 0 gives an empty text."""
    values = value if isinstance(value, list) else [value]
    total = sum(values)
    return f"{total:g}" if total else ""


def _shortened(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
