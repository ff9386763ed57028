"""What a deleted stack left behind, and the template by which a new stack takes it over.

A stack is deleted without its table, secrets, key and rescue queues. CloudFormation's resource import puts them into a
stack again: a change set whose template has them and nothing else, exactly as they were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ResourceToImportTypeDef

IDENTIFIERS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::KMS::Key": "KeyId",
    "AWS::SecretsManager::Secret": "Id",
    "AWS::SQS::Queue": "QueueUrl",
}
"""{type: property that names a resource in an import}; its value is the physical id, as `Ref` gives it.

SAM keeps the layer's versions too. They hold nothing but code, and the next deployment makes its own.
"""
_STACK_NAME = "AWS::StackName"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A resource that outlived its stack."""

    logical_id: str
    kind: str
    physical_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedStack:
    """A stack that is gone, as CloudFormation remembers it for 90 days.

    Args:
        template: processed: what the transform made of the SAM template.
    """

    id: str
    name: str
    kept: Sequence[Kept]
    template: Mapping[str, Any]


def find_last_deleted(client: CloudFormationClient, name: str) -> DeletedStack:
    """Give the last of the deleted stacks of a name that kept something.

    Raises:
        OperatorError: there is none.
    """
    pages = client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    found = [stack for page in pages for stack in page["StackSummaries"] if stack["StackName"] == name]
    for stack in sorted(found, key=lambda stack: stack["CreationTime"], reverse=True):
        kept = list(_find_kept(client, stack["StackId"]))
        if kept:
            return _deleted(client, stack["StackId"], name, kept)
    raise OperatorError(
        f"No stack {name} that kept something was deleted here in the last 90 days.",
        reason="nothing_kept",
        remedy="Name its region by --region, or a stack of another name by --from and its id.",
    )


def find_deleted(client: CloudFormationClient, stack_id: str) -> DeletedStack:
    """Give a deleted stack.

    Raises:
        OperatorError: it is not deleted, or kept nothing.
    """
    [stack] = client.describe_stacks(StackName=stack_id)["Stacks"]
    name, status = stack["StackName"], stack["StackStatus"]
    if status != "DELETE_COMPLETE":
        raise OperatorError(f"The stack {name} still has what is its own ({status}).", reason="not_deleted")
    kept = list(_find_kept(client, stack_id))
    if not kept:
        raise OperatorError(f"The stack {name} kept nothing.", reason="nothing_kept")
    return _deleted(client, stack_id, name, kept)


def _deleted(client: CloudFormationClient, stack_id: str, name: str, kept: Sequence[Kept]) -> DeletedStack:
    template = client.get_template(StackName=stack_id, TemplateStage="Processed")["TemplateBody"]
    # A deletion that failed and was repeated may have passed over the same twice.
    return DeletedStack(id=stack_id, name=name, kept=list(dict.fromkeys(kept)), template=template)


def _find_kept(client: CloudFormationClient, stack_id: str) -> Iterator[Kept]:
    """Give what the stack's deletion passed over, by its events, the latest first."""
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            status = event["ResourceStatus"]
            if event["PhysicalResourceId"] == stack_id and not status.startswith("DELETE_"):
                return  # what came before is not the deletion's
            if status == "DELETE_SKIPPED" and event["ResourceType"] in IDENTIFIERS:
                yield Kept(
                    logical_id=event["LogicalResourceId"],
                    kind=event["ResourceType"],
                    physical_id=event["PhysicalResourceId"],
                )


def write_import_template(deleted: DeletedStack) -> dict[str, Any]:
    """Write a template of what was kept, and of nothing else: an import may change nothing else, outputs included.

    CloudFormation takes over each resource as the template describes it, without comparing. So they stand there as the
    deleted stack had them, under its name; the next deployment changes what is to be changed.
    """
    declared = deleted.template["Resources"]
    resources = {each.logical_id: _pinned(declared[each.logical_id], deleted.name) for each in deleted.kept}
    for resource in resources.values():
        resource.pop("Condition", None)  # it was made, so its condition held
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def list_imports(deleted: DeletedStack) -> list[ResourceToImportTypeDef]:
    """Say which existing resource each one of the template is."""
    return [
        {
            "ResourceType": each.kind,
            "LogicalResourceId": each.logical_id,
            "ResourceIdentifier": {IDENTIFIERS[each.kind]: each.physical_id},
        }
        for each in deleted.kept
    ]


def _pinned(value: Any, name: str) -> Any:
    """Put a stack's name where a template asks for it."""
    match value:
        case {"Ref": "AWS::StackName"}:
            return name
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": text.replace(f"${{{_STACK_NAME}}}", name)}
        case dict():
            return {key: _pinned(inner, name) for key, inner in value.items()}
        case list():
            return [_pinned(inner, name) for inner in value]
    return value
