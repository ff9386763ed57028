"""The picture of the dashboard: all of the template's widgets are on it, drawn from what a real run logged."""

from __future__ import annotations

import json
import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.load.dashboard.record import read_event
from tests.load.dashboard.series import Line, Sample, lines_of, read_emf
from tests.support.processed_template import properties

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = Path(__file__).parents[2] / "docs/images/dashboard.png"
FUNCTION = "stack-CallbackFunction"
EMF: dict[str, Any] = {
    "_aws": {
        "Timestamp": 1_795_484_001_500,
        "CloudWatchMetrics": [
            {
                "Namespace": "le-app-auth",
                "Dimensions": [["service", "reason"]],
                "Metrics": [{"Name": "SignInFailed", "Unit": "Count"}],
            }
        ],
    },
    "service": "le-app-auth",
    "reason": "code_refused",
    "SignInFailed": [1.0, 2.0],
}


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Give the texts that a PNG carries.

    Source: PNG specification, third edition, 5.3 (chunks) and 11.3.3 (text).
    """
    content, at = path.read_bytes(), 8
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        data = content[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + data) == struct.unpack(">I", content[at + 8 + length :][:4])[0]
        if kind == b"tEXt":
            key, _, text = data.partition(b"\0")
            yield key.decode("latin-1"), text.decode("latin-1")
        at += 12 + length


def widgets() -> list[dict[str, Any]]:
    """Give the widgets of the template, with the stack's name and a made-up name for all else that it fills in."""
    body, _ = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    named = body.replace("${AWS::StackName}", "le-app-auth").replace("${OneAndAHalfIntervals}", "2700")
    filled = re.sub(r"\$\{(\w+)Function\}", r"stack-\1Function", named)
    found: list[dict[str, Any]] = json.loads(re.sub(r"\$\{[^!][^}]*\}", "x", filled).replace("${!", "${"))["widgets"]
    return found


def widget(title: str) -> dict[str, Any]:
    [found] = [each for each in widgets() if each["properties"]["title"] == title]
    return found


def sample(at: float, *values: float, name: str = "TokenRefreshed", **dimensions: str) -> Sample:
    own = {"service": "le-app-auth", **dimensions}
    return Sample(at=at, namespace="le-app-auth", name=name, dimensions=own, values=values)


def test_the_picture_has_the_widgets_of_the_template_and_no_others() -> None:
    assert json.loads(dict(texts(PICTURE))["Widgets"]) == [each["properties"]["title"] for each in widgets()]


@pytest.mark.parametrize("shown", widgets(), ids=lambda shown: shown["properties"]["title"])
def test_every_widget_can_be_drawn(shown: dict[str, Any]) -> None:
    lines = lines_of(shown, [], step=10)

    by_search = [metric for metric in shown["properties"]["metrics"] if isinstance(metric[0], dict)]
    assert len(lines) == len(shown["properties"]["metrics"]) - len(by_search)


def test_a_sum_is_that_of_each_step_and_steps_without_anything_are_left_out() -> None:
    samples = [sample(100, 1), sample(109, 1, 1), sample(131, 1), sample(131, 5, name="TokensDue")]

    lines = {line.label: line.points for line in lines_of(widget("Refreshes"), samples, step=10)}

    assert lines == {"due": [(130, 5)], "refreshed": [(100, 3), (130, 1)], "failed": []}


def test_only_the_metric_without_further_dimensions_counts_as_the_whole() -> None:
    samples = [sample(100, 1, name="RefreshFailed"), sample(100, 1, name="RefreshFailed", error_class="transient")]

    [*_, failed] = lines_of(widget("Refreshes"), samples, step=10)

    assert failed == Line(label="failed", points=[(100, 1)])


def test_a_search_gives_a_line_for_each_reason_of_this_stack() -> None:
    samples = [
        sample(100, 2, name="SignInFailed", reason="code_refused"),
        sample(100, 1, name="SignInFailed", reason="consent_denied"),
        sample(100, 4, name="SignInFailed"),
        sample(100, 9, name="SignInFailed", reason="code_refused", service="another-stack"),
    ]

    lines = lines_of(widget("Failed sign-ins by reason"), samples, step=10)

    assert lines == [
        Line(label="code_refused", points=[(100, 2)]),
        Line(label="consent_denied", points=[(100, 1)]),
    ]


def test_the_oldest_token_of_a_step_is_shown() -> None:
    samples = [sample(100, 1800, 1830, name="TokenAgeAtRefreshSeconds")]

    assert lines_of(widget("Token age at refresh"), samples, step=10) == [Line(label="seconds", points=[(100, 1830)])]


def test_a_duration_is_that_which_95_of_100_calls_stay_below() -> None:
    dimensions = {"FunctionName": FUNCTION}
    samples = [
        Sample(at=100, namespace="AWS/Lambda", name="Duration", dimensions=dimensions, values=[each])
        for each in range(101)
    ]

    [line] = [line for line in lines_of(widget("Duration (95 of 100)"), samples, step=10) if line.points]

    assert line == Line(label="Callback", points=[(100, 95)])


def test_a_log_record_in_the_metric_format_gives_its_metrics_with_their_dimensions() -> None:
    assert list(read_emf(EMF)) == [
        Sample(
            at=1_795_484_001.5,
            namespace="le-app-auth",
            name="SignInFailed",
            dimensions={"service": "le-app-auth", "reason": "code_refused"},
            values=[1.0, 2.0],
        )
    ]
    assert list(read_event(FUNCTION, 1.0, json.dumps(EMF))) == list(read_emf(EMF))


@pytest.mark.parametrize(
    ("message", "measured"),
    [
        ("REPORT RequestId: 8a\tDuration: 12.5 ms\tBilled Duration: 13 ms", {"Duration": 12.5, "Errors": 0}),
        ("2026-11-27T07:00:00Z 8a Task timed out after 29.00 seconds", {"Errors": 1}),
        ("[ERROR] Runtime.ImportModuleError: Unable to import module 'app'", {"Errors": 1}),
        ("START RequestId: 8a Version: $LATEST", {}),
        ('{"level": "INFO", "message": "refreshed"}', {}),
    ],
)
def test_a_line_of_lambdas_own_gives_durations_and_errors(message: str, measured: dict[str, float]) -> None:
    samples = list(read_event(FUNCTION, 7.0, message))

    assert {each.name: each.values[0] for each in samples} == measured
    assert all(each.dimensions == {"FunctionName": FUNCTION} and each.at == 7.0 for each in samples)
