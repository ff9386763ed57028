"""Slots and checkpoint, on the emulator and on Amazon's own engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.checkpoint import Checkpoint, Cursor
from le_auth.domain.slots import slot_of
from tests.support.installation import ADA, NOON
from tests.support.slots import users_of_slot
from tests.support.table_writes import BEN, sign_in

if TYPE_CHECKING:
    from le_auth.adapters.token_table import TokenTable


def test_a_slot_names_its_own_users_only(table: TokenTable) -> None:
    for user in (ADA, BEN):
        sign_in(table, user=user)
    table.consume_state("a" * 64, now=NOON)
    table.finish_minute(1, interval=30)

    found = {slot: [key for page in table.due(slot) for key in page] for slot in range(60)}

    assert found.pop(slot_of(ADA)) == [ADA.pk]
    assert found.pop(slot_of(BEN)) == [BEN.pk]
    assert not any(found.values())


def test_a_slot_is_read_on_behind_a_key_also_where_that_user_is_gone(table: TokenTable) -> None:
    keys = [user.pk for user in users_of_slot(7, 5)]
    for pk in (*keys[:2], *keys[3:]):
        table.client.put_item(TableName=table.name, Item={"pk": {"S": pk}, "slot": {"N": "7"}})

    assert [list(page) for page in table.due(7, after=keys[2])] == [keys[3:]]


def test_the_checkpoint_only_ever_advances(table: TokenTable) -> None:
    assert table.find_checkpoint() is None

    assert [table.finish_minute(minute, interval=30) for minute in (5, 5, 4, 6)] == [True, True, False, True]

    assert table.find_checkpoint() == Checkpoint(finished_minute=6, interval=30)


def test_a_minute_that_is_paused_is_not_finished_and_its_cursor_goes_when_it_is(table: TokenTable) -> None:
    cursor = Cursor(slot=37, pk=ADA.pk)

    table.pause_minute(7, cursor, interval=30)

    assert table.find_checkpoint() == Checkpoint(finished_minute=6, interval=30, cursor=cursor)
    assert [key for page in table.due(37) for key in page] == []
    assert table.finish_minute(7, interval=30)
    assert table.find_checkpoint() == Checkpoint(finished_minute=7, interval=30)


def test_a_minute_that_another_finished_is_not_paused(table: TokenTable) -> None:
    table.finish_minute(7, interval=30)

    table.pause_minute(7, Cursor(slot=37, pk=ADA.pk), interval=30)

    assert table.find_checkpoint() == Checkpoint(finished_minute=7, interval=30)


def test_another_interval_takes_the_checkpoint_over_wherever_it_stands(table: TokenTable) -> None:
    cursor = Cursor(slot=37, pk=ADA.pk)
    table.finish_minute(40, interval=30)

    table.pause_minute(21, cursor, interval=20)
    assert table.find_checkpoint() == Checkpoint(finished_minute=20, interval=20, cursor=cursor)

    assert table.finish_minute(21, interval=20)
    assert not table.finish_minute(20, interval=20)
    assert table.find_checkpoint() == Checkpoint(finished_minute=21, interval=20)


def test_a_checkpoint_of_an_older_version_names_no_interval_and_advances_like_any(table: TokenTable) -> None:
    table.client.put_item(TableName=table.name, Item={"pk": {"S": "#scheduler"}, "finished_minute": {"N": "7"}})

    assert table.find_checkpoint() == Checkpoint(finished_minute=7)
    assert not table.finish_minute(6, interval=30)
    assert table.finish_minute(8, interval=30)
    assert table.find_checkpoint() == Checkpoint(finished_minute=8, interval=30)
