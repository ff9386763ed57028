"""How large DynamoDB counts an item.

Source: Amazon DynamoDB developer guide, item sizes and formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Give the size in bytes by which capacity is counted: names and values in UTF-8."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def write_units(item: Mapping[str, Mapping[str, Any]]) -> int:
    return -(-item_size(item) // 1024)


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = str(content).lstrip("-").replace(".", "").strip("0")
            return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case _:
            raise ValueError(f"no item of ours has a {kind}")
