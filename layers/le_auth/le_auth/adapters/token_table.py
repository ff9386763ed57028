"""TokenTable in DynamoDB: one item per user, a conditional write for each step of its life.

Every attribute is written as `#name`, so none can clash with DynamoDB's reserved words.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from le_auth.adapters.grant_items import key_of, read_grant, write_values
from le_auth.domain.grants import Grant, Lease, LeaseTerms, Status
from le_auth.domain.slots import slot_of
from le_auth.errors import GrantMovedError, TableUnavailableError, TransactionExpiredError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from le_auth.domain.grants import Sealed
    from le_auth.domain.id_token import Identity
    from le_auth.domain.tokens import Tokens
    from le_auth.domain.users import User

INDEX = "due"
_CHECKPOINT = "#scheduler"
_STATE_IS_KEPT = timedelta(minutes=15)
_TERMINAL_IS_KEPT = timedelta(days=30)
_REFUSED = "ConditionalCheckFailedException"
_OUR_MISTAKE = "ValidationException"

_IS_MINE = "#generation = :generation AND #lease_owner = :owner"
_ATTEMPT_IS_OVER = "#lease_owner, #lease_until, #unsettled, #grace_given, #failures, #last_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTable:
    """The table behind the ports SignInStore, GrantStore and Schedule."""

    client: DynamoDBClient
    name: str

    def find(self, user: User) -> Grant | None:
        """Read a user's item, consistently."""
        with _table_errors():
            answer = self.client.get_item(TableName=self.name, Key=key_of(user.pk), ConsistentRead=True)
        return read_grant(answer["Item"]) if "Item" in answer else None

    def consume_state(self, state_hash: str, *, now: datetime) -> None:
        """Mark a state as used: of parallel and repeated callbacks one wins.

        Raises:
            TransactionExpiredError: it was used before.
        """
        expires_at = int((now + _STATE_IS_KEPT).timestamp())
        try:
            with _table_errors():
                self.client.put_item(
                    TableName=self.name,
                    Item=write_values({"pk": f"state#{state_hash}", "expires_at": expires_at}),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ClientError as error:
            if _code(error) == _REFUSED:
                raise TransactionExpiredError("This sign-in was finished before.") from error
            raise

    def save_sign_in(self, identity: Identity, tokens: Tokens, sealed: Sealed, *, session_epoch: int) -> int:
        """Store a new sign-in over whatever is older, and give the session epoch in force.

        Raises:
            GrantMovedError: the stored generation is not smaller.
        """
        older_or_none = "attribute_not_exists(#generation) OR #generation < :generation"
        signed_in = (
            "#generation = :generation, #issued_at = :now, #last_used_at = :now, #is_admin = :is_admin, "
            "#is_lpa = :is_lpa, #session_epoch = if_not_exists(#session_epoch, :session_epoch)"
        )
        tokens_set, tokens_removed, values = _new_tokens(identity.user, tokens, sealed)
        answer = self._update(
            identity.user,
            f"SET {signed_in}, {tokens_set} REMOVE #sign_out_scope, {tokens_removed}",
            condition=older_or_none,
            values=values | {"is_admin": identity.is_admin, "is_lpa": identity.is_lpa, "session_epoch": session_epoch},
            returning="UPDATED_NEW",
        )
        return int(answer["session_epoch"]["N"])

    def lease(self, user: User, terms: LeaseTerms) -> Lease:
        """Take the one lease on a user's grant.

        One update and no read: the answer is the item as it was. It also proves the table writable before the refresh
        token is spent.

        Raises:
            GrantMovedError: the terms are not met.
        """
        conditions = ["#status = :active", "(attribute_not_exists(#lease_until) OR #lease_until < :now)"]
        values: dict[str, Any] = {"active": Status.ACTIVE, "now": terms.now, "owner": terms.owner, "until": terms.until}
        if terms.due_at is not None:
            conditions.append("#refreshed_at < :due_at")
            values["due_at"] = terms.due_at
        if terms.generation is not None:
            conditions.append("#generation = :generation")
            values["generation"] = terms.generation
        if terms.used_since is not None:
            conditions.append("#last_used_at >= :used_since")
            values["used_since"] = terms.used_since
        try:
            found = self._update(
                user,
                "SET #lease_owner = :owner, #lease_until = :until REMOVE #grace_given ADD #unsettled :one",
                condition=" AND ".join(conditions),
                values=values | {"one": 1},
                returning="ALL_OLD",
            )
        except GrantMovedError as error:
            if error.grant is not None and error.grant.lease_owner == terms.owner:
                # Our own lease, whose first answer was lost. What it found of a grace is lost with that answer.
                return _lease(error.grant, terms, unsettled=error.grant.unsettled, grace_given=False)
            raise
        grant = read_grant(found)
        return _lease(grant, terms, unsettled=grant.unsettled + 1, grace_given=grant.grace_given)

    def save_refresh(self, lease: Lease, tokens: Tokens, sealed: Sealed) -> None:
        """Store what a refresh brought.

        Raises:
            GrantMovedError: the grant is no longer the one that was leased.
        """
        same_grant = "#generation = :replaced"
        tokens_set, tokens_removed, values = _new_tokens(lease.grant.user, tokens, sealed)
        self._update(
            lease.grant.user,
            f"SET #generation = :generation, {tokens_set} REMOVE {tokens_removed}",
            condition=same_grant,
            values=values | {"replaced": lease.grant.generation},
        )

    def give_back(self, lease: Lease, *, settled: bool, failures: int, last_error: str) -> None:
        """End a lease after a failed attempt; an attempt whose end is unknown stays counted as unsettled."""
        grace = "#grace_given = :grace_given, " if lease.grace_given else ""
        self._update(
            lease.grant.user,
            f"SET {grace}#failures = :failures, #last_error = :last_error REMOVE #lease_owner, #lease_until"
            + (" ADD #unsettled :less_one" if settled else ""),
            condition=_IS_MINE,
            values=_mine(lease)
            | {"failures": failures, "last_error": last_error}
            | ({"grace_given": True} if grace else {})
            | ({"less_one": -1} if settled else {}),
        )

    def end_grant(self, lease: Lease, *, reason: str) -> None:
        """Store that the user must sign in again. The generation stays, so that a rescued token can still land."""
        expires_at = lease.until + _TERMINAL_IS_KEPT
        self._update(
            lease.grant.user,
            "SET #status = :reauthorize, #last_error = :last_error, #expires_at = :expires_at "
            "REMOVE #slot, #sealed, #lease_owner, #lease_until, #unsettled, #grace_given, #failures",
            condition=_IS_MINE,
            values=_mine(lease) | {"reauthorize": Status.REAUTHORIZE, "last_error": reason, "expires_at": expires_at},
        )

    def rest_idle(self, grant: Grant) -> None:
        """Take an idle grant out of the schedule, unless it was used meanwhile."""
        still_idle = "#last_used_at = :last_used_at"
        self._update(grant.user, "REMOVE #slot", condition=still_idle, values={"last_used_at": grant.last_used_at})

    def due(self, slot: int) -> Iterator[Sequence[str]]:
        """Give the keys of a slot, page by page."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            IndexName=INDEX,
            KeyConditionExpression="#slot = :slot",
            ExpressionAttributeNames={"#slot": "slot"},
            ExpressionAttributeValues=write_values({":slot": slot}),
        )
        with _table_errors():
            for page in pages:
                yield [item["pk"]["S"] for item in page["Items"]]

    def find_finished_minute(self) -> int | None:
        with _table_errors():
            answer = self.client.get_item(TableName=self.name, Key=key_of(_CHECKPOINT), ConsistentRead=True)
        return int(answer["Item"]["finished_minute"]["N"]) if "Item" in answer else None

    def finish_minute(self, minute: int) -> bool:
        """Advance the checkpoint; False where another invocation did, further than here."""
        try:
            with _table_errors():
                self.client.update_item(
                    TableName=self.name,
                    Key=key_of(_CHECKPOINT),
                    UpdateExpression="SET finished_minute = :minute",
                    ConditionExpression="attribute_not_exists(finished_minute) OR finished_minute < :minute",
                    ExpressionAttributeValues=write_values({":minute": minute}),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if _code(error) != _REFUSED:
                raise
            found: Any = error.response.get("Item")
            return bool(found) and int(found["finished_minute"]["N"]) == minute  # our own write, its answer lost
        return True

    def _update(
        self, user: User, update: str, *, condition: str, values: dict[str, Any], returning: Any = "NONE"
    ) -> dict[str, Any]:
        """Update a user's item under a condition. `#name` and `:name` stand for attribute and value of that name.

        Raises:
            GrantMovedError: the condition does not hold; it carries the item as it is.
        """
        names = set(re.findall(r"#(\w+)", f"{update} {condition}"))
        try:
            with _table_errors():
                answer = self.client.update_item(
                    TableName=self.name,
                    Key=key_of(user.pk),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={f"#{name}": name for name in names},
                    ExpressionAttributeValues=write_values({f":{name}": value for name, value in values.items()}),
                    ReturnValues=returning,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            _raise_moved(error)
        return answer.get("Attributes", {})


def _new_tokens(user: User, tokens: Tokens, sealed: Sealed) -> tuple[str, str, dict[str, Any]]:
    """Give what every write of new tokens sets and removes, and its values."""
    expiry = "#access_expires_at"
    values: dict[str, Any] = {
        "active": Status.ACTIVE,
        "generation": sealed.generation,
        "key_id": sealed.key_id,
        "now": tokens.received_at,
        "sealed": sealed.data,
        "slot": slot_of(user),
    }
    if tokens.expires_at is not None:
        values["expiry"] = tokens.expires_at
    set_always = (
        "#status = :active, #sealed = :sealed, #sealed_generation = :generation, #key_id = :key_id, "
        "#refreshed_at = :now, #slot = :slot"
    )
    removed_always = f"{_ATTEMPT_IS_OVER}, #expires_at"
    if tokens.expires_at is None:
        return set_always, f"{removed_always}, {expiry}", values
    return f"{set_always}, {expiry} = :expiry", removed_always, values


def _mine(lease: Lease) -> dict[str, Any]:
    return {"generation": lease.grant.generation, "owner": lease.owner}


def _lease(grant: Grant, terms: LeaseTerms, *, unsettled: int, grace_given: bool) -> Lease:
    return Lease(grant=grant, owner=terms.owner, until=terms.until, unsettled=unsettled, grace_given=grace_given)


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _raise_moved(error: ClientError) -> NoReturn:
    if _code(error) != _REFUSED:
        raise error
    item: Any = error.response.get("Item")
    raise GrantMovedError(read_grant(item) if item else None) from error


@contextmanager
def _table_errors() -> Iterator[None]:
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
        if _code(error) in {_REFUSED, _OUR_MISTAKE}:
            raise
        raise TableUnavailableError(f"The token table did not take the request: {_code(error)}.") from error
