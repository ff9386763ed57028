"""The fault matrix: a stretch of a user's life, struck by every fault at every call, and what is wrong afterwards.

The calls are found by living through it once without a fault, so a new call is covered as soon as it is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from tests.faults.clocks import RIGHT, RIVALS, SHIFTS, kind_of, strikes_before
from tests.support.call_faults import INVOKED, faults_at
from tests.support.crossings import Strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.life import Life
    from tests.faults.scenarios import Scenario

DOCUMENTED = {"temporarily_unavailable", "reauthorization_required", "not_signed_in"}


def strikes(scenario: Scenario, calls: list[str]) -> Iterator[Strike]:
    """Give every fault at every call; of a call that is repeated again and again, at its first and last."""
    for number, name in enumerate(calls):
        if name in calls[max(number - 1, 0) : number] and name in calls[number + 1 : number + 2]:
            continue
        for fault in (*faults_at(name), *strikes_before(name)):
            if kind_of(fault) in scenario.kinds:
                yield Strike(at=number, name=fault)


def first_wrong(scenario: Scenario, new_life: Callable[[], Life]) -> str | None:
    """Give what goes wrong without a fault, or else with the first strike that anything goes wrong with."""
    undisturbed = new_life()
    if wrong := run(scenario, undisturbed, None):
        return wrong
    struck = (run(scenario, new_life(), strike) for strike in strikes(scenario, undisturbed.calls))
    return next((wrong for wrong in struck if wrong), None)


def run(scenario: Scenario, life: Life, strike: Strike | None) -> str | None:
    """Live through a scenario; gives what is wrong at its end."""
    life.installation.simulator.journal.clear()
    life.installation.start_cold()
    scenario.prepare(life)
    life.crossings.start(*([] if strike is None else [strike]))
    scenario.act(life)
    life.calls = list(life.crossings.names)
    if strike is not None and not life.crossings.struck:
        return f"the fault never struck: {life.calls}"
    if strike is not None and (wrong := _wrong_at_once(scenario, life, strike)):
        return f"{wrong}, before anything was tried again"
    rests = life.settle()
    scenario.afterwards(life)
    call, fault = ("", "") if strike is None else (life.calls[strike.at], strike.name)
    return scenario.judge(life, call, fault) or _wrong_answer(life) or (None if rests else "never comes to rest")


def _wrong_at_once(scenario: Scenario, life: Life, strike: Strike) -> str | None:
    """Look before time heals it: one process whose clock is off does its work, and two never do the same."""
    if strike.name in RIVALS:
        is_behind = RIVALS[strike.name].off < RIGHT  # so what it refreshed looks stale to a message of before
        return "refreshed too often" if life.rotations() > (2 if is_behind else 1) else None
    call = life.calls[strike.at]
    if strike.name not in SHIFTS or not call.startswith(INVOKED):
        return None
    which = sum(name.startswith(INVOKED) for name in life.calls[: strike.at + 1])
    wrong, expected = scenario.judge(life, call, strike.name), scenario.later.get((which, strike.name))
    if expected is None:
        return wrong
    return None if wrong is not None and wrong.startswith(expected) else f"{wrong} at once, not {expected}"


def _wrong_answer(life: Life) -> str | None:
    """Look at what browsers and back ends were told: never a stack trace, never an undocumented error or a bug."""
    bugs = [error for error in life.unexpected if not isinstance(error, (ClientError, BotoCoreError))]
    if bugs:
        return f"a handler met a bug: {bugs[0]!r}"
    for answer in life.answers:
        if "statusCode" in answer and answer["statusCode"] not in {200, 303, 400, 401, 500, 502, 503}:
            return f"status {answer['statusCode']}"
        if "error" in answer and answer["error"] not in DOCUMENTED:
            return f"error {answer['error']}"
    return None
