"""What is kept: the table, the secrets, the key."""

import json

import pytest

from tests.support.processed_template import processed, properties

KEY = {"Fn::GetAtt": ["EncryptionKey", "Arn"]}


@pytest.mark.parametrize("kept", ["TokenTable", "AppInstallSecret", "SealingKeySecret", "EncryptionKey"])
def test_table_secrets_and_key_outlive_the_stack_and_their_own_replacement(kept: str) -> None:
    resource = processed()["Resources"][kept]

    assert resource["DeletionPolicy"] == "Retain"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_the_table_is_paid_by_request_restorable_and_encrypted_by_our_key() -> None:
    table = properties("TokenTable")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    assert table["DeletionProtectionEnabled"] is True


def test_the_table_forgets_what_has_expired() -> None:
    assert properties("TokenTable")["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_table_is_keyed_by_user_and_its_index_by_the_minute_in_which_a_user_is_due() -> None:
    table = properties("TokenTable")
    (index,) = table["GlobalSecondaryIndexes"]

    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert index["IndexName"] == "due"
    assert index["KeySchema"] == [
        {"AttributeName": "slot", "KeyType": "HASH"},
        {"AttributeName": "pk", "KeyType": "RANGE"},
    ]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]} == {
        "pk": "S",
        "slot": "N",
    }


def test_the_app_install_secret_is_made_empty_and_only_where_none_is_given() -> None:
    assert processed()["Resources"]["AppInstallSecret"]["Condition"] == "MakesAppInstallSecret"
    assert processed()["Conditions"]["MakesAppInstallSecret"] == {"Fn::Equals": [{"Ref": "AppInstallSecretArn"}, ""]}
    assert properties("AppInstallSecret")["SecretString"] == "{}"


def test_the_sealing_key_is_made_of_64_random_letters_and_digits() -> None:
    generated = properties("SealingKeySecret")["GenerateSecretString"]

    assert generated == {"PasswordLength": 64, "ExcludePunctuation": True, "ExcludeCharacters": "{"}


@pytest.mark.parametrize("secret", ["AppInstallSecret", "SealingKeySecret"])
def test_secrets_are_encrypted_by_our_key(secret: str) -> None:
    assert properties(secret)["KmsKeyId"] == KEY


def test_the_key_rotates() -> None:
    assert properties("EncryptionKey")["EnableKeyRotation"] is True


@pytest.mark.parametrize("kept", ["TokenTable", "AppInstallSecret", "SealingKeySecret", "RescueQueue", "EncryptionKey"])
def test_what_is_kept_has_no_fixed_name_so_that_a_second_stack_does_not_collide_with_it(kept: str) -> None:
    assert not {"TableName", "Name", "QueueName", "KeyId"} & set(properties(kept))


def test_the_kept_key_goes_on_serving_table_and_secrets_when_no_role_of_the_stack_is_left() -> None:
    """Its policy names the account and services of AWS, no role: whoever the account lets read them can."""
    statements = {each["Sid"]: each for each in properties("EncryptionKey")["KeyPolicy"]["Statement"]}

    assert statements["UsedThroughTheTableAndTheSecrets"]["Principal"] == {"AWS": "*"}
    assert set(statements["UsedThroughTheTableAndTheSecrets"]["Condition"]["StringEquals"]) == {
        "kms:CallerAccount",
        "kms:ViaService",
    }
    assert "Role" not in json.dumps(list(statements.values()))
