"""`take-over`: put the table, the secrets and the key of a deleted stack into a new one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from botocore.exceptions import ClientError, WaiterError

from operator_cli.errors import OperatorError
from operator_cli.kept_resources import find_deleted, find_last_deleted, list_imports, write_import_template
from operator_cli.options import command
from operator_cli.output import count_of
from operator_cli.stack import find_stack

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from operator_cli.kept_resources import DeletedStack
    from operator_cli.run import Run

_CHANGE_SET = "take-over"
_EMPTY = "REVIEW_IN_PROGRESS"
"""Status of a stack that has only a change set yet."""


@command("take-over", short_help="Put what a deleted stack kept into a new one.")
@click.option(
    "--from", "stack_id", metavar="ID", help="Id (ARN) of the deleted stack [default: the last one of the same name]."
)
def take_over(run: Run, stack_id: str | None) -> None:
    """Make a stack of what a deleted one kept: its table, secrets, key and rescue queues.

    The stack has nothing else yet; the next deployment adds the rest. Then everybody is signed in who was, and the
    application's secret need not be entered again.
    """
    client, name = run.clients.cloudformation, run.target.stack
    _require_none(client, name)
    deleted = find_deleted(client, stack_id) if stack_id else find_last_deleted(client, name)
    import_kept(client, name, deleted)
    taken = [(each.logical_id, each.kind, each.physical_id) for each in deleted.kept]
    run.out.table(("RESOURCE", "TYPE", "ID"), taken)
    run.out.say(f"The stack {name} has {count_of(len(taken), 'resource')} again. Deploy now: that adds the rest.")
    heads = ("resource", "type", "id")
    document = {"from": deleted.id, "taken_over": [dict(zip(heads, row, strict=True)) for row in taken]}
    run.out.document({"stack": name, **document})


def _require_none(client: CloudFormationClient, name: str) -> None:
    try:
        status = find_stack(client, name).status
    except OperatorError:
        return
    if status != _EMPTY:
        raise OperatorError(
            f"There is a stack {name} already ({status}); only a new one can take over.",
            reason="stack_exists",
            remedy="Name a new one by --stack.",
        )


def import_kept(client: CloudFormationClient, name: str, deleted: DeletedStack) -> None:
    """Make the stack.

    Raises:
        OperatorError: CloudFormation does not take everything over; a stack without resources is not left behind.
    """
    client.create_change_set(
        StackName=name,
        ChangeSetName=_CHANGE_SET,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(write_import_template(deleted)),
        ResourcesToImport=list_imports(deleted),
    )
    try:
        client.get_waiter("change_set_create_complete").wait(
            StackName=name, ChangeSetName=_CHANGE_SET, WaiterConfig={"Delay": 1, "MaxAttempts": 300}
        )
        client.execute_change_set(StackName=name, ChangeSetName=_CHANGE_SET)
        client.get_waiter("stack_import_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 900})
    except (ClientError, WaiterError) as error:
        raise _failed(client, name) from error


def _failed(client: CloudFormationClient, name: str) -> OperatorError:
    stack = find_stack(client, name)
    why = "See the stack's events in CloudFormation."
    if stack.status == _EMPTY:
        why = client.describe_change_set(StackName=name, ChangeSetName=_CHANGE_SET).get("StatusReason", "")
        client.delete_stack(StackName=name)
    return OperatorError("CloudFormation does not take everything over.", reason="import", remedy=why)
