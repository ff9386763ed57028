"""What an operator's command meets in the tests: users' records, dead letters, a stack that CloudFormation knows."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from click.testing import CliRunner

from le_auth.domain.grants import Status
from operator_cli.app import cli
from operator_cli.run import Surroundings
from operator_cli.stack import DeployedStack
from operator_cli.user_records import UserRecord
from tests.support.canaries import watch
from tests.support.installation import ADA
from tests.support.template import read_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from click.testing import Result

    from le_auth.domain.users import User
    from tests.support.emulator import Emulator
    from tests.support.installation import Installation

_SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "operator-output.schema.json").read_text())
NOON = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
QUEUES = {"rescue": "RescueQueue", "refresh": "RefreshQueue"}
"""By the names that the tool has for them."""


def a_record(user: User = ADA, **changes: Any) -> UserRecord:
    """Give a record of a user who signed in and was refreshed at noon."""
    record: dict[str, Any] = {
        "user": user,
        "status": Status.ACTIVE,
        "generation": 1,
        "session_epoch": 1,
        "is_scheduled": True,
        "issued_at": NOON,
        "refreshed_at": NOON,
        "last_used_at": NOON,
        "failures": 0,
        "last_error": None,
        "sign_out_scope": None,
        "key_id": "0",
    }
    return UserRecord(**{**record, **changes})


def a_stack(**outputs: str) -> DeployedStack:
    return DeployedStack(name="le-app-auth", status="UPDATE_COMPLETE", parameters={}, outputs=outputs)


@dataclass
class Operated:
    """A stack of the emulator's CloudFormation whose outputs are what an installation has, and its operator."""

    installation: Installation
    folder: Path
    stack: str
    variables: dict[str, str] = field(default_factory=dict)
    pause: Callable[[timedelta], None] | None = None
    is_attended: bool = False

    def __call__(self, *arguments: str, typed: str | None = None) -> Result:
        """Run a command as an operator does.

        Args:
            typed: standard input.
        """
        surroundings = Surroundings(
            clock=lambda: self.installation.now,
            pause=self.pause or self.installation.go_on,
            folder=self.folder,
            variables=self.variables,
            is_attended=lambda: self.is_attended,
        )
        command = [*arguments, "--stack", self.stack]
        result = CliRunner().invoke(cli, command, input=typed, obj=surroundings, catch_exceptions=False)
        watch.emit("output of the operator's tool", result.output)
        return result

    def work_while_waiting(self) -> None:
        """From now on the worker takes what the queue holds whenever the operator's tool waits."""

        def work(pause: timedelta) -> None:
            self.installation.go_on(pause)
            with redirect_stdout(io.StringIO()) as log:
                self.installation.work(self.installation.receive())
            watch.emit("log of the worker", log.getvalue())

        self.pause = work

    def json(self, *arguments: str, typed: str | None = None, code: int = 0) -> Any:
        """Run a command with --json and give its document, which is of the documented form."""
        result = self(*arguments, "--json", typed=typed)
        assert result.exit_code == code, result.output
        document = json.loads(result.stdout)
        check_form(document, arguments)
        return document


def check_form(document: object, arguments: Sequence[str]) -> None:
    """Fail unless a document is what docs/operator-output.schema.json says of its command."""
    jsonschema.validate(document, {**_SCHEMA, "$ref": f"#/$defs/{_form_of(document, arguments)}"})


def _form_of(document: object, arguments: Sequence[str]) -> str:
    if isinstance(document, dict) and "error" in document:
        return "manifest-violations" if "violations" in document else "error"
    if arguments[0] == "sealing-key":
        return "dropped-key" if arguments[1] == "drop" else "sealing-keys"
    return arguments[0]


def make_stack(emulator: Emulator, name: str, *, parameters: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Deploy a stack with the real template's parameters, an enabled schedule, and these outputs."""
    declared = read_template()["Parameters"]
    template = {
        "Parameters": {key: {"Type": "String", "Default": str(declared[key].get("Default", ""))} for key in declared},
        "Resources": {"RefreshSchedulerFunctionEveryMinute": _SCHEDULE},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    emulator.cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    emulator.cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 500}
    )


def put_dead_letters(installation: Installation, queue: str, *bodies: str) -> None:
    """Put messages into the queue of a queue's dead letters."""
    sqs = installation.emulator.sqs
    url = installation.deployed.resources[QUEUES[queue]]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    name = json.loads(policy)["deadLetterTargetArn"].rpartition(":")[2]
    dead = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=dead, MessageBody=body)


_SCHEDULE = {
    "Type": "AWS::Scheduler::Schedule",
    "Properties": {
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ScheduleExpression": "cron(0 0 1 1 ? 2199)",
        "Target": {
            "Arn": "arn:aws:lambda:us-east-1:000000000000:function:none",
            "RoleArn": "arn:aws:iam::000000000000:role/none",
        },
    },
}
