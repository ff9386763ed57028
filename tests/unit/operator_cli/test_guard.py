"""`guard`: what CloudFormation is told to watch. The emulator's takes no notice of it, so this looks at the call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from operator_cli.app import cli
from operator_cli.commands.guard import TRIGGERS
from operator_cli.run import Surroundings
from tests.support.operated import check_form
from tests.support.processed_template import resources_of_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from click.testing import Result


@dataclass
class Aws:
    """A stack with its alarms, in place of all clients.

    Args:
        states: state of an alarm, by its name in the template; the others are OK.
    """

    states: dict[str, str] = field(default_factory=dict)
    alarms: Sequence[str] = TRIGGERS
    updates: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cloudformation(self) -> Aws:
        return self

    @property
    def cloudwatch(self) -> Aws:
        return self

    def describe_stacks(self, *, StackName: str) -> Mapping[str, Any]:  # noqa: N803 - boto3's names
        stack = {
            "StackName": StackName,
            "StackStatus": "UPDATE_COMPLETE",
            "Parameters": [{"ParameterKey": "IdleDays", "ParameterValue": "14"}],
            "Tags": [{"Key": "team", "Value": "chat"}, {"Key": "updates-guarded", "Value": "no"}],
        }
        return {"Stacks": [stack]}

    def get_paginator(self, _: str) -> Aws:
        return self

    def paginate(self, **_: str) -> list[Mapping[str, Any]]:
        named = [{"LogicalResourceId": name, "PhysicalResourceId": f"stack-{name}"} for name in self.alarms]
        return [{"StackResourceSummaries": named}]

    def describe_alarms(self, *, AlarmNames: Sequence[str]) -> Mapping[str, Any]:  # noqa: N803
        found = [
            {
                "AlarmName": name,
                "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}",
                "StateValue": self.states.get(name.removeprefix("stack-"), "OK"),
            }
            for name in sorted(AlarmNames)
        ]
        return {"MetricAlarms": found}

    def update_stack(self, **update: Any) -> None:
        self.updates.append(update)

    def close(self) -> None: ...


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws()
    monkeypatch.setattr("operator_cli.run.Clients", lambda **_: aws)
    return aws


def run(folder: Path, *arguments: str) -> Result:
    surroundings = Surroundings(folder=folder, variables={})
    return CliRunner().invoke(cli, ["guard", *arguments], obj=surroundings, catch_exceptions=False)


def test_five_alarms_are_watched_for_a_quarter_of_an_hour_after_each_update(aws: Aws, tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 0

    [update] = aws.updates
    assert update["RollbackConfiguration"]["MonitoringTimeInMinutes"] == 15
    assert update["RollbackConfiguration"]["RollbackTriggers"] == [
        {"Arn": f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:stack-{name}", "Type": "AWS::CloudWatch::Alarm"}
        for name in TRIGGERS
    ]


def test_the_stack_stays_as_it_is_but_for_a_tag_without_which_cloudformation_would_refuse(
    aws: Aws, tmp_path: Path
) -> None:
    run(tmp_path, "--minutes", "30")

    [update] = aws.updates
    assert update["UsePreviousTemplate"] is True
    assert update["Parameters"] == [{"ParameterKey": "IdleDays", "UsePreviousValue": True}]
    assert update["Tags"] == [{"Key": "team", "Value": "chat"}, {"Key": "updates-guarded", "Value": "30 min"}]
    assert set(update["Capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}


def test_it_can_be_switched_off(aws: Aws, tmp_path: Path) -> None:
    run(tmp_path, "--off")

    [update] = aws.updates
    assert update["RollbackConfiguration"] == {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}


def test_an_alarm_that_is_on_already_is_named_and_nothing_is_changed(aws: Aws, tmp_path: Path) -> None:
    aws.states = {"RefreshConfigurationAlarm": "ALARM"}

    result = run(tmp_path)

    assert result.exit_code == 1
    assert "stack-RefreshConfigurationAlarm" in result.output
    assert aws.updates == []


def test_it_can_be_switched_off_while_an_alarm_is_on(aws: Aws, tmp_path: Path) -> None:
    aws.states = {"RefreshConfigurationAlarm": "ALARM"}

    assert run(tmp_path, "--off").exit_code == 0


def test_a_stack_without_such_an_alarm_is_not_changed(aws: Aws, tmp_path: Path) -> None:
    aws.alarms = TRIGGERS[1:]

    result = run(tmp_path)

    assert result.exit_code == 1
    assert TRIGGERS[0] in result.output
    assert aws.updates == []


@pytest.mark.parametrize("minutes", ["-1", "181", "soon"])
def test_cloudformation_watches_for_three_hours_at_most(aws: Aws, tmp_path: Path, minutes: str) -> None:
    assert run(tmp_path, "--minutes", minutes).exit_code == 2
    assert aws.updates == []


@pytest.mark.parametrize("arguments", [(), ("--off",)])
def test_its_document_is_of_the_documented_form(aws: Aws, tmp_path: Path, arguments: Sequence[str]) -> None:
    document = json.loads(run(tmp_path, "--json", *arguments).stdout)

    assert len(aws.updates) == 1

    check_form(document, ["guard"])
    assert len(document["alarms"]) == (0 if arguments else 5)


def test_its_alarms_are_alarms_of_the_template_and_no_more_than_cloudformation_takes() -> None:
    assert set(TRIGGERS) <= set(resources_of_type("AWS::CloudWatch::Alarm"))
    assert len(TRIGGERS) <= 5
