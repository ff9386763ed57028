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
from le_auth.domain.checkpoint import Checkpoint, Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INDEX = "due"
PAGE = 1000
"""Keys of a slot at a time; between two pages the scheduler looks at the clock."""
_CHECKPOINT = "#scheduler"
_INTERVAL = "interval_minutes = :interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTable(SignInWrites, RefreshWrites, SignOutWrites):
    """The table behind the ports SignInStore, GrantStore, SignOutStore and Schedule."""

    def due(self, slot: int, *, after: str | None = None) -> Iterator[Sequence[str]]:
        """Give the keys of a slot in their order, page by page: all, or those after a key."""
        condition = "#slot = :slot" if after is None else "#slot = :slot AND pk > :after"
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#slot": "slot"},
            ExpressionAttributeValues=write_values({":slot": slot} | ({} if after is None else {":after": after})),
            PaginationConfig={"PageSize": PAGE},
        )
        with table_errors():
            for page in pages:
                yield [item["pk"]["S"] for item in page["Items"]]

    def find_checkpoint(self) -> Checkpoint | None:
        with table_errors():
            answer = self.client.get_item(TableName=self.name, Key=key_of(_CHECKPOINT), ConsistentRead=True)
        return _read_checkpoint(answer["Item"]) if "Item" in answer else None

    def finish_minute(self, minute: int, *, interval: int) -> bool:
        """Advance the checkpoint, or take it over from another interval; False where it stands further than here."""
        update = f"SET finished_minute = :minute, {_INTERVAL} REMOVE cursor_slot, cursor_pk"
        found = self._move_checkpoint(minute, update, {":interval": interval})
        return found is None or found.finished_minute == minute  # our own write, its answer lost

    def pause_minute(self, minute: int, cursor: Cursor, *, interval: int) -> None:
        """Advance the checkpoint into a minute that is not finished, unless another invocation has finished it.

        A cursor is kept under names of its own: an attribute `slot` would put the checkpoint into the index.
        """
        self._move_checkpoint(
            minute,
            f"SET finished_minute = :before, {_INTERVAL}, cursor_slot = :cursor_slot, cursor_pk = :cursor_pk",
            {":before": minute - 1, ":interval": interval, ":cursor_slot": cursor.slot, ":cursor_pk": cursor.pk},
        )

    def _move_checkpoint(self, minute: int, update: str, values: dict[str, Any]) -> Checkpoint | None:
        """Write the checkpoint unless this minute is finished; gives the one that stands in the way."""
        not_finished = "attribute_not_exists(finished_minute) OR finished_minute < :minute"
        another_interval = "attribute_exists(interval_minutes) AND interval_minutes <> :interval"
        try:
            with table_errors():
                self.client.update_item(
                    TableName=self.name,
                    Key=key_of(_CHECKPOINT),
                    UpdateExpression=update,
                    ConditionExpression=f"{not_finished} OR ({another_interval})",
                    ExpressionAttributeValues=write_values({":minute": minute, **values}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if code_of(error) != REFUSED:
                raise
            item: Any = error.response.get("Item")
            return _read_checkpoint(item)
        return None


def _read_checkpoint(item: Any) -> Checkpoint:
    cursor = None
    if "cursor_slot" in item:
        cursor = Cursor(slot=int(item["cursor_slot"]["N"]), pk=item["cursor_pk"]["S"])
    interval = int(item["interval_minutes"]["N"]) if "interval_minutes" in item else None
    return Checkpoint(finished_minute=int(item["finished_minute"]["N"]), interval=interval, cursor=cursor)
