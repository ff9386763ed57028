"""Whatever the stack stores is encrypted, and its logs end: also what is added to the template one day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.breaks import broken_by_template
from tests.support.processed_template import processed, resources_of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY = {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
ENCRYPTED: Mapping[str, Mapping[str, object]] = {
    "AWS::Logs::LogGroup": {"KmsKeyId": KEY, "RetentionInDays": 30},
    "AWS::DynamoDB::Table": {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}},
    "AWS::SecretsManager::Secret": {"KmsKeyId": KEY},
    "AWS::SQS::Queue": {"SqsManagedSseEnabled": True},
    "AWS::SNS::Topic": {"KmsMasterKeyId": KEY},
    "AWS::KMS::Key": {"EnableKeyRotation": True},
}
STORE_NOTHING = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Route53::RecordSet",
    "AWS::Scheduler::Schedule",
}


def without(kind: str, name: str) -> Callable[[dict[str, Any]], object]:
    """Take a property from the last resource of a kind."""

    def change(resources: dict[str, Any]) -> None:
        [*_, last] = [each for each in resources.values() if each["Type"] == kind]
        del last["Properties"][name]

    return change


@broken_by_template("a log for ever", without("AWS::Logs::LogGroup", "RetentionInDays"))
@broken_by_template("a log in clear", without("AWS::Logs::LogGroup", "KmsKeyId"))
@broken_by_template("a table in clear", without("AWS::DynamoDB::Table", "SSESpecification"))
@broken_by_template("a secret under AWS's key", without("AWS::SecretsManager::Secret", "KmsKeyId"))
@broken_by_template("a queue in clear", without("AWS::SQS::Queue", "SqsManagedSseEnabled"))
@broken_by_template("a topic in clear", without("AWS::SNS::Topic", "KmsMasterKeyId"))
@broken_by_template("a key that stays", without("AWS::KMS::Key", "EnableKeyRotation"))
def test_all_that_the_stack_stores_is_encrypted_and_logs_end() -> None:
    for kind, wanted in ENCRYPTED.items():
        found = resources_of_type(kind)
        assert found
        for name, resource in found.items():
            properties = resource["Properties"]
            assert {key: properties.get(key) for key in wanted} == wanted, name


def add_a_bucket(resources: dict[str, Any]) -> None:
    resources["Bucket"] = {"Type": "AWS::S3::Bucket", "Properties": {}}


@broken_by_template("another store", add_a_bucket)
def test_there_is_no_other_kind_of_store() -> None:
    kinds = {resource["Type"] for resource in processed()["Resources"].values()}

    assert kinds <= set(ENCRYPTED) | STORE_NOTHING
