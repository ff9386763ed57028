from __future__ import annotations

import json
from typing import Any

import pytest

from le_auth import observe
from le_auth.domain.secret import Secret
from le_auth.errors import ClientRefusedError, RequestError

pytestmark = pytest.mark.usefixtures("service")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(("error", "level"), [(ClientRefusedError("x"), "ERROR"), (RequestError("x"), "WARNING")])
def test_what_an_operator_must_act_on_is_an_error_and_the_rest_a_warning(
    error: ClientRefusedError | RequestError, level: str, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    observe.log_error("refused", error, account_id="13099967")

    [line] = lines(capsys)
    assert (line["level"], line["reason"], line["detail"]) == (level, error.reason, "x")
    assert (line["message"], line["account_id"], line["service"]) == ("refused", "13099967", service)


def test_point_28_a_secret_in_a_log_line_prints_as_stars(capsys: pytest.CaptureFixture[str]) -> None:
    observe.the_logger().info("token %s", Secret("canary"), extra={"token": Secret("canary"), "a": [Secret("canary")]})

    output = capsys.readouterr().out
    assert "canary" not in output
    assert output.count("***") == 3


def test_point_28_a_bug_is_logged_by_type_and_place_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("canary")

    with pytest.raises(ValueError, match="canary") as failed:
        fail()
    observe.log_unexpected(failed.value)

    [line] = lines(capsys)
    assert line["error_type"] == "ValueError"
    assert any(place.startswith("test_observe.py:") and place.endswith(" fail") for place in line["places"])
    assert "canary" not in json.dumps(line)


def test_a_count_is_written_once_in_all_and_once_by_its_dimensions(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    observe.count("SignInFailed", reason="bad_request")
    observe.count("SignInFailed", reason="bad_request")
    observe.flush_metrics()

    by_reason, again, in_all = lines(capsys)
    assert by_reason["reason"] == again["reason"] == "bad_request"
    assert by_reason["service"] == in_all["service"] == service
    assert "reason" not in in_all
    assert sum(in_all["SignInFailed"]) == 2
    assert in_all["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "le-app-auth"


def test_zero_is_a_count_too(capsys: pytest.CaptureFixture[str]) -> None:
    observe.count("TokensDue", 0)
    observe.flush_metrics()

    assert lines(capsys)[0]["TokensDue"] == [0]


def test_seconds_are_recorded_under_their_unit(capsys: pytest.CaptureFixture[str]) -> None:
    observe.record_seconds("TokenAgeAtRefreshSeconds", 1800.5)
    observe.flush_metrics()

    [line] = lines(capsys)
    [metric] = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert (metric["Name"], metric["Unit"]) == ("TokenAgeAtRefreshSeconds", "Seconds")


def test_where_nothing_was_counted_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    observe.flush_metrics()

    assert capsys.readouterr().out == ""


def test_what_was_flushed_is_not_written_again(capsys: pytest.CaptureFixture[str]) -> None:
    observe.count("SignInStarted")
    observe.flush_metrics()
    observe.flush_metrics()

    assert len(lines(capsys)) == 1
