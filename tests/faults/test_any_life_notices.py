"""Rules are taken out of the real code, one at a time, and an invariant of test_any_life.py must break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.breaks_of_life import BY_CHANCE, BY_SCRIPT
from tests.faults.judge import InvariantError
from tests.faults.machine import LIVES, lives_in
from tests.faults.scripts import REFRESH, SCRIPTS, sign_in, struck
from tests.faults.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.town import Town

MOST_LIVES = 100


@pytest.mark.parametrize("what", BY_CHANCE)
def test_lives_at_random_notice_that(
    what: str, town: Town, forget_output: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for target, replacement in BY_CHANCE[what].items():
        monkeypatch.setattr(target, replacement)
    lives = seed(1)(lives_in(town, forget_output=forget_output))
    few = settings(LIVES, max_examples=MOST_LIVES, phases=[Phase.generate])

    with pytest.raises(InvariantError):
        run_state_machine_as_test(lives, settings=few)


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_invariant_breaks_in_the_life_of(script: str, town: Town) -> None:
    SCRIPTS[script](town)


def test_a_loss_is_excused_where_neither_table_nor_rescue_queue_takes_anything_for_as_long_as_it_is_tried(
    town: Town,
) -> None:
    sign_in(town)
    nothing_arrives = (*struck("UpdateItem save", "denied").strikes, *struck("SendMessage", "fails").strikes)

    town.do(REFRESH, Trouble(strikes=nothing_arrives))

    assert town.judge.lost() == ["out: SendMessage, UpdateItem"]


@pytest.mark.parametrize("what", BY_SCRIPT)
def test_a_life_by_script_notices_that(what: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    noticed = BY_SCRIPT[what]
    for target, replacement in noticed.breaks.items():
        monkeypatch.setattr(target, replacement, raising=False)  # what is no name of the module's own is built in

    with pytest.raises(InvariantError, match=noticed.says):
        noticed.by(town)
