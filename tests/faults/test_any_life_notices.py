"""Rules are taken out of the real code, one at a time, and the lives of test_any_life.py must break an invariant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.breaks_of_life import BREAKS
from tests.faults.judge import InvariantError
from tests.faults.machine import LIVES, lives_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.town import Town

MOST_LIVES = 60


@pytest.mark.parametrize("what", BREAKS)
def test_the_lives_notice_that(
    what: str, town: Town, forget_output: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for target, replacement in BREAKS[what].items():
        monkeypatch.setattr(target, replacement)
    lives = seed(1)(lives_in(town, forget_output=forget_output))
    few = settings(LIVES, max_examples=MOST_LIVES, phases=[Phase.generate])
    lived = town.counted["lives"]

    with pytest.raises(InvariantError) as raised:
        run_state_machine_as_test(lives, settings=few)

    noticed = str(raised.value).partition(";")[0]
    print(f"life {town.counted['lives'] - lived}: {noticed}")  # noqa: T201 - for `pytest -rP`
