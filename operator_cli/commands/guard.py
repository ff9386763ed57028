"""`guard`: have CloudFormation roll an update back when an alarm goes off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from operator_cli.errors import OperatorError
from operator_cli.options import command
from operator_cli.output import count_of
from operator_cli.stack import find_resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from operator_cli.run import Run

TRIGGERS = (
    "TokensDueMissingAlarm",
    "RefreshWorkerErrorsAlarm",
    "RefreshConfigurationAlarm",
    "RotationLostAlarm",
    "SignInFailedAlarm",
)
"""The alarms that an update which breaks something sets off first; CloudFormation takes five at most."""
_TAG = "updates-guarded"


@command("guard", short_help="Have alarms roll updates back.")
@click.option(
    "--minutes",
    type=click.IntRange(0, 180),
    default=15,
    show_default=True,
    help="How long the alarms are watched after everything is updated.",
)
@click.option("--off", is_flag=True, help="No longer.")
def guard(run: Run, minutes: int, *, off: bool) -> None:
    """Have CloudFormation roll back each further update during which an alarm goes off, or soon after it.

    SAM CLI has no option for it, but CloudFormation remembers it with the stack and applies it to every `sam deploy`.
    """
    alarms = [] if off else _find_alarms(run)
    _require_quiet(alarms)
    _set(run, arns=[alarm["AlarmArn"] for alarm in alarms], minutes=0 if off else minutes)
    if off:
        run.out.say("From now on no alarm rolls an update back.")
    else:
        watched = f"{count_of(len(alarms), 'alarm')} watched for {count_of(minutes, 'minute')} after each update"
        run.out.say(f"From now on: {watched}. This begins with CloudFormation's taking it up, so wait as long.")
    run.out.document(
        {"stack": run.stack.name, "minutes": 0 if off else minutes, "alarms": [alarm["AlarmName"] for alarm in alarms]}
    )


def _find_alarms(run: Run) -> Sequence[Any]:
    names = find_resources(run.clients.cloudformation, run.stack.name)
    missing = [trigger for trigger in TRIGGERS if trigger not in names]
    if missing:
        raise OperatorError(
            f"The stack {run.stack.name} has no {missing[0]}.", reason="not_our_stack", remedy="Deploy it anew first."
        )
    wanted = [names[trigger] for trigger in TRIGGERS]
    found: Sequence[Any] = run.clients.cloudwatch.describe_alarms(AlarmNames=wanted)["MetricAlarms"]
    return sorted(found, key=lambda alarm: wanted.index(alarm["AlarmName"]))


def _require_quiet(alarms: Sequence[Any]) -> None:
    """Raise OperatorError where one is in alarm: it would roll back this very change."""
    loud = [alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM"]
    if loud:
        raise OperatorError(
            f"In alarm now: {', '.join(loud)}.", reason="in_alarm", remedy="docs/runbook.md says what to do about it."
        )


def _set(run: Run, *, arns: Sequence[str], minutes: int) -> None:
    """Update the stack as it is. A tag says so, since CloudFormation refuses an update that changes nothing."""
    client = run.clients.cloudformation
    [stack] = client.describe_stacks(StackName=run.stack.name)["Stacks"]
    tags = [tag for tag in stack.get("Tags", ()) if tag["Key"] != _TAG]
    client.update_stack(
        StackName=run.stack.name,
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in run.stack.parameters],
        # The transform of a SAM template counts as a macro.
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        RollbackConfiguration={
            "RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in arns],
            "MonitoringTimeInMinutes": minutes,
        },
        Tags=[*tags, {"Key": _TAG, "Value": f"{minutes} min" if arns else "no"}],
    )
