"""A table that fails before the token is spent, and after."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth import wiring
from tests.support.refreshes import refreshes

if TYPE_CHECKING:
    import pytest

    from le_auth.domain.users import User
    from tests.support.installation import Installation


def test_without_the_table_no_token_is_spent(installation: Installation, ada: User) -> None:
    installation.calls.order("UpdateItem")

    assert len(installation.work(installation.due(ada))) == 1

    assert refreshes(installation) == 0
    assert installation.pauses() == [120]


def test_a_lease_whose_answer_is_lost_is_held_all_the_same(installation: Installation, ada: User) -> None:
    installation.calls.order("UpdateItem", "lost-answer", times=1, containing="#unsettled :one")

    assert installation.work(installation.due(ada)) == []

    assert refreshes(installation) == 1
    assert installation.grant(ada).unsettled == 0


def test_a_save_whose_answer_is_lost_counts_as_done(installation: Installation, ada: User) -> None:
    generation = installation.grant(ada).generation
    installation.calls.order("UpdateItem", "lost-answer", times=1, containing=":replaced")

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).generation == generation + 1
    assert refreshes(installation) == 1


def test_a_save_is_repeated_while_the_lease_lasts(installation: Installation, ada: User) -> None:
    pauses: list[timedelta] = []
    installation.monkeypatch.setattr(wiring, "sleep", pauses.append)
    installation.calls.order("UpdateItem", containing=":replaced", times=6)

    assert installation.work(installation.due(ada)) == []

    assert pauses
    assert installation.grant(ada).refreshed_at == installation.now
    assert refreshes(installation) == 1


def test_a_save_that_fails_until_the_lease_is_nearly_over_is_a_lost_rotation(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.monkeypatch.setattr(
        wiring,
        "sleep",
        lambda pause: installation.go_on(10 * pause),
    )
    installation.calls.order("UpdateItem", containing=":replaced")
    installation.calls.order("SendMessage")

    assert installation.work(installation.due(ada)) == []

    assert '"RotationLost":[1.0]' in capsys.readouterr().out
    lease_until = installation.grant(ada).lease_until
    assert lease_until is not None
    assert installation.now + timedelta(seconds=60) <= lease_until, "no save is tried in the last minute"
