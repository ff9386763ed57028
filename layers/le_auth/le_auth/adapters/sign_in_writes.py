"""What sign-in writes: the used state, and the new grant over whatever is older."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from le_auth.adapters.conditional_table import REFUSED, ConditionalTable, code_of, table_errors
from le_auth.adapters.grant_items import write_values
from le_auth.adapters.new_tokens import set_new_tokens
from le_auth.errors import TransactionExpiredError

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.grants import Sealed
    from le_auth.domain.id_token import Identity
    from le_auth.domain.tokens import Tokens

_STATE_IS_KEPT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInWrites(ConditionalTable):
    """The port SignInStore."""

    def consume_state(self, state_hash: str, *, now: datetime) -> None:
        """Mark a state as used: of parallel and repeated callbacks one wins.

        Raises:
            TransactionExpiredError: it was used before.
        """
        expires_at = int((now + _STATE_IS_KEPT).timestamp())
        try:
            with table_errors():
                self.client.put_item(
                    TableName=self.name,
                    Item=write_values({"pk": f"state#{state_hash}", "expires_at": expires_at}),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ClientError as error:
            if code_of(error) == REFUSED:
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
        tokens_set, tokens_removed, values = set_new_tokens(
            identity.user, sealed, received_at=tokens.received_at, access_expires_at=tokens.expires_at
        )
        answer = self.update(
            identity.user,
            f"SET {signed_in}, {tokens_set} REMOVE #sign_out_scope, {tokens_removed}",
            condition=older_or_none,
            values=values | {"is_admin": identity.is_admin, "is_lpa": identity.is_lpa, "session_epoch": session_epoch},
            returning="UPDATED_NEW",
        )
        return int(answer["session_epoch"]["N"])
