"""A function's log record as one readable line."""

import json
from datetime import UTC, datetime

import pytest

from local.runner.log_lines import read_line, short_name

NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def line(message: object) -> str | None:
    return read_line("launch", NOON, message if isinstance(message, str) else json.dumps(message))


def metrics(values: dict[str, object], dimensions: list[str]) -> dict[str, object]:
    directive = {
        "Namespace": "le-app-auth",
        "Dimensions": [dimensions],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in values if name not in dimensions],
    }
    return {"_aws": {"Timestamp": 0, "CloudWatchMetrics": [directive]}, "service": "le-app-auth", **values}


def test_a_record_is_shown_by_time_function_level_message_and_its_own_fields() -> None:
    record = {
        "level": "WARNING",
        "location": "app:1",
        "message": "request refused",
        "timestamp": "2026-03-01 12:00:05,000+0000",
        "service": "le-app-auth",
        "correlation_id": "c",
        "xray_trace_id": "x",
        "reason": "bad_request",
        "due": 0,
        "nothing": None,
    }
    assert line(record) == "12:00:05 launch            WARNING request refused reason=bad_request due=0"


def test_plain_text_is_shown_as_it_is() -> None:
    assert line('  File "app.py", line 3') == '12:00:05 launch                      File "app.py", line 3'


@pytest.mark.parametrize(
    "message", ["START RequestId: 1 Version: $LATEST", "END RequestId: 1", "REPORT RequestId: 1", ""]
)
def test_the_lines_that_lambda_itself_writes_are_left_out(message: str) -> None:
    assert line(message) is None


def test_of_metrics_the_counted_ones_are_shown_with_their_dimensions() -> None:
    shown = line(metrics({"SignInFailed": [1.0, 1.0], "reason": "denied"}, ["service", "reason"]))
    assert shown == "12:00:05 launch            metric  SignInFailed=2 reason=denied"


def test_metrics_that_counted_nothing_are_left_out() -> None:
    assert line(metrics({"TokensDue": [0.0]}, ["service"])) is None


def test_a_long_value_is_cut_and_stays_on_one_line() -> None:
    shown = line({"level": "INFO", "message": "a\nb", "detail": "x" * 500})
    assert shown is not None
    assert "\n" not in shown
    assert shown.endswith("x...")
    assert len(shown) < 150


def test_a_json_value_that_is_no_record_is_plain_text() -> None:
    assert line("[1]") == "12:00:05 launch                    [1]"


def test_a_function_is_named_as_its_folder() -> None:
    assert short_name("RefreshWorkerFunction") == "refresh_worker"
