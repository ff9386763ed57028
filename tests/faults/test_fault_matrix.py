"""Every fault at every call of every step of a token's life, on real handlers.

The calls are found by running each scenario once without a fault, so a new call is covered as soon as it is made.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from le_auth.errors import LeAuthError
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.support.crossings import Strike, faults_at

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from tests.faults.life import Life

SHARES = 8
"""Of each scenario's cases, so that several processes can work on one scenario."""
DOCUMENTED = {"temporarily_unavailable", "reauthorization_required", "not_signed_in"}


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_no_fault_at_any_call_loses_a_token_or_sends_one_twice(
    scenario: Scenario, share: int, new_life: Callable[[], Life], cases: Counter[str]
) -> None:
    calls = names_of_calls(scenario, new_life())
    wrong = []
    for strike in islice(strikes(calls), share, None, SHARES):
        life = new_life()
        verdict = run(scenario, life, strike)
        cases[scenario.name] += 1
        if verdict is not None:
            wrong.append(f"{strike.name} at call {strike.at} ({calls[strike.at]}): {verdict}")

    assert not wrong, "\n".join(wrong)


def names_of_calls(scenario: Scenario, life: Life) -> list[str]:
    assert run(scenario, life, None) is None, "without any fault"
    return life.calls


def strikes(calls: list[str]) -> Iterator[Strike]:
    """Give every fault at every call; of a call that is repeated again and again, at its first and last."""
    for number, name in enumerate(calls):
        if name in calls[max(number - 1, 0) : number] and name in calls[number + 1 : number + 2]:
            continue
        for fault in faults_at(name):
            yield Strike(at=number, name=fault)


def run(scenario: Scenario, life: Life, strike: Strike | None) -> str | None:
    """Live through a scenario; gives what is wrong at its end."""
    life.liveperson = "LivePerson" in scenario.name
    life.installation.simulator.journal.clear()
    life.installation.start_cold()
    scenario.prepare(life)
    life.crossings.start(strike)
    try:
        scenario.act(life)
    except LeAuthError as error:
        if strike is None:
            return f"failed with {error.reason}"
    life.calls = list(life.crossings.names)
    if strike is not None and not life.crossings.struck:
        return f"the fault never struck: {life.calls}"
    call = "" if strike is None else life.calls[strike.at]
    life.settle()
    scenario.afterwards(life)
    return scenario.judge(life, call, "" if strike is None else strike.name) or wrong_answer(life)


def wrong_answer(life: Life) -> str | None:
    """Look at what browsers and back ends were told: never a stack trace, never an undocumented error."""
    for answer in life.answers:
        if "statusCode" in answer and answer["statusCode"] not in {303, 400, 500, 502, 503}:
            return f"status {answer['statusCode']}"
        if "error" in answer and answer["error"] not in DOCUMENTED:
            return f"error {answer['error']}"
    return None
