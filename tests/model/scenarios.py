"""Within which bounds the model is explored: small ones for each kind of trouble rather than a single huge one."""

from __future__ import annotations

from dataclasses import replace

from tests.model.rules import Fault, Scenario

TRANSPORT = frozenset(
    {
        Fault.TABLE,
        Fault.ANSWER,
        Fault.QUEUE,
        Fault.QUEUE_ANSWER,
        Fault.LATE,
        Fault.ERROR,
        Fault.TWICE,
        Fault.DEATH,
        Fault.SLOW,
    }
)
ANYTHING = TRANSPORT | {Fault.ENDED, Fault.REVOKE}

CALM = Scenario(name="no fault, the caller asks too", demand=True, rotations=3, rounds=1)
ONE_FAULT = Scenario(name="one fault", kinds=TRANSPORT, faults=1)
TWO_FAULTS = replace(ONE_FAULT, name="two faults", faults=2)
FOUR_FAULTS = replace(ONE_FAULT, name="four faults", faults=4)
CALLER = replace(ONE_FAULT, name="one fault, two rounds, the caller asks too", rotations=2, rounds=1, demand=True)
CALLER_TWO_FAULTS = replace(CALLER, name="two faults, two rounds, the caller asks too", faults=2)
PEOPLE = Scenario(name="one fault, a sign-in, a sign-out", kinds=ANYTHING, faults=1, sign_ins=1, sign_outs=1)
PEOPLE_TWO_FAULTS = replace(PEOPLE, name="two faults, a sign-in, a sign-out", faults=2)
PEOPLE_LATER = replace(PEOPLE, name="one fault, a sign-in, a sign-out, two rounds", rounds=1)
PEOPLE_OFTEN = replace(PEOPLE, name="one fault, two sign-ins, two sign-outs", sign_ins=2, sign_outs=2)
LEAVING = replace(PEOPLE, name="one fault, a sign-in, two sign-outs", sign_outs=2)
IDLE = replace(ONE_FAULT, name="one fault, the user is idle once, then comes back", idle_times=1, uses=1)
BLIND = replace(TWO_FAULTS, name="lenient, counts that fail", kinds=TRANSPORT | {Fault.BLIND}, strict=False)
BLIND_PEOPLE = replace(
    PEOPLE_TWO_FAULTS,
    name="lenient, counts that fail, two faults, a sign-in, a sign-out",
    kinds=ANYTHING | {Fault.BLIND},
    strict=False,
)
BLIND_STRICT = replace(BLIND, name="counts that fail", strict=True)
HIDDEN = replace(ONE_FAULT, name="a 5xx that hides a rotation", kinds=frozenset({Fault.HIDDEN}))

SOUND = (
    CALM,
    TWO_FAULTS,
    FOUR_FAULTS,
    CALLER_TWO_FAULTS,
    PEOPLE_TWO_FAULTS,
    PEOPLE_LATER,
    LEAVING,
    IDLE,
    BLIND_PEOPLE,
    replace(TWO_FAULTS, name="two faults, three workers", workers=3),
    replace(FOUR_FAULTS, name="lenient, four faults", strict=False),
    replace(PEOPLE_TWO_FAULTS, name="lenient, two faults, a sign-in, a sign-out", strict=False),
)
"""Every property holds in these, under all rules."""

DEEP = (
    PEOPLE_OFTEN,
    replace(PEOPLE_TWO_FAULTS, name="three faults, a sign-in, a sign-out", faults=3),
    replace(PEOPLE_LATER, name="one fault, a sign-in, a sign-out, two rounds, the caller asks too", demand=True),
    replace(LEAVING, name="two faults, a sign-in, two sign-outs", faults=2),
)
"""In these too: a minute or two of search, run by hand."""
