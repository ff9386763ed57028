"""`take-over`: the real template's table, key and queues outlive their stack and come into a new one.

The emulator's CloudFormation does not import secrets, so they are left out here; tests/unit/operator_cli has them.
"""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from operator_cli.kept_resources import IDENTIFIERS
from tests.support.processed_template import processed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.emulator import Emulator
    from tests.support.operated import Operated

KEPT = {"TokenTable", "EncryptionKey", "RescueQueue", "RescueDeadLetterQueue"}
ITEM = {"pk": {"S": "le12345678#1001"}, "generation": {"N": "7"}}
_numbers = count(1)


def template() -> str:
    """Give the template of a stack that has the kept resources, and the queue that goes with its stack."""
    declared = processed()["Resources"]
    names = KEPT | {"RefreshQueue", "RefreshDeadLetterQueue"}
    return json.dumps({"Resources": {name: declared[name] for name in sorted(names)}})


@pytest.fixture
def stack_of(emulator: Emulator) -> Iterator[Callable[[str], str]]:
    """Make a stack of a template, without a word of it remaining afterwards; gives its name."""
    made: list[str] = []

    def make(body: str) -> str:
        made.append(f"kept-{next(_numbers)}")
        emulator.cloudformation.create_stack(StackName=made[-1], TemplateBody=body)
        wait(emulator, "stack_create_complete", made[-1])
        return made[-1]

    yield make
    for name in made:
        emulator.cloudformation.delete_stack(StackName=name)


def wait(emulator: Emulator, waiter: Any, stack: str) -> None:
    emulator.cloudformation.get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": 0, "MaxAttempts": 500})


def resources(emulator: Emulator, stack: str) -> dict[str, str]:
    listed = emulator.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


def delete(emulator: Emulator, name: str) -> str:
    """Delete a stack; gives its id."""
    [stack] = emulator.cloudformation.describe_stacks(StackName=name)["Stacks"]
    emulator.cloudformation.delete_stack(StackName=name)
    wait(emulator, "stack_delete_complete", stack["StackId"])
    return stack["StackId"]


@pytest.fixture
def left(emulator: Emulator, stack_of: Callable[[str], str], operate: Operated) -> dict[str, str]:
    """Have a stack with a user's item in its table deleted; gives what it had, by logical id."""
    operate.stack = stack_of(template())
    had = resources(emulator, operate.stack)
    emulator.dynamodb.put_item(TableName=had["TokenTable"], Item=ITEM)
    delete(emulator, operate.stack)
    return had


def test_a_new_stack_of_the_same_name_has_what_the_deleted_one_kept(
    emulator: Emulator, operate: Operated, left: dict[str, str]
) -> None:
    document = operate.json("take-over")

    assert {each["resource"]: each["id"] for each in document["taken_over"]} == {name: left[name] for name in KEPT}
    assert resources(emulator, operate.stack) == {name: left[name] for name in KEPT}
    [stack] = emulator.cloudformation.describe_stacks(StackName=operate.stack)["Stacks"]
    assert stack["StackStatus"] == "IMPORT_COMPLETE"


def test_the_next_deployment_adds_the_rest_and_replaces_nothing(
    emulator: Emulator, operate: Operated, left: dict[str, str]
) -> None:
    operate("take-over")

    emulator.cloudformation.update_stack(StackName=operate.stack, TemplateBody=template())
    wait(emulator, "stack_update_complete", operate.stack)

    after = resources(emulator, operate.stack)
    assert {name: after[name] for name in KEPT} == {name: left[name] for name in KEPT}
    assert "RefreshQueue" in after
    assert emulator.dynamodb.get_item(TableName=after["TokenTable"], Key={"pk": ITEM["pk"]})["Item"] == ITEM


def test_a_stack_of_another_name_takes_over_from_the_deleted_one_that_is_named(
    emulator: Emulator, operate: Operated, left: dict[str, str], stack_of: Callable[[str], str]
) -> None:
    deleted = delete(emulator, stack_of(template()))
    operate.stack = f"kept-{next(_numbers)}"

    document = operate.json("take-over", "--from", deleted)

    assert document["from"] == deleted
    assert resources(emulator, operate.stack).keys() == KEPT
    assert resources(emulator, operate.stack)["TokenTable"] != left["TokenTable"]
    delete(emulator, operate.stack)


def test_a_person_reads_what_was_taken_over_and_what_comes_next(operate: Operated, left: dict[str, str]) -> None:
    output = operate("take-over").output

    assert left["TokenTable"] in output
    assert f"The stack {operate.stack} has 4 resources again. Deploy now: that adds the rest." in output


def test_a_stack_that_is_there_takes_nothing_over(operate: Operated) -> None:
    assert operate.json("take-over", code=1)["error"] == "stack_exists"


def test_without_a_deleted_stack_there_is_nothing_to_take_over(operate: Operated) -> None:
    operate.stack = "never-there"

    assert operate.json("take-over", code=1)["error"] == "nothing_kept"


def test_a_stack_that_lives_keeps_what_it_has(
    emulator: Emulator, operate: Operated, stack_of: Callable[[str], str]
) -> None:
    living = stack_of(template())
    [stack] = emulator.cloudformation.describe_stacks(StackName=living)["Stacks"]
    operate.stack = "another"

    assert operate.json("take-over", "--from", stack["StackId"], code=1)["error"] == "not_deleted"


def test_a_named_stack_that_kept_nothing_is_said_to_have_kept_nothing(
    emulator: Emulator, operate: Operated, stack_of: Callable[[str], str]
) -> None:
    declared = processed()["Resources"]["RefreshDeadLetterQueue"]
    deleted = delete(emulator, stack_of(json.dumps({"Resources": {"RefreshDeadLetterQueue": declared}})))
    operate.stack = "another"

    assert operate.json("take-over", "--from", deleted, code=1)["error"] == "nothing_kept"


def test_what_is_gone_meanwhile_is_told_and_no_empty_stack_is_left(
    emulator: Emulator, operate: Operated, left: dict[str, str]
) -> None:
    emulator.sqs.delete_queue(QueueUrl=left["RescueQueue"])

    document = operate.json("take-over", code=1)

    assert document["error"] == "import"
    assert left["RescueQueue"] in document["remedy"]
    with pytest.raises(ClientError, match="does not exist"):
        emulator.cloudformation.describe_stacks(StackName=operate.stack)


def test_all_of_this_is_of_types_that_an_import_can_name() -> None:
    assert {processed()["Resources"][name]["Type"] for name in KEPT} <= set(IDENTIFIERS)
