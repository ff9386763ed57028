"""Any life: deeds, faults and time in whatever order hypothesis draws, on real handlers; see town.py and invariants.py.

A few dozen lives here, always the same; `make soak` draws thousands of new ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.judge import Judge
from tests.faults.machine import lives_in
from tests.faults.town import Town

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from tests.support.crossings import Crossings
    from tests.support.installation import Installation

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
FEW, STEPS = 25, 30

LIVES = settings(
    max_examples=EXAMPLES // 4 or FEW,
    stateful_step_count=STEPS,
    database=None,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def town(
    installation: Installation,
    crossings: Crossings,
    steps: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Town:
    """Everybody's town; one worker thread, so that each life can be lived again exactly."""
    installation.configure(MaxConcurrentRefreshes="2")
    judge = Judge()
    monkeypatch.setattr("le_auth.observe.log_unexpected", judge.unexpected.append)
    return Town(installation=installation, crossings=crossings, judge=judge, counted=steps)


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
