"""A new sealing key, and the day on which an old one may go."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from le_auth.adapters.secret_store import CachedSecret, SealingKeys
from le_auth.domain.secret import Secret
from operator_cli.errors import OperatorError
from operator_cli.sealing_keys import add_key, drop_key, read_keys
from tests.support.fakes_aws import FakeSecretsManager

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
IDLE = timedelta(days=14)
GENERATED = "canary-" + "g" * 57


def as_functions_read(text: Secret) -> dict[str, Secret]:
    """Read the secret with the functions' own reader."""
    secret = CachedSecret(client=FakeSecretsManager(text.reveal()).client, arn="arn")
    return dict(SealingKeys(secret=secret).get(now=NOON).keys)


def added_to_the_generated(*, now: datetime = NOON) -> dict[str, Secret]:
    return as_functions_read(add_key(read_keys({"0": Secret(GENERATED)}, idle=IDLE), now=now))


def test_a_new_key_goes_in_front_under_the_time_as_its_id() -> None:
    keys = added_to_the_generated()

    assert list(keys) == ["20261124T120000Z", "0"]
    assert keys["0"] == Secret(GENERATED)


def test_a_new_key_is_long_and_drawn_anew() -> None:
    first, second = (added_to_the_generated()["20261124T120000Z"].reveal() for _ in range(2))

    assert len(first) == 64
    assert first != second


def test_two_keys_of_one_second_are_refused() -> None:
    keys = read_keys(added_to_the_generated(), idle=IDLE)

    with pytest.raises(OperatorError):
        add_key(keys, now=NOON)


def test_the_old_key_may_be_dropped_idle_days_and_14_days_after_the_new_one_came() -> None:
    newest, oldest = read_keys(added_to_the_generated(), idle=IDLE)

    assert (newest.is_newest, newest.droppable_at) == (True, None)
    assert oldest.droppable_at == datetime(2026, 12, 23, tzinfo=UTC)
    assert oldest.droppable_at - NOON > IDLE + timedelta(days=14)


def test_of_three_keys_each_counts_from_the_one_that_replaced_it() -> None:
    keys = {"20261201T000000Z": Secret("c"), "20261101T000000Z": Secret("b"), "0": Secret("a")}

    found = read_keys(keys, idle=timedelta(days=1))

    assert [key.droppable_at for key in found] == [
        None,
        datetime(2026, 12, 17, tzinfo=UTC),
        datetime(2026, 11, 17, tzinfo=UTC),
    ]


def test_without_idle_days_an_old_key_may_never_be_dropped() -> None:
    assert [key.droppable_at for key in read_keys(added_to_the_generated(), idle=None)] == [None, None]


def test_after_a_key_whose_id_is_no_time_the_day_cannot_be_told() -> None:
    keys = read_keys({"2": Secret("b"), "0": Secret("a")}, idle=IDLE)

    assert [(key.added_at, key.droppable_at) for key in keys] == [(None, None), (None, None)]


def test_a_dropped_key_is_gone_and_the_others_stay() -> None:
    keys = read_keys(added_to_the_generated(), idle=IDLE)

    text = drop_key(keys, "0")

    assert list(as_functions_read(text)) == ["20261124T120000Z"]
    assert json.loads(text.reveal()).keys() == {"keys"}


def test_no_key_is_printed() -> None:
    assert "canary" not in repr(read_keys({"0": Secret(GENERATED)}, idle=IDLE))
