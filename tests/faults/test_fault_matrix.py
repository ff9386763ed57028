"""Every fault at every call of every step of a token's life, on real handlers.

The cases are made in matrix.py, scenarios.py and clocks.py.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.faults.breaks_of_matrix import BREAKS
from tests.faults.clocks import kind_of
from tests.faults.matrix import first_wrong, run, strikes
from tests.faults.scenarios import SCENARIOS, Scenario

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from tests.faults.life import Life

SHARES = 8
"""Of each scenario's cases, so that several processes can work on one scenario."""


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_fault_at_any_call_loses_a_token_or_sends_one_twice(
    scenario: Scenario, share: int, new_life: Callable[[], Life], cases: Counter[str]
) -> None:
    undisturbed = new_life()
    assert run(scenario, undisturbed, None) is None
    calls, wrong = undisturbed.calls, []
    for strike in islice(strikes(scenario, calls), share, None, SHARES):
        verdict = run(scenario, new_life(), strike)
        cases[f"{scenario.name}: {kind_of(strike.name)}"] += 1
        if verdict is not None:
            wrong.append(f"{strike.name} at call {strike.at} ({calls[strike.at]}): {verdict}")

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("what", BREAKS)
def test_the_matrix_notices_that(what: str, new_life: Callable[[], Life], monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, replaced = BREAKS[what]
    for target, replacement in replaced.items():
        monkeypatch.setattr(target, replacement, raising=False)

    assert first_wrong(next(one for one in SCENARIOS if one.name == scenario), new_life) is not None
