"""The fault matrix: a stretch of a user's life, struck by every fault at every call, and what is wrong afterwards.

The calls are found by living through it once without a fault, so a new call is covered as soon as it is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.clocks import BEHIND, RIVALS, SHIFTS, strikes_before
from tests.support.call_faults import INVOKED, faults_at
from tests.support.crossings import Strike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.life import Life
    from tests.faults.scenarios import Scenario

DOCUMENTED = {"temporarily_unavailable", "reauthorization_required", "not_signed_in"}


def names_of_calls(scenario: Scenario, life: Life) -> list[str]:
    assert run(scenario, life, None) is None, "without any fault"
    return life.calls


def strikes(calls: list[str]) -> Iterator[Strike]:
    """Give every fault at every call; of a call that is repeated again and again, at its first and last."""
    for number, name in enumerate(calls):
        if name in calls[max(number - 1, 0) : number] and name in calls[number + 1 : number + 2]:
            continue
        for fault in (*faults_at(name), *strikes_before(name)):
            yield Strike(at=number, name=fault)


def kind_of(strike: Strike) -> str:
    if strike.name in SHIFTS:
        return "a clock is off"
    return "another process comes in" if strike.name in RIVALS else "a call fails"


def first_wrong(scenario: Scenario, new_life: Callable[[], Life]) -> str | None:
    """Look for what goes wrong in a scenario with clocks and other processes only."""
    calls = names_of_calls(scenario, new_life())
    between = [strike for strike in strikes(calls) if kind_of(strike) != "a call fails"]
    return next((wrong for strike in between if (wrong := run(scenario, new_life(), strike))), None)


def run(scenario: Scenario, life: Life, strike: Strike | None) -> str | None:
    """Live through a scenario; gives what is wrong at its end."""
    life.liveperson = "LivePerson" in scenario.name
    life.installation.simulator.journal.clear()
    life.installation.start_cold()
    scenario.prepare(life)
    life.crossings.start(*([] if strike is None else [strike]))
    scenario.act(life)
    life.calls = list(life.crossings.names)
    if strike is not None and not life.crossings.struck:
        return f"the fault never struck: {life.calls}"
    call, fault = ("", "") if strike is None else (life.calls[strike.at], strike.name)
    if wrong := _wrong_at_once(scenario, life, call, fault):
        return f"{wrong}, before anything was tried again"
    life.settle()
    scenario.afterwards(life)
    return scenario.judge(life, call, fault) or _wrong_answer(life)


def _wrong_at_once(scenario: Scenario, life: Life, call: str, fault: str) -> str | None:
    """Look before time heals it: one process whose clock is off does its work, and two never do the same."""
    if fault in RIVALS and not fault.endswith(BEHIND) and life.rotations() > 1:
        return "refreshed twice"
    if fault in SHIFTS and call.startswith(INVOKED) and (call, fault) not in scenario.later:
        return scenario.judge(life, call, fault)
    return None


def _wrong_answer(life: Life) -> str | None:
    """Look at what browsers and back ends were told: never a stack trace, never an undocumented error."""
    for answer in life.answers:
        if "statusCode" in answer and answer["statusCode"] not in {200, 303, 400, 401, 500, 502, 503}:
            return f"status {answer['statusCode']}"
        if "error" in answer and answer["error"] not in DOCUMENTED:
            return f"error {answer['error']}"
    return None
