"""What each function asks of AWS, and what its role in the template lets it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.session import get_session

from tests.support.processed_template import as_list, properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.aws_calls import AwsCall
    from tests.support.installation import Installation

_CODE = Path(__file__).parents[2]
_OTHER_NAMES = {
    # The batch forms have no action of their own.
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "SendMessageBatch": "SendMessage",
    # Of the API's name in boto3, not of IAM's.
    "Invoke": "InvokeFunction",
}


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """An action, such as dynamodb:GetItem, on a resource, by the template's name for it."""

    action: str
    resource: str


@dataclass(kw_only=True)
class Used:
    """What functions asked of AWS while this was in place of `installation.invoke`.

    Args:
        calls: by function.
        others: what functions needed for calls that are not made here.
    """

    installation: Installation
    calls: dict[str, list[AwsCall]] = field(default_factory=dict)
    others: dict[str, set[Permission]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._invoke = self.installation.invoke
        self.installation.monkeypatch.setattr(self.installation, "invoke", self._note)

    def _note(self, function: str, event: Mapping[str, Any], **options: Any) -> Any:
        made = self.installation.calls.made
        before = len(made)
        try:
            return self._invoke(function, event, **options)
        finally:
            self.calls.setdefault(function, []).extend(made[before:])

    def permissions(self, function: str) -> set[Permission]:
        """Give what a function needed for what it did."""
        return {self._permission(call) for call in self.calls.get(function, [])} | self.others.get(function, set())

    def operations(self) -> set[str]:
        return {call.operation for calls in self.calls.values() for call in calls}

    def keys(self, function: str, action: str) -> set[str]:
        """Give the partition keys of the table that an action of a function touched."""
        return {
            (call.params.get("Key") or call.params["Item"])["pk"]["S"]
            for call in self.calls.get(function, [])
            if f"{call.service}:{call.operation}" == action
        }

    def _permission(self, call: AwsCall) -> Permission:
        action = f"{call.service}:{_OTHER_NAMES.get(call.operation, call.operation)}"
        named = [call.params[name] for name in ("TableName", "SecretId", "QueueUrl") if name in call.params]
        named += [entry["EventBusName"] for entry in call.params["Entries"]] if call.operation == "PutEvents" else []
        deployed = self.installation.deployed
        (resource,) = [name for name, known in {**deployed.resources, **deployed.parameters}.items() if known in named]
        if "IndexName" in call.params:
            resource = f"{resource}/index/{call.params['IndexName']}"
        return Permission(action, resource)


def granted(function: str) -> Iterator[tuple[Permission, dict[str, Any]]]:
    """Give what a function's role allows, each with its condition.

    Args:
        function: its logical id.
    """
    role = properties(function)["Role"]["Fn::GetAtt"][0]
    for policy in properties(role)["Policies"]:
        for statement in map(_unconditional, policy["PolicyDocument"]["Statement"]):
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield Permission(action, _name_of(resource)), statement.get("Condition", {})


def _unconditional(statement: dict[str, Any]) -> dict[str, Any]:
    """Give a statement that stands in the policy under a condition of the template."""
    chosen: dict[str, Any] = statement["Fn::If"][1] if "Fn::If" in statement else statement
    return chosen


def _name_of(resource: Any) -> str:
    """Name what an ARN in a policy points to; of a choice, what the stack itself makes."""
    match resource:
        case {"Fn::If": [_, made, _]}:
            return _name_of(made)
        case {"Fn::GetAtt": [name, _]}:
            return str(name)
        case {"Ref": name}:
            return str(name)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"^.*\$\{(\w+)(\.Arn)?\}", r"\1", text)
        case _:
            return str(resource)


def operations_in_the_code() -> set[str]:
    """Find every call of an AWS client in the functions and their package, as boto3's names without underscores."""
    files = [*_CODE.glob("functions/*/app.py"), *_CODE.glob("layers/le_auth/le_auth/**/*.py")]
    return {name for file in files for name in _operations(ast.parse(file.read_text()))}


def _operations(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_client(node.func.value):
            name = node.func.attr
            if name in {"get_paginator", "get_waiter"} and isinstance(node.args[0], ast.Constant):
                name = str(node.args[0].value)
            if name.replace("_", "") in _every_operation():
                yield name.replace("_", "")


@cache
def _every_operation() -> set[str]:
    services = ("dynamodb", "events", "lambda", "secretsmanager", "sqs")
    models = [get_session().get_service_model(service) for service in services]
    return {operation.lower() for model in models for operation in model.operation_names}


def _is_client(node: ast.expr) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "client") or (
        isinstance(node, ast.Name) and node.id == "client"
    )
