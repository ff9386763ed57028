"""The queue actions that the emulator knows by names of their own."""

from local.runner.roles import with_batch_forms


def test_a_queue_action_is_followed_by_its_batch_form() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "queue"}
    assert with_batch_forms({"Version": "2012-10-17", "Statement": statement}) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:SendMessageBatch"], "Resource": "queue"}],
    }


def test_other_actions_stay_as_they_are() -> None:
    document = {
        "Statement": [
            {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "dynamodb:GetItem"], "Resource": "*"},
            {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"},
        ]
    }
    assert with_batch_forms(document) == document
