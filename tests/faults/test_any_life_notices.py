"""Rules are taken out of the real code, one at a time, and an invariant of test_any_life.py must break."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.breaks_of_life import BY_CHANCE, BY_SCRIPT
from tests.faults.judge import InvariantError
from tests.faults.life import OVER
from tests.faults.machine import LIVES, lives_in
from tests.faults.trouble import AnyFault, Deed, Meanwhile, Trouble
from tests.support.call_faults import faults_at
from tests.support.installation import INTERVAL

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


def test_a_life_with_one_misfortune_after_another_breaks_no_invariant(town: Town) -> None:
    hard_life(town)

    assert town.counted["faults that struck"] >= 2
    assert town.judge.sees_rest()


def test_a_loss_is_excused_where_neither_table_nor_rescue_queue_takes_anything_for_as_long_as_it_is_tried(
    town: Town,
) -> None:
    town.begin(1)
    town.do(Deed(what="sign_in", which=1))
    town.pass_time(INTERVAL)
    nothing_arrives = (*struck("UpdateItem save", "denied").strikes, *struck("SendMessage", "fails").strikes)

    town.do(Deed(what="refresh"), Trouble(strikes=nothing_arrives))

    assert town.judge.lost() == ["out: SendMessage, UpdateItem"]


@pytest.mark.parametrize("what", BY_SCRIPT)
def test_that_life_notices_that(what: str, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, replacement in BY_SCRIPT[what].items():
        monkeypatch.setattr(target, replacement)

    with pytest.raises(InvariantError):
        hard_life(town)


def hard_life(town: Town) -> None:
    """A sign-in during a refresh, a table that fails after one, an answer that is lost, a revocation that fails."""
    town.begin(1)
    town.do(Deed(what="sign_in", which=1))
    town.pass_time(INTERVAL)
    town.do(
        Deed(what="refresh"), Trouble(meanwhile=Meanwhile(at="UpdateItem save", deed=Deed(what="sign_in", which=1)))
    )
    town.pass_time(INTERVAL)
    town.do(Deed(what="refresh"), struck("UpdateItem save", "out for good"))
    town.mend()
    for pause in (OVER, OVER):
        town.pass_time(pause)
        town.do(Deed(what="refresh"))
    for record in list(town.rescues):
        town.do(Deed(what="land", which=2 * town.rescues.index(record) + 1))
    town.pass_time(INTERVAL)
    town.do(Deed(what="refresh"))
    town.pass_time(INTERVAL)
    town.do(Deed(what="refresh"), struck("token-refresh", "dropped processed"))
    town.pass_time(timedelta(seconds=6))
    town.do(Deed(what="deliver", which=-1))
    town.settle()
    town.do(Deed(what="sign_in", which=1))
    town.pass_time(INTERVAL)
    town.do(Deed(what="sign_out_of_liveperson"), struck("revoke", "status 503"))
    town.do(Deed(what="refresh"))
    town.settle()
    town.judge.last_look()


def struck(call: str, fault: str) -> Trouble:
    return Trouble(strikes=(AnyFault(at=call, choice=list(faults_at(call)).index(fault)),))
