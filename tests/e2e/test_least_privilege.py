"""What the functions' roles allow, enforced by the emulator, not just read in the template."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator

import pytest

from local.runner.places import architecture
from local.runner.stack import Stack

type Ask = Callable[[str], str]

PROBE = """
import boto3
from botocore.exceptions import ClientError

def lambda_handler(event, context):
    try:
        boto3.client("dynamodb").get_item(TableName=event["table"], Key={"pk": {"S": "probe"}})
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""


@pytest.fixture
def read_the_table_as(stack: Stack) -> Iterator[Ask]:
    """Reads the table with the role of one of the stack's functions; gives "allowed" or the refusal's code."""
    made: list[str] = []

    def ask(logical_id: str) -> str:
        role = stack.aws.functions.get_function_configuration(FunctionName=stack.deployed.functions[logical_id])["Role"]
        name = f"probe-{logical_id}"
        made.append(name)
        stack.aws.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="probe.lambda_handler",
            Role=role,
            Code={"ZipFile": zipped("probe.py", PROBE)},
            Timeout=30,
            Architectures=[architecture()],  # type: ignore[list-item]
        )
        event = json.dumps({"table": stack.deployed.outputs["TokenTableName"]})
        answer = stack.aws.functions.invoke(FunctionName=name, Payload=event.encode())
        return str(json.loads(answer["Payload"].read()))

    yield ask
    for name in made:
        stack.aws.functions.delete_function(FunctionName=name)


def test_the_role_of_session_may_read_the_table(read_the_table_as: Ask) -> None:
    assert read_the_table_as("SessionFunction") == "allowed"


def test_the_role_of_launch_which_anybody_may_call_may_not(read_the_table_as: Ask) -> None:
    assert read_the_table_as("LaunchFunction") == "AccessDeniedException"


def zipped(name: str, source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, source)
    return buffer.getvalue()
