"""AWS on this machine: the emulator's process, and clients of it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from local.runner.aws import CREDENTIALS, REGION, Aws
from local.runner.ministack import start_ministack
from local.runner.places import Places
from tests.support.template import properties

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient


class Emulator(Aws):
    """An account of one's own. All that tests make in it goes with it."""

    @cached_property
    def cloudwatch(self) -> Any:
        return self._client("cloudwatch")

    @cached_property
    def events(self) -> EventBridgeClient:
        return self._client("events")  # type: ignore[no-any-return]

    @cached_property
    def scheduler(self) -> EventBridgeSchedulerClient:
        return self._client("scheduler")  # type: ignore[no-any-return]

    @cached_property
    def sqs(self) -> SQSClient:
        return self._client("sqs")  # type: ignore[no-any-return]

    def make_table(self, name: str) -> str:
        """Make TokenTable as the template declares it, but for its encryption."""
        declared = properties("TokenTable")
        made = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        self.dynamodb.create_table(TableName=name, **{key: declared[key] for key in made})
        self.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=declared["TimeToLiveSpecification"])
        return name

    def make_queue(self, name: str) -> str:
        """Make RefreshQueue as the template declares it; gives its URL."""
        declared = properties("RefreshQueue")
        dead_letters = self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": declared["RedrivePolicy"]["maxReceiveCount"]}
        attributes: Any = {
            "VisibilityTimeout": str(declared["VisibilityTimeout"]),
            "RedrivePolicy": json.dumps(redrive),
        }
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def make_event_bus(self, name: str) -> str:
        """Make an event bus with a queue for all of our events; gives the queue's URL."""
        self.events.create_event_bus(Name=name)
        return self.catch_events(name, queue=f"{name}-events")

    def catch_events(self, name: str, *, queue: str) -> str:
        """Have all of our events on a bus go to a queue; gives its URL."""
        url = self.sqs.create_queue(QueueName=queue)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["le-app-auth"]})
        self.events.put_rule(Name="all", EventBusName=name, EventPattern=pattern)
        self.events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
        return url

    def make_stack(self, name: str, template: str) -> dict[str, str]:
        """Deploy a template of resources only; gives its outputs."""
        self.cloudformation.create_stack(StackName=name, TemplateBody=template)
        waiter = self.cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        [stack] = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def make_secret(self, name: str, content: str) -> str:
        """Make a secret; gives its ARN."""
        return self.secretsmanager.create_secret(Name=name, SecretString=content)["ARN"]

    def close(self) -> None:
        for client in (
            self.cloudformation,
            self.dynamodb,
            self.events,
            self.scheduler,
            self.sqs,
            self.secretsmanager,
        ):
            client.close()


def aws_environment(endpoint: str) -> dict[str, str]:
    """What Lambda gives its functions of AWS, and nothing of this machine's own settings."""
    return {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


@contextmanager
def running_emulator(state: Path) -> Iterator[Emulator]:
    """Start the emulator, on a port and with folders of its own, and end it again."""
    places = Places(state=state)
    places.temporary.mkdir()
    places.logs.mkdir()
    ministack = start_ministack(places)
    emulator = Emulator(ministack.base_url)
    try:
        yield emulator
    finally:
        emulator.close()
        ministack.child.stop()
