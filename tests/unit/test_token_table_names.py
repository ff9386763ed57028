"""The attribute names of a sign-in's update; DynamoDB refuses one that is missing or unused."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from le_auth.adapters.token_table import TokenTable
from le_auth.domain.grants import Sealed
from le_auth.domain.id_token import Identity
from le_auth.domain.secret import Secret
from le_auth.domain.tokens import Tokens
from le_auth.domain.users import User

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Identity(user=User(account_id="le12345678", user_id="1001"), is_admin=True, is_lpa=False)
SEALED = Sealed(key_id="0", generation=7, data=b"sealed-canary")


class RecordingClient:
    """Keeps the last update instead of sending it."""

    def __init__(self) -> None:
        self.update: dict[str, Any] = {}

    def update_item(self, **update: Any) -> dict[str, Any]:
        self.update = update
        return {"Attributes": {"session_epoch": {"N": "7"}}}


@pytest.mark.parametrize("expires_at", [None, NOON + timedelta(hours=1)])
def test_a_sign_in_defines_just_the_names_that_its_expressions_use(expires_at: datetime | None) -> None:
    client: Any = RecordingClient()
    tokens = Tokens(
        access_token=Secret("access-canary"),
        refresh_token=Secret("refresh-canary"),
        received_at=NOON,
        expires_at=expires_at,
    )

    TokenTable(client=client, name="tokens").save_sign_in(ADA, tokens, SEALED, session_epoch=7)

    expressions = f"{client.update['UpdateExpression']} {client.update['ConditionExpression']}"
    assert set(client.update["ExpressionAttributeNames"]) == set(re.findall(r"#\w+", expressions))
