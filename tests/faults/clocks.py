"""Clocks that are off, and processes that come in between: faults that strike between two calls, not at one.

The clock of a whole invocation is off from its beginning; that of half of one from any of its calls on. Another
process, by a clock of its own, comes before any call that the first one makes.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tests.support.call_faults import INVOKED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.life import Life

CLOCKS = {
    "60 s ahead": timedelta(seconds=60),
    "60 s behind": timedelta(seconds=-60),
    "5 minutes ahead": timedelta(minutes=5),
    "5 minutes behind": timedelta(minutes=-5),
}
"""What a lease bears, and what all else bears (design, refresh invariant 1)."""
SHIFTS = {f"clock {name}": off for name, off in CLOCKS.items()}
RIVALS: Mapping[str, tuple[str, timedelta]] = {
    f"{who}, its clock {name}": (who, off)
    for who in ("another worker", "a back end")
    for name, off in {"right": timedelta(), **CLOCKS}.items()
}
BEHIND = " behind"
"""How the name of such a clock ends."""


def strikes_before(call: str) -> Sequence[str]:
    """List what can happen before a call or an invocation."""
    return list(SHIFTS) if call.startswith(INVOKED) else [*SHIFTS, *RIVALS]


def happenings(life: Life) -> dict[str, Callable[[], object]]:
    """Give what each of them does."""
    deeds = {"another worker": life.scheduled_once_more, "a back end": life.vend}
    return {
        **{name: partial(_shift, life, off) for name, off in SHIFTS.items()},
        **{name: partial(life.elsewhere, deeds[who], clock_is_off=off) for name, (who, off) in RIVALS.items()},
    }


def _shift(life: Life, off: timedelta) -> None:
    life.installation.clock_is_off = off
