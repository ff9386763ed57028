"""TokenTable in DynamoDB: one item per user, a conditional write for each step of its life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from le_auth.adapters.conditional_table import REFUSED, code_of, table_errors
from le_auth.adapters.grant_items import key_of, write_values
from le_auth.adapters.refresh_writes import RefreshWrites
from le_auth.adapters.sign_in_writes import SignInWrites
from le_auth.adapters.sign_out_writes import SignOutWrites

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INDEX = "due"
_CHECKPOINT = "#scheduler"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTable(SignInWrites, RefreshWrites, SignOutWrites):
    """The table behind the ports SignInStore, GrantStore, SignOutStore and Schedule."""

    def due(self, slot: int) -> Iterator[Sequence[str]]:
        """Give the keys of a slot, page by page."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=INDEX,
            KeyConditionExpression="#slot = :slot",
            ExpressionAttributeNames={"#slot": "slot"},
            ExpressionAttributeValues=write_values({":slot": slot}),
        )
        with table_errors():
            for page in pages:
                yield [item["pk"]["S"] for item in page["Items"]]

    def find_finished_minute(self) -> int | None:
        with table_errors():
            answer = self.client.get_item(TableName=self.name, Key=key_of(_CHECKPOINT), ConsistentRead=True)
        return int(answer["Item"]["finished_minute"]["N"]) if "Item" in answer else None

    def finish_minute(self, minute: int) -> bool:
        """Advance the checkpoint; False where another invocation did, further than here."""
        try:
            with table_errors():
                self.client.update_item(
                    TableName=self.name,
                    Key=key_of(_CHECKPOINT),
                    UpdateExpression="SET finished_minute = :minute",
                    ConditionExpression="attribute_not_exists(finished_minute) OR finished_minute < :minute",
                    ExpressionAttributeValues=write_values({":minute": minute}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if code_of(error) != REFUSED:
                raise
            found: Any = error.response.get("Item")
            return bool(found) and int(found["finished_minute"]["N"]) == minute  # our own write, its answer lost
        return True
