"""The capacity units that DynamoDB counts for what the functions do; Amazon's own engine counts as AWS charges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

_READS = {"GetItem", "Query", "Scan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Capacity units: written to the table, written to its indexes, read from either."""

    written: float = 0
    written_to_indexes: float = 0
    read: float = 0

    def __add__(self, other: Self) -> Units:
        return Units(
            written=self.written + other.written,
            written_to_indexes=self.written_to_indexes + other.written_to_indexes,
            read=self.read + other.read,
        )


@dataclass(slots=True, kw_only=True)
class CapacityMeter:
    """Adds up the units of each call of a client until the block ends; a refused write tells none."""

    client: Any
    taken: list[Units] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.client.meta.events.register("before-parameter-build", self._ask)
        self.client.meta.events.register("after-call", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.meta.events.unregister("before-parameter-build", self._ask)
        self.client.meta.events.unregister("after-call", self._note)

    def read_off(self) -> Units:
        """Give what was taken since the last time."""
        taken, self.taken = self.taken, []
        return sum(taken, Units())

    @staticmethod
    def _ask(params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"

    def _note(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        consumed = parsed.get("ConsumedCapacity", {})
        table = consumed.get("Table", {}).get("CapacityUnits", 0)
        indexes = sum(index["CapacityUnits"] for index in consumed.get("GlobalSecondaryIndexes", {}).values())
        if model.name in _READS:
            self.taken.append(Units(read=table + indexes))
        else:
            self.taken.append(Units(written=table, written_to_indexes=indexes))
