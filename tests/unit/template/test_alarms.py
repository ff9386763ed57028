"""Alarms and dashboard: on metrics that exist, each with its page of the runbook."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.processed_template import PROJECT, processed, properties, resources_of_type
from tests.support.template import FUNCTIONS

ALARMS = resources_of_type("AWS::CloudWatch::Alarm")
QUEUES = {"RefreshQueue", "RefreshDeadLetterQueue", "RescueQueue", "RescueDeadLetterQueue"}

each_alarm = pytest.mark.parametrize("name", ALARMS)


def counted_metrics() -> set[str]:
    """Give the names of the metrics that the code writes."""
    sources = [*PROJECT.glob("functions/*/app.py"), *PROJECT.glob("layers/le_auth/le_auth/**/*.py")]
    text = "".join(path.read_text() for path in sources)
    calls = re.findall(r"observe\.(?:count|record_seconds)\((.*)", text)
    return {name for call in calls for name in re.findall(r'"([A-Z][A-Za-z]+)"', call)}


def metrics_of(alarm: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give namespace, name and dimensions of each metric of an alarm."""
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", ())}
    yield alarm["Namespace"], alarm["MetricName"], dimensions


@each_alarm
def test_an_alarm_watches_a_metric_that_exists(name: str) -> None:
    watched = list(metrics_of(ALARMS[name]["Properties"]))
    assert watched
    for namespace, metric, dimensions in watched:
        match namespace:
            case "le-app-auth":
                assert metric in counted_metrics()
                assert dimensions["service"] == {"Ref": "AWS::StackName"}
            case "AWS/SQS":
                assert dimensions["QueueName"]["Fn::GetAtt"][0] in QUEUES
            case _:
                assert namespace == "AWS/Lambda"
                assert metric in {"Errors", "Throttles"}


@each_alarm
def test_an_alarm_names_its_page_of_the_runbook(name: str) -> None:
    description = ALARMS[name]["Properties"]["AlarmDescription"]
    anchor = description.partition("docs/runbook.md#")[2]

    assert re.search(rf"^## {re.escape(anchor)}$", (PROJECT / "docs/runbook.md").read_text(), re.MULTILINE)


@each_alarm
def test_an_alarm_says_what_it_means_before_it_names_the_page(name: str) -> None:
    meaning, _, _ = ALARMS[name]["Properties"]["AlarmDescription"].partition(" Runbook: docs/runbook.md#")

    assert len(meaning.split()) >= 6
    assert meaning.endswith(".")


@each_alarm
def test_an_alarm_is_mailed_where_an_address_is_given(name: str) -> None:
    actions = ALARMS[name]["Properties"]["AlarmActions"]

    assert actions == {"Fn::If": ["NotifiesByEmail", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}


def test_every_page_of_the_runbook_belongs_to_an_alarm() -> None:
    pages = re.findall(r"^## (.+)$", (PROJECT / "docs/runbook.md").read_text(), re.MULTILINE)
    named = {alarm["Properties"]["AlarmDescription"].partition("#")[2] for alarm in ALARMS.values()}

    assert set(pages) == named


def test_errors_of_every_function_are_watched() -> None:
    watched = [found for alarm in ALARMS.values() for found in metrics_of(alarm["Properties"]) if found[1] == "Errors"]
    always = {logical for logical in FUNCTIONS.values() if "Condition" not in processed()["Resources"][logical]}

    assert {dimensions["FunctionName"]["Ref"] for _, _, dimensions in watched} == always


def test_the_age_of_tokens_is_measured_against_the_interval() -> None:
    allowed = processed()["Parameters"]["RefreshIntervalMinutes"]["AllowedValues"]
    seconds = {key: value["OneAndAHalfInSeconds"] for key, value in processed()["Mappings"]["Interval"].items()}

    assert seconds == {str(minutes): minutes * 90 for minutes in allowed}
    assert properties("TokenAgeAlarm")["Threshold"] == {
        "Fn::FindInMap": ["Interval", {"Ref": "RefreshIntervalMinutes"}, "OneAndAHalfInSeconds"]
    }


def test_a_scheduler_that_says_nothing_is_an_alarm() -> None:
    assert properties("TokensDueMissingAlarm")["TreatMissingData"] == "breaching"


def dashboard() -> list[dict[str, Any]]:
    body, _ = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    numbered = body.replace("${OneAndAHalfIntervals}", "2700")
    widgets: list[dict[str, Any]] = json.loads(re.sub(r"\$\{[^!][^}]*\}", "x", numbered).replace("${!", "${"))[
        "widgets"
    ]
    return widgets


def test_the_dashboard_shows_what_an_operator_asks_first() -> None:
    assert [widget["properties"]["title"] for widget in dashboard()] == [
        "Sign-ins",
        "Failed sign-ins by reason",
        "Tokens for the back end",
        "Refreshes",
        "Failed refreshes by class",
        "Token age at refresh",
        "Lost and rescued",
        "Messages waiting",
        "Age of the oldest message",
        "Errors",
        "Throttles",
        "Duration (95 of 100)",
    ]


def test_the_dashboard_shows_both_queues_and_both_of_dead_letters() -> None:
    body, _ = properties("Dashboard")["DashboardBody"]["Fn::Sub"]

    assert set(re.findall(r'"QueueName", "\$\{(\w+)\.QueueName\}"', body)) == QUEUES


def test_the_dashboard_shows_errors_throttles_and_duration_of_every_function() -> None:
    body, _ = properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    always = {logical for logical in FUNCTIONS.values() if "Condition" not in processed()["Resources"][logical]}

    for metric in ("Errors", "Throttles", "Duration"):
        assert set(re.findall(rf'"{metric}", "FunctionName", "\$\{{(\w+)\}}"', body)) == always


def test_the_dashboard_marks_the_age_that_is_an_alarm() -> None:
    body, values = properties("Dashboard")["DashboardBody"]["Fn::Sub"]

    assert '"horizontal": [{"label": "1.5 intervals", "value": ${OneAndAHalfIntervals}}]' in body
    assert values == {"OneAndAHalfIntervals": properties("TokenAgeAlarm")["Threshold"]}


def test_the_dashboard_shows_every_metric_that_the_code_writes() -> None:
    shown = set(re.findall(r'"le-app-auth", "(\w+)"', properties("Dashboard")["DashboardBody"]["Fn::Sub"][0]))

    assert shown | {"KeysSkipped"} == counted_metrics()


def test_the_dashboards_widgets_lie_beside_and_below_one_another() -> None:
    places = [(widget["x"], widget["y"]) for widget in dashboard()]

    assert len(set(places)) == len(places)
    assert all(widget["x"] + widget["width"] <= 24 for widget in dashboard())
