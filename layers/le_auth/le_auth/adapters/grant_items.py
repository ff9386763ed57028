"""A grant as a DynamoDB item, and back. Times are epoch seconds at the table's edge, aware UTC inside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from le_auth.domain.grants import Grant, Scope, Sealed, Status
from le_auth.domain.users import User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Item = Mapping[str, Any]


def key_of(pk: str) -> dict[str, AttributeValueTypeDef]:
    return {"pk": {"S": pk}}


def write_values(values: Mapping[str, object]) -> dict[str, AttributeValueTypeDef]:
    """Write plain values as attribute values."""
    return {name: _write(value) for name, value in values.items()}


def read_grant(item: Item) -> Grant:
    """Read a user's item."""
    return Grant(
        user=User.read_pk(item["pk"]["S"]),
        status=Status(item["status"]["S"]),
        generation=_number(item, "generation"),
        session_epoch=_number(item, "session_epoch"),
        issued_at=_time(item, "issued_at"),
        refreshed_at=_time(item, "refreshed_at"),
        last_used_at=_time(item, "last_used_at"),
        is_admin=item["is_admin"]["BOOL"],
        is_lpa=item["is_lpa"]["BOOL"],
        slot=_number(item, "slot") if "slot" in item else None,
        access_expires_at=_time(item, "access_expires_at") if "access_expires_at" in item else None,
        sealed=_sealed(item),
        lease_owner=item["lease_owner"]["S"] if "lease_owner" in item else None,
        lease_until=_time(item, "lease_until") if "lease_until" in item else None,
        unsettled=_number(item, "unsettled") if "unsettled" in item else 0,
        grace_given="grace_given" in item,
        failures=_number(item, "failures") if "failures" in item else 0,
        last_error=item["last_error"]["S"] if "last_error" in item else None,
        refused_since=_time(item, "refused_since") if "refused_since" in item else None,
        sign_out_scope=Scope(item["sign_out_scope"]["S"]) if "sign_out_scope" in item else None,
        revoked_generation=_number(item, "revoked_generation") if "revoked_generation" in item else None,
    )


def _sealed(item: Item) -> Sealed | None:
    if "sealed" not in item:
        return None
    return Sealed(
        key_id=item["key_id"]["S"], generation=_number(item, "sealed_generation"), data=bytes(item["sealed"]["B"])
    )


def _number(item: Item, name: str) -> int:
    return int(item[name]["N"])


def _time(item: Item, name: str) -> datetime:
    return datetime.fromtimestamp(_number(item, name), UTC)


def _write(value: object) -> AttributeValueTypeDef:
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case datetime():
            return {"N": str(int(value.timestamp()))}
        case bytes():
            return {"B": value}
        case str():
            return {"S": str(value)}
        case _:
            raise TypeError(f"no attribute value for a {type(value).__name__}")
