"""What a stored user costs: every write has to stay within one write unit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.refresh import GRACE, LEASE_TIME
from tests.support.installation import INTERVAL, Installation
from tests.support.item_size import item_size, write_units
from tests.support.refreshes import refresh_under_way

if TYPE_CHECKING:
    from le_auth.domain.users import User

LONGEST_USER_ID = "9" * 20


@pytest.fixture
def user(installation: Installation) -> User:
    """Somebody with the longest tokens seen, a long id, and a key id as long as one may be."""
    installation.simulator.settings.refresh_token_length = 700
    installation.simulator.settings.sends_expires_in = True
    key = {"id": "k" * 16, "key": "canary-sealing-key-with-long-id-" + "k" * 32}
    old = {"id": "0", "key": installation.keyring.keys["0"].reveal()}
    installation.emulator.secretsmanager.put_secret_value(
        SecretId=installation.deployed.resources["SealingKeySecret"], SecretString=json.dumps({"keys": [key, old]})
    )
    user = installation.sign_in(LONGEST_USER_ID)
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(user)) == []
    installation.go_on(INTERVAL)
    return user


def test_an_item_with_the_longest_refresh_token_is_one_write_unit(installation: Installation, user: User) -> None:
    item = installation.item(user)

    assert item["key_id"] == {"S": "k" * 16}
    assert "access_expires_at" in item
    assert item_size(item) < 700


def test_it_stays_one_while_it_is_leased_after_failures(installation: Installation, user: User) -> None:
    installation.simulator.faults.order("token-refresh", "drop-before")
    records = installation.due(user)
    installation.work(records)
    installation.work(records)
    installation.go_on(LEASE_TIME + GRACE + timedelta(seconds=1))

    with refresh_under_way(installation, records):
        item = installation.item(user)

    assert {"lease_owner", "lease_until", "unsettled", "failures", "last_error"} < item.keys()
    assert write_units(item) == 1
    assert item_size(item) < 900, "room for what later releases add"


def test_a_used_state_is_one_write_unit(installation: Installation) -> None:
    installation.table.consume_state("f" * 64, now=installation.now + timedelta(hours=1))

    assert write_units(installation.items()[f"state#{'f' * 64}"]) == 1


def test_tokens_that_are_not_hex_fit_too(installation: Installation) -> None:
    installation.simulator.settings.refresh_token_length = 700
    user = installation.sign_in(LONGEST_USER_ID)
    installation.go_on(INTERVAL)
    body = {"access_token": "A" * 64, "token_type": "Bearer", "refresh_token": "R" * 700}
    installation.simulator.faults.order(
        "token-refresh", "wrong-content", content_type="application/json", body=json.dumps(body)
    )

    installation.work(installation.due(user))

    assert installation.tokens(user) == ("A" * 64, "R" * 700)
    assert write_units(installation.item(user)) == 1
