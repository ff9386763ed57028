"""The machine that draws lives: which deeds, in which order, and what goes wrong when."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.faults.trouble import EVERY_OUTAGE, AnyFault, Deed, Meanwhile, Trouble
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.faults.town import Town

EXAMPLES = int(os.environ.get("EXAMPLES", "0"))
"""Lives in all four settings together; 0: few, and always the same."""
LIVES = settings(
    max_examples=-(-EXAMPLES // 4) or 10,
    stateful_step_count=30,
    database=None,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

WHOSE = st.integers(0, 2)
WHICH = st.integers(0, 7)
PAUSES: Sequence[timedelta] = [
    timedelta(seconds=1),
    timedelta(seconds=6),
    timedelta(seconds=31),
    timedelta(seconds=62),
    timedelta(seconds=122),
    timedelta(seconds=212),
    timedelta(minutes=5),
    timedelta(minutes=16),
    INTERVAL,
    timedelta(hours=2),
]
"""Across each time that a rule names: a wait, clocks that differ, a lease, a grace, a cached secret, an interval."""
SIGN_OUTS = ["sign_out_locally", "sign_out_of_liveperson"]
DEEDS = ["sign_in", *SIGN_OUTS, "refresh", "vend", "deliver", "land", "end_at_liveperson", "expire"]
OFTEN_THE_SAME = st.sampled_from([0, 0, 0, 1])
CALLS = {
    "sign_in": ["domain", "GetSecretValue", "PutItem", "token-code", "UpdateItem sign in", "PutEvents UserSignedIn"],
    "sign_out": ["GetItem", "UpdateItem sign out", "GetSecretValue", "revoke", "UpdateItem finish revocation"],
    "refresh": [
        *("UpdateItem lease", "token-refresh", "token-refresh", "UpdateItem save", "UpdateItem save", "SendMessage"),
        *("UpdateItem give back", "UpdateItem grace", "GetQueueAttributes", "GetItem", "UpdateItem end"),
        *("ChangeMessageVisibilityBatch", "UpdateItem remember revocation"),
    ],
}
"""Where much is at stake, by what is done."""
CLOCK = st.sampled_from([0, 0, 0, 30, -30])
"""Any two differ by 60 s at most."""


def trouble_of(what: str) -> st.SearchStrategy[Trouble]:
    """Draw what goes wrong: at calls by their numbers, so that none is left out, and at all calls of a name."""
    call = st.integers(0, 10) | st.sampled_from(CALLS[what])
    fault = st.builds(AnyFault, at=call, choice=st.integers(0, 40))
    meanwhile = st.builds(
        Meanwhile,
        at=call,
        deed=st.builds(Deed, what=st.sampled_from(DEEDS), whose=OFTEN_THE_SAME, which=WHICH),
        clock_is_off=CLOCK,
    )
    return st.builds(
        Trouble,
        strikes=st.lists(fault, max_size=2).map(tuple),
        meanwhile=st.none() | meanwhile,
        clock_is_off=CLOCK,
    )


class AnyLife(RuleBasedStateMachine):
    """A few users' lives together."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town = town
        self.is_well = False

    @initialize(people=st.sampled_from([1, 2, 2, 3]))
    def begin(self, people: int) -> None:
        self.town.begin(people)
        for whose in range(people):
            self._do("sign_in", whose, 1)

    @rule(whose=WHOSE, which=WHICH, trouble=trouble_of("sign_in"))
    def sign_in(self, whose: int, which: int, trouble: Trouble) -> None:
        self._do("sign_in", whose, which, trouble)

    @rule(whose=WHOSE, which=WHICH, how=st.sampled_from(SIGN_OUTS), trouble=trouble_of("sign_out"))
    def sign_out(self, whose: int, which: int, how: str, trouble: Trouble) -> None:
        self._do(how, whose, which, trouble)

    @rule(whose=WHOSE)
    def schedule(self, whose: int) -> None:
        self._do("schedule", whose)

    @rule(whose=WHOSE, after=st.sampled_from(PAUSES[6:9]), trouble=trouble_of("refresh"))
    def refresh(self, whose: int, after: timedelta, trouble: Trouble) -> None:
        self.town.pass_time(after)
        self._do("refresh", whose, 0, trouble)

    @rule(whose=WHOSE, which=WHICH, after=st.sampled_from(PAUSES[:7]), trouble=trouble_of("refresh"))
    def deliver(self, whose: int, which: int, after: timedelta, trouble: Trouble) -> None:
        """Deliver what waits: a rescue or a scheduled message, perhaps not for the last time."""
        self.town.pass_time(after)
        self._do("land" if self.town.rescues and which < 6 else "deliver", whose, which, trouble)

    @rule(whose=WHOSE, after=st.sampled_from([timedelta(), *PAUSES[-3:]]), trouble=trouble_of("refresh"))
    def vend(self, whose: int, after: timedelta, trouble: Trouble) -> None:
        self.town.pass_time(after)
        self._do("vend", whose, 0, trouble)

    @rule(time=st.sampled_from(PAUSES))
    def pass_time(self, time: timedelta) -> None:
        self.town.pass_time(time)

    @rule(what=st.sampled_from(EVERY_OUTAGE), deeds=st.integers(1, 4))
    def fail(self, what: str, deeds: int) -> None:
        self.town.fail(what, deeds=deeds)

    @rule(whose=WHOSE, what=st.sampled_from(["nobody calls for weeks", "end_at_liveperson", "expire"]))
    def happen_rarely(self, whose: int, what: str) -> None:
        if what == "nobody calls for weeks":
            self.town.pass_time(timedelta(days=45))
        else:
            self._do(what, whose)

    def _do(self, what: str, whose: int, which: int = 0, trouble: Trouble | None = None) -> None:
        self.is_well = False
        self.town.do(Deed(what=what, whose=whose, which=which), trouble)
        note(f"struck: {self.town.crossings.struck}")
        self.is_well = True

    def teardown(self) -> None:
        """All is well again, unless something was wrong already."""
        if self.is_well:
            self.town.end()


def lives_in(town: Town, *, forget_output: Callable[[], None]) -> type[AnyLife]:
    """Give the machine that lives in this town; what one life wrote is forgotten when the next begins."""

    class Here(AnyLife):
        def __init__(self) -> None:
            forget_output()
            town.installation.calls.clear()
            town.counted["lives"] += 1
            super().__init__(town)

    return Here
