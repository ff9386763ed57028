"""Roles as AWS understands them, where the emulator asks for more.

AWS has one IAM action for a queue call and its batch form. The emulator asks for the batch form by a name of its own,
which no policy for AWS contains: the deployed roles get it wherever they have the action that stands for both.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from local.runner.aws import Aws

_WITH_BATCH_FORM = ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")


def allow_batch_forms(aws: Aws, roles: Iterable[str]) -> None:
    """Add the emulator's own action names to the inline policies of the roles."""
    for role in roles:
        for name in aws.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document: Any = aws.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            widened = with_batch_forms(document)
            if widened != document:
                aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(widened))


def with_batch_forms(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same policy document, each queue action followed by its batch form."""
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": [_widen(statement) for statement in listed]}


def _widen(statement: Mapping[str, Any]) -> dict[str, Any]:
    actions = statement.get("Action", [])
    listed = actions if isinstance(actions, list) else [actions]
    added = [f"{action}Batch" for action in listed if action in _WITH_BATCH_FORM]
    return {**statement, "Action": listed + added} if added else dict(statement)
