"""The template by which a new stack takes over what a deleted one kept, made of the real template."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import Stubber
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from operator_cli.kept_resources import (
    IDENTIFIERS,
    DeletedStack,
    Kept,
    find_last_deleted,
    list_imports,
    write_import_template,
)
from tests.support.processed_template import processed

# Code, not data: SAM keeps each version of the layer.
CODE = "AWS::Lambda::LayerVersion"


def retained() -> dict[str, Any]:
    """Give the resources that outlive their stack."""
    resources = processed()["Resources"]
    return {name: each for name, each in resources.items() if each.get("DeletionPolicy") == "Retain"}


def a_deleted_stack() -> DeletedStack:
    kept = [
        Kept(logical_id=name, kind=each["Type"], physical_id=f"id of {name}")
        for name, each in retained().items()
        if each["Type"] != CODE
    ]
    return DeletedStack(id="arn:of:the:stack", name="le-old", kept=kept, template=processed())


def test_all_that_holds_data_and_outlives_the_stack_can_be_taken_over() -> None:
    kinds = {name: each["Type"] for name, each in retained().items() if each["Type"] != CODE}

    assert kinds.keys() == {
        "TokenTable",
        "EncryptionKey",
        "AppInstallSecret",
        "SealingKeySecret",
        "RescueQueue",
        "RescueDeadLetterQueue",
    }
    assert set(kinds.values()) == set(IDENTIFIERS)


def test_each_is_named_as_cloudformation_identifies_its_type() -> None:
    for kind, name in IDENTIFIERS.items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema

        assert schema["primaryIdentifier"] == [f"/properties/{name}"]
        assert "read" in schema["handlers"], "an import reads what it takes over"


def test_the_import_names_what_was_kept_by_its_id() -> None:
    imports = {each["LogicalResourceId"]: each for each in list_imports(a_deleted_stack())}

    assert imports["SealingKeySecret"] == {
        "ResourceType": "AWS::SecretsManager::Secret",
        "LogicalResourceId": "SealingKeySecret",
        "ResourceIdentifier": {"Id": "id of SealingKeySecret"},
    }
    assert imports.keys() == {each.logical_id for each in a_deleted_stack().kept}


def test_the_import_template_has_what_was_kept_and_nothing_that_would_be_a_change() -> None:
    template = write_import_template(a_deleted_stack())

    assert template["Resources"].keys() == {each.logical_id for each in a_deleted_stack().kept}
    assert template.keys() == {"AWSTemplateFormatVersion", "Resources"}


def test_what_was_kept_refers_to_nothing_else_of_the_template() -> None:
    """Else an import would need parameters, conditions and resources that a new stack does not have yet."""
    resources = write_import_template(a_deleted_stack())["Resources"]
    text = json.dumps(resources)

    referred = set(re.findall(r'"Ref": "([^"]+)"', text)) | set(re.findall(r"\$\{([^}.]+)", text))
    assert {name for name in referred if not name.startswith("AWS::")} <= resources.keys()
    assert set(re.findall(r'"Fn::GetAtt": \["([^"]+)"', text)) <= resources.keys()
    assert not {"Fn::If", "Fn::FindInMap"} & set(re.findall(r'"(Fn::\w+)"', text))


def test_each_stays_when_the_new_stack_goes_in_turn() -> None:
    for resource in write_import_template(a_deleted_stack())["Resources"].values():
        assert resource["DeletionPolicy"] == "Retain"
        assert "Condition" not in resource


def test_each_stands_there_under_the_deleted_stacks_name_so_that_the_next_deployment_brings_the_new_one() -> None:
    """A template that already had the new name would leave the key's policy as it is, and the logs unencrypted."""
    policy = json.dumps(write_import_template(a_deleted_stack())["Resources"]["EncryptionKey"])

    assert "log-group:/aws/lambda/le-old-*" in policy
    assert "AWS::StackName" not in policy


def test_the_stacks_own_template_is_left_as_it_was() -> None:
    deleted = a_deleted_stack()

    write_import_template(deleted)

    assert "Condition" in deleted.template["Resources"]["AppInstallSecret"]


def summary(number: int, name: str = "le-old") -> dict[str, Any]:
    made = datetime(2026, 3, number, tzinfo=UTC)
    return {"StackName": name, "StackId": stack_id(number), "StackStatus": "DELETE_COMPLETE", "CreationTime": made}


def stack_id(number: int) -> str:
    return f"arn:aws:cloudformation:eu-west-1:123456789012:stack/le-old/{number}"


def event(
    number: int, status: str, logical_id: str = "le-old", kind: str = "", physical_id: str = ""
) -> dict[str, Any]:
    return {
        "StackId": stack_id(number),
        "StackName": "le-old",
        "EventId": f"{logical_id}-{status}",
        "Timestamp": datetime(2026, 3, number, tzinfo=UTC),
        "LogicalResourceId": logical_id,
        "ResourceType": kind or "AWS::CloudFormation::Stack",
        "PhysicalResourceId": physical_id or stack_id(number),
        "ResourceStatus": status,
    }


def test_the_last_deleted_stack_that_kept_something_is_found_by_its_deletions_events() -> None:
    """A stack that a failed attempt left empty is passed over, and a table that an update once replaced.

    What a deletion passed over that failed, and its repetition again, is still one resource.
    """
    client = boto3.client("cloudformation", "eu-west-1", aws_access_key_id="none", aws_secret_access_key="none")
    table = ("TokenTable", "AWS::DynamoDB::Table")
    with Stubber(client) as aws:
        aws.add_response(
            "list_stacks", {"StackSummaries": [summary(1), summary(2), summary(3), summary(4, name="le-other")]}
        )
        aws.add_response(
            "describe_stack_events", {"StackEvents": [event(3, "DELETE_COMPLETE")]}, {"StackName": stack_id(3)}
        )
        aws.add_response(
            "describe_stack_events",
            {
                "StackEvents": [
                    event(2, "DELETE_COMPLETE"),
                    event(2, "DELETE_SKIPPED", "SharedLayer1", CODE, "a layer"),
                    event(2, "DELETE_SKIPPED", *table, "tokens"),
                    event(2, "DELETE_COMPLETE", "RefreshQueue", "AWS::SQS::Queue", "due"),
                    event(2, "DELETE_IN_PROGRESS"),
                    event(2, "DELETE_FAILED"),
                    event(2, "DELETE_SKIPPED", *table, "tokens"),
                    event(2, "DELETE_IN_PROGRESS"),
                    event(2, "UPDATE_COMPLETE"),
                    event(2, "DELETE_SKIPPED", *table, "replaced"),
                ]
            },
            {"StackName": stack_id(2)},
        )
        aws.add_response("get_template", {"TemplateBody": "{}"})

        deleted = find_last_deleted(client, "le-old")

    assert deleted.id == stack_id(2)
    assert deleted.kept == [Kept(logical_id="TokenTable", kind="AWS::DynamoDB::Table", physical_id="tokens")]
