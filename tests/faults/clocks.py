"""Clocks that are off, and processes that come in between: what strikes between two calls, not at one.

The clock of a whole invocation is off from its beginning; that of a part of one from any of its calls on. Another
process, by a clock of its own, comes before any call that the first one makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

from tests.support.call_faults import INVOKED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.life import Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The process's clock is off from here on until its invocation ends.

    Args:
        off: how far it is ahead of the true one.
    """

    off: timedelta

    def happen(self, life: Life) -> None:
        life.installation.clock_is_off = self.off


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another process comes in and does its work.

    Args:
        off: how far its clock is ahead of the true one.
    """

    who: Literal["another worker", "a back end"]
    off: timedelta

    def happen(self, life: Life) -> None:
        work = {"another worker": life.scheduled_once_more, "a back end": life.vend}
        with life.installation.another_process(clock_is_off=self.off):
            work[self.who]()


RIGHT = timedelta()
CLOCKS = {
    "60 s ahead": timedelta(seconds=60),
    "60 s behind": timedelta(seconds=-60),
    "5 minutes ahead": timedelta(minutes=5),
    "5 minutes behind": timedelta(minutes=-5),
}
"""What a lease bears, and what all else bears (design, refresh invariant 1)."""
SHIFTS: Mapping[str, Shift] = {f"clock {name}": Shift(off=off) for name, off in CLOCKS.items()}
RIVALS: Mapping[str, Rival] = {
    **{f"another worker, its clock {name}": Rival(who="another worker", off=off) for name, off in CLOCKS.items()},
    **{f"a back end, its clock {name}": Rival(who="a back end", off=off) for name, off in CLOCKS.items()},
    "another worker": Rival(who="another worker", off=RIGHT),
    "a back end": Rival(who="a back end", off=RIGHT),
}


type Kind = Literal["a call fails", "a clock is off", "another process comes in"]
EVERY_KIND: Sequence[Kind] = ("a call fails", "a clock is off", "another process comes in")


def kind_of(fault: str) -> Kind:
    if fault in SHIFTS:
        return "a clock is off"
    return "another process comes in" if fault in RIVALS else "a call fails"


def strikes_before(call: str) -> Sequence[str]:
    """List what can happen before a call or an invocation."""
    return list(SHIFTS) if call.startswith(INVOKED) else [*SHIFTS, *RIVALS]


def happenings(life: Life) -> dict[str, Callable[[], object]]:
    """Give what each of them does, by its name."""
    all_of_them: Mapping[str, Shift | Rival] = {**SHIFTS, **RIVALS}
    return {name: partial(one.happen, life) for name, one in all_of_them.items()}
