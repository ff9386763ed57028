"""A DynamoDB table whose every write carries its condition, and whose refused writes bring the item as it is.

Every attribute is written as `#name`, so none can clash with DynamoDB's reserved words.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from le_auth.adapters.grant_items import key_of, read_grant, write_values
from le_auth.errors import GrantMovedError, TableUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from le_auth.domain.grants import Grant
    from le_auth.domain.users import User

REFUSED = "ConditionalCheckFailedException"
_OUR_MISTAKE = "ValidationException"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalTable:
    """The table, one item per user."""

    client: DynamoDBClient
    name: str

    def find(self, user: User) -> Grant | None:
        """Read a user's item, consistently."""
        with table_errors():
            answer = self.client.get_item(TableName=self.name, Key=key_of(user.pk), ConsistentRead=True)
        return read_grant(answer["Item"]) if "Item" in answer else None

    def update(
        self, user: User, update: str, *, condition: str, values: dict[str, Any], returning: Any = "NONE"
    ) -> dict[str, Any]:
        """Update a user's item under a condition. `#name` and `:name` stand for attribute and value of that name.

        Raises:
            GrantMovedError: the condition does not hold; it carries the item as it is.
        """
        try:
            with table_errors():
                answer = self.client.update_item(
                    TableName=self.name,
                    Key=key_of(user.pk),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=_names_in(f"{update} {condition}"),
                    ExpressionAttributeValues=write_values({f":{name}": value for name, value in values.items()}),
                    ReturnValues=returning,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            _raise_moved(error)
        return answer.get("Attributes", {})


@cache
def _names_in(expressions: str) -> dict[str, str]:
    """List the names that expressions use; there is only a handful of expressions."""
    return {name: name[1:] for name in re.findall(r"#\w+", expressions)}


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _raise_moved(error: ClientError) -> NoReturn:
    if code_of(error) != REFUSED:
        raise error
    item: Any = error.response.get("Item")
    raise GrantMovedError(read_grant(item) if item else None) from error


@contextmanager
def table_errors() -> Iterator[None]:
    """Translate every failure but a refused condition and a request that DynamoDB cannot understand.

    A permission or key that is missing counts as unavailable too: it may come back while a rotated token is being
    saved, and the error's code stands in the log.

    Raises:
        TableUnavailableError.
    """
    try:
        yield
    except BotoCoreError as error:
        raise TableUnavailableError("The token table cannot be reached.") from error
    except ClientError as error:
        if code_of(error) in {REFUSED, _OUR_MISTAKE}:
            raise
        raise TableUnavailableError(f"The token table did not take the request: {code_of(error)}.") from error
