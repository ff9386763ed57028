"""What the functions' roles allow, enforced by the emulator, not just read in the template."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator

import pytest

from local.runner.places import architecture
from local.runner.stack import Stack

type Ask = Callable[..., str]

PROBE = """
import boto3
from botocore.exceptions import ClientError

def lambda_handler(event, context):
    try:
        getattr(boto3.client(event["service"]), event["method"])(**event["arguments"])
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""


@pytest.fixture
def call_as(stack: Stack) -> Iterator[Ask]:
    """Calls AWS with the role of one of the stack's functions; gives "allowed" or the refusal's code."""
    made: list[str] = []

    def ask(logical_id: str, service: str, method: str, **arguments: object) -> str:
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
        event = json.dumps({"service": service, "method": method, "arguments": arguments})
        answer = stack.aws.functions.invoke(FunctionName=name, Payload=event.encode())
        return str(json.loads(answer["Payload"].read()))

    yield ask
    for name in made:
        stack.aws.functions.delete_function(FunctionName=name)


@pytest.fixture
def read_the_table_as(stack: Stack, call_as: Ask) -> Ask:
    table = stack.deployed.outputs["TokenTableName"]
    return lambda logical_id: call_as(logical_id, "dynamodb", "get_item", TableName=table, Key={"pk": {"S": "probe"}})


@pytest.fixture
def send_to_a_bus_as(call_as: Ask) -> Ask:
    def send(logical_id: str, bus: str) -> str:
        entry = {"EventBusName": bus, "Source": "le-app-auth", "DetailType": "Probe", "Detail": "{}"}
        return call_as(logical_id, "events", "put_events", Entries=[entry])

    return send


def test_the_role_of_session_may_read_the_table(read_the_table_as: Ask) -> None:
    assert read_the_table_as("SessionFunction") == "allowed"


def test_the_role_of_launch_which_anybody_may_call_may_not(read_the_table_as: Ask) -> None:
    assert read_the_table_as("LaunchFunction") == "AccessDeniedException"


@pytest.mark.parametrize(
    "function", ["CallbackFunction", "SessionFunction", "RefreshWorkerFunction", "AccessTokenFunction"]
)
def test_the_role_of_a_function_that_sends_events_may_send_them_to_the_bus_of_the_stack(
    send_to_a_bus_as: Ask, function: str
) -> None:
    assert send_to_a_bus_as(function, "default") == "allowed"


def test_it_may_not_send_them_to_another_bus(send_to_a_bus_as: Ask) -> None:
    assert send_to_a_bus_as("CallbackFunction", "another") == "AccessDeniedException"


def test_the_role_of_a_function_that_sends_no_events_may_not_send_any(send_to_a_bus_as: Ask) -> None:
    assert send_to_a_bus_as("LaunchFunction", "default") == "AccessDeniedException"


def zipped(name: str, source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, source)
    return buffer.getvalue()
