"""Users as an operator sees them. The sealed tokens are never asked for."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import batched
from typing import TYPE_CHECKING, Any

from le_auth.adapters.grant_items import key_of, write_values
from le_auth.domain.grants import Scope, Status
from le_auth.domain.users import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from mypy_boto3_dynamodb import DynamoDBClient

_ATTRIBUTES = (
    "pk",
    "status",
    "generation",
    "session_epoch",
    "slot",
    "issued_at",
    "refreshed_at",
    "last_used_at",
    "failures",
    "last_error",
    "sign_out_scope",
    "key_id",
)
_NAMES = {f"#{name}": name for name in _ATTRIBUTES}
_PROJECTION = ", ".join(_NAMES)
_KEYS_AT_ONCE = 100


class Condition(StrEnum):
    """How a user fares, the most urgent first."""

    SIGN_IN_AGAIN = "sign-in-again"
    OVERDUE = "overdue"
    SIGNING_OUT = "signing-out"
    FRESH = "fresh"
    IDLE = "idle"
    SIGNED_OUT = "signed-out"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]


_MEANINGS = {
    Condition.SIGN_IN_AGAIN: "LivePerson no longer accepts the authorization: the user must sign in",
    Condition.OVERDUE: "the tokens are older than one and a half refresh intervals",
    Condition.SIGNING_OUT: "signed out here; LivePerson is still to be told",
    Condition.FRESH: "all is well",
    Condition.IDLE: "nobody used the tokens for IdleDays: they are refreshed at the next use",
    Condition.SIGNED_OUT: "signed out; the record goes after 30 days",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecord:
    """One user's item without its tokens; see le_auth.domain.grants.Grant for the attributes."""

    user: User
    status: Status
    generation: int
    session_epoch: int
    is_scheduled: bool
    issued_at: datetime
    refreshed_at: datetime
    last_used_at: datetime
    failures: int
    last_error: str | None
    sign_out_scope: Scope | None
    key_id: str | None

    def condition(self, *, now: datetime, interval: timedelta) -> Condition:
        """Tell how the user fares. Tokens are overdue after one and a half intervals, as for the alarm token-age."""
        if self.status is Status.REAUTHORIZE:
            return Condition.SIGN_IN_AGAIN
        if self.status is Status.SIGNED_OUT:
            return Condition.SIGNING_OUT if self.is_scheduled else Condition.SIGNED_OUT
        if not self.is_scheduled:
            return Condition.IDLE
        return Condition.OVERDUE if now - self.refreshed_at > 1.5 * interval else Condition.FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecords:
    """The users of a table."""

    client: DynamoDBClient
    table: str

    def scan(self, account_id: str | None = None) -> Iterator[Sequence[UserRecord]]:
        """Give all users, or those of an account, page by page, in no order."""
        is_user = "attribute_exists(#status)"  # used states and the checkpoint have none
        settings: dict[str, Any] = {"FilterExpression": is_user}
        if account_id is not None:
            settings["FilterExpression"] = f"{is_user} AND begins_with(#pk, :account)"
            settings["ExpressionAttributeValues"] = write_values({":account": f"{account_id}#"})
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table, ProjectionExpression=_PROJECTION, ExpressionAttributeNames=_NAMES, **settings
        )
        for page in pages:
            yield _read_all(page["Items"])

    def get(self, users: Iterable[User]) -> dict[User, UserRecord]:
        """Read some users consistently; those that have no item are left out."""
        found: dict[User, UserRecord] = {}
        for keys in batched(users, _KEYS_AT_ONCE, strict=False):
            asked: Any = {self.table: self._request(keys)}
            while asked:
                answer = self.client.batch_get_item(RequestItems=asked)
                records = _read_all(answer["Responses"].get(self.table, []))
                found |= {record.user: record for record in records}
                asked = answer.get("UnprocessedKeys")
        return found

    @staticmethod
    def _request(users: Sequence[User]) -> dict[str, Any]:
        return {
            "Keys": [key_of(user.pk) for user in users],
            "ProjectionExpression": _PROJECTION,
            "ExpressionAttributeNames": _NAMES,
            "ConsistentRead": True,
        }


def _read_all(items: Iterable[Mapping[str, Any]]) -> list[UserRecord]:
    """Read items; those whose key is no user's are passed over, as the scheduler does."""
    records = []
    for item in items:
        with suppress(ValueError):
            records.append(_read(item))
    return records


def _read(item: Mapping[str, Any]) -> UserRecord:
    return UserRecord(
        user=User.read_pk(item["pk"]["S"]),
        status=Status(item["status"]["S"]),
        generation=_number(item, "generation"),
        session_epoch=_number(item, "session_epoch"),
        is_scheduled="slot" in item,
        issued_at=_time(item, "issued_at"),
        refreshed_at=_time(item, "refreshed_at"),
        last_used_at=_time(item, "last_used_at"),
        failures=_number(item, "failures") if "failures" in item else 0,
        last_error=_slug(item["last_error"]["S"]) if "last_error" in item else None,
        sign_out_scope=Scope(item["sign_out_scope"]["S"]) if "sign_out_scope" in item else None,
        key_id=item["key_id"]["S"] if "key_id" in item else None,
    )


def _slug(text: str) -> str:
    """Give one of our reasons. Whatever else stands there does not reach a terminal, which might obey it."""
    return text if re.fullmatch(r"[a-z_]{1,64}", text) else "unreadable"


def _number(item: Mapping[str, Any], name: str) -> int:
    return int(item[name]["N"])


def _time(item: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromtimestamp(_number(item, name), UTC)
