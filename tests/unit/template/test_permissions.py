"""Who may do what: one narrow role per function, and the key."""

import json
from typing import Any

import pytest

from tests.support.processed_template import as_list, processed, properties, resources_of_type
from tests.support.template import FUNCTIONS

LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
APP_INSTALL_SECRET = "if MakesAppInstallSecret AppInstallSecret AppInstallSecretArn"
EVENT_BUS = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBusName}"
# Role: what it may do, by what it may do it to.
ROLES = {
    "LaunchRole": {"LaunchLog": LOG},
    "CallbackRole": {
        "CallbackLog": LOG,
        APP_INSTALL_SECRET: {"secretsmanager:GetSecretValue"},
        "SealingKeySecret": {"secretsmanager:GetSecretValue"},
        "TokenTable": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    },
    "SessionRole": {
        "SessionLog": LOG,
        APP_INSTALL_SECRET: {"secretsmanager:GetSecretValue"},
        "SealingKeySecret": {"secretsmanager:GetSecretValue"},
        "TokenTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    },
    "AuthorizerRole": {
        "AuthorizerLog": LOG,
        "SealingKeySecret": {"secretsmanager:GetSecretValue"},
        "TokenTable": {"dynamodb:GetItem"},
    },
    "ExampleRole": {"ExampleLog": LOG, "AccessTokenFunction": {"lambda:InvokeFunction"}},
    "RefreshSchedulerRole": {
        "RefreshSchedulerLog": LOG,
        "${TokenTable.Arn}/index/due": {"dynamodb:Query"},
        "TokenTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "RefreshQueue": {"sqs:SendMessage"},
    },
    "RefreshWorkerRole": {
        "RefreshWorkerLog": LOG,
        "RefreshQueue": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        },
        "RescueQueue": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            "sqs:SendMessage",
        },
        APP_INSTALL_SECRET: {"secretsmanager:GetSecretValue"},
        "SealingKeySecret": {"secretsmanager:GetSecretValue"},
        "TokenTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
    },
    "AccessTokenRole": {
        "AccessTokenLog": LOG,
        APP_INSTALL_SECRET: {"secretsmanager:GetSecretValue"},
        "SealingKeySecret": {"secretsmanager:GetSecretValue"},
        "TokenTable": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "RescueQueue": {"sqs:SendMessage", "sqs:GetQueueAttributes"},
    },
    "ScheduleRole": {"RefreshSchedulerFunction": {"lambda:InvokeFunction"}},
}
TELLERS = {"CallbackRole", "SessionRole", "RefreshWorkerRole", "AccessTokenRole"}
"""Roles of functions that send events, where there is a bus."""


def name_of(resource: dict[str, Any]) -> str:
    """Name what an ARN in a policy points to."""
    if "Fn::If" in resource:
        condition, made, given = resource["Fn::If"]
        return f"if {condition} {name_of(made)} {name_of(given)}"
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    named: str = resource.get("Ref") or resource["Fn::Sub"]
    return named


def statements_of(role: str) -> list[dict[str, Any]]:
    """Give the statements of a stack whose functions send events."""
    return [
        _with_a_bus(each) for policy in properties(role)["Policies"] for each in policy["PolicyDocument"]["Statement"]
    ]


def _with_a_bus(statement: dict[str, Any]) -> dict[str, Any]:
    if "Fn::If" not in statement:
        return statement
    condition, given, otherwise = statement["Fn::If"]
    assert (condition, otherwise) == ("SendsEvents", {"Ref": "AWS::NoValue"})
    only: dict[str, Any] = given
    return only


def test_the_roles_are_these_and_none_is_made_by_the_translation() -> None:
    assert set(resources_of_type("AWS::IAM::Role")) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_allows_what_its_function_needs_and_nothing_more(role: str) -> None:
    allowed: dict[str, set[str]] = {}
    for statement in statements_of(role):
        assert statement["Effect"] == "Allow"
        for resource in as_list(statement["Resource"]):
            allowed.setdefault(name_of(resource), set()).update(as_list(statement["Action"]))

    assert allowed == ROLES[role] | ({EVENT_BUS: {"events:PutEvents"}} if role in TELLERS else {})
    assert "ManagedPolicyArns" not in properties(role)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_names_an_action_or_a_resource_by_a_wildcard(role: str) -> None:
    for statement in statements_of(role):
        assert "*" not in json.dumps([statement["Action"], statement["Resource"]])
        assert not {"NotAction", "NotResource"} & set(statement)


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_each_function_has_a_role_of_its_own_that_only_lambda_assumes(function: str) -> None:
    role = function.replace("Function", "Role")
    (trust,) = properties(role)["AssumeRolePolicyDocument"]["Statement"]

    assert properties(function)["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_only_the_scheduler_service_in_this_account_assumes_the_schedules_role() -> None:
    (trust,) = properties("ScheduleRole")["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_without_an_event_bus_no_role_may_send_to_one() -> None:
    assert processed()["Conditions"]["SendsEvents"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "EventBusName"}, ""]}]}
    for role in ROLES:
        for policy in properties(role)["Policies"]:
            always = [each for each in policy["PolicyDocument"]["Statement"] if "Fn::If" not in each]
            assert "events:" not in json.dumps(always)


def test_of_the_table_itself_the_scheduler_touches_its_checkpoint_only() -> None:
    (statement,) = [each for each in statements_of("RefreshSchedulerRole") if "dynamodb:UpdateItem" in each["Action"]]

    assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#scheduler"]}}


def key_statement(sid: str) -> dict[str, Any]:
    (found,) = [each for each in properties("EncryptionKey")["KeyPolicy"]["Statement"] if each["Sid"] == sid]
    only: dict[str, Any] = found
    return only


def test_the_key_is_used_only_through_the_table_and_the_secrets_and_by_this_account() -> None:
    assert key_statement("UsedThroughTheTableAndTheSecrets")["Condition"]["StringEquals"] == {
        "kms:CallerAccount": {"Ref": "AWS::AccountId"},
        "kms:ViaService": [
            {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"},
            {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"},
        ],
    }


def test_the_logs_use_the_key_for_this_stacks_log_groups_only() -> None:
    (arns,) = key_statement("UsedByTheLogs")["Condition"]["ArnLike"].values()

    assert [arn["Fn::Sub"].partition(":log-group:")[2] for arn in arns] == [
        "/aws/lambda/${AWS::StackName}-*",
        "/aws/vendedlogs/${AWS::StackName}-*",
    ]


def test_whoever_administers_the_key_cannot_decrypt_with_it() -> None:
    administered = key_statement("AdministeredByThisAccount")["Action"]

    assert "kms:PutKeyPolicy" in administered
    assert not [each for each in administered if "*" in each or "crypt" in each.lower() or "DataKey" in each]


def test_the_key_has_no_other_users() -> None:
    sids = {each["Sid"] for each in properties("EncryptionKey")["KeyPolicy"]["Statement"]}

    assert sids == {"UsedByTheAlarms", "AdministeredByThisAccount", "UsedThroughTheTableAndTheSecrets", "UsedByTheLogs"}
    assert not {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"} & {
        each["Type"] for each in processed()["Resources"].values()
    }
