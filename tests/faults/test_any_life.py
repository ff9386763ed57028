"""Any life: deeds, faults and time in whatever order hypothesis draws, on real handlers; see deeds.py, invariants.py.

Some dozens of lives here, always the same; `make soak` draws thousands of new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.machine import EXAMPLES, LIVES, lives_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.town import Town


@pytest.mark.parametrize(
    ("reuse", "revocation", "number"),
    [("strict", "user", 1), ("strict", "grant", 2), ("lenient", "user", 3), ("lenient", "grant", 4)],
)
def test_whatever_happens_no_invariant_breaks(
    reuse: Literal["strict", "lenient"],
    revocation: Literal["user", "grant"],
    number: int,
    town: Town,
    forget_output: Callable[[], None],
) -> None:
    town.simulator.settings.reuse, town.simulator.settings.revocation = reuse, revocation
    lives = lives_in(town, forget_output=forget_output)

    run_state_machine_as_test(lives if EXAMPLES else seed(number)(lives), settings=LIVES)
