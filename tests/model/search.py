"""Explicit-state search, breadth first: every state within a scenario's bounds, or the shortest way to a violation."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from tests.model import leasing, leaving, passing, saving
from tests.model.moves import held
from tests.model.state import Item, Lease, Phase, State, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.model.moves import Step, Steps
    from tests.model.rules import Setting

NEXT = {
    Phase.READ: leasing.lease_on_demand,
    Phase.GIVES_GRACE: leasing.give_grace,
    Phase.CHECKS_QUEUE: leasing.check_queue,
    Phase.READS_AGAIN: leasing.read_again,
    Phase.READY: saving.send,
    Phase.SENT: saving.hear,
    Phase.SETTLED: leasing.give_back,
    Phase.UNKNOWN: leasing.give_back,
    Phase.REFUSED: saving.end_grant,
    Phase.REVOKES: leaving.revoke_refused,
    Phase.DUE: leaving.revoke_due,
    Phase.REVOKED: leaving.forget_revoked,
    Phase.RESTS: leasing.rest,
}
ALONE = (
    leasing.deliver,
    leasing.ask,
    saving.rescue,
    saving.process_late,
    leaving.revoke_rescue,
    leaving.save_sign_in,
    leaving.write_sign_out,
    passing.end_lease,
    passing.catch_up,
    leaving.begin_sign_in,
    leaving.begin_sign_out,
    passing.go_round,
    passing.grow_idle,
    passing.vend,
    passing.end_at_liveperson,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Args:
        states: how many were met; violation: the property, or "" where all hold; trace: the way there.
    """

    states: int
    violation: str = ""
    trace: tuple[Step, ...] = ()


def steps(setting: Setting, state: State) -> Steps:
    """Give everything that can happen next."""
    for place, attempt in enumerate(state.attempts):
        if attempt is None:
            continue
        if attempt.phase is Phase.ANSWERED:
            yield from saving.save(setting, state, place, attempt)
            yield from saving.queue(setting, state, place, attempt)
        else:
            yield from NEXT[attempt.phase](setting, state, place, attempt)
        yield from passing.die(setting, state, place)
    for happens in ALONE:
        yield from happens(setting, state)


def start(setting: Setting) -> State:
    """A user who has signed in and whose first refresh is due."""
    bounds = setting.scenario
    return State(
        attempts=(None,) * (bounds.workers + bounds.demand),
        rounds=bounds.rounds,
        faults=bounds.faults,
        sign_ins=bounds.sign_ins,
        sign_outs=bounds.sign_outs,
        idle_times=bounds.idle_times,
        vends=bounds.vends,
    )


def violation(state: State) -> str:
    """Name the property that a state violates, or give an empty text."""
    return state.broken or _token_nowhere(state) or _two_in_flight(state) or _no_slot(state.item)


def _token_nowhere(state: State) -> str:
    holders = held(state)
    for number, grant in enumerate(state.grants):
        if grant.live and not grant.released and not grant.lost and (number, grant.current) not in holders:
            return "the live refresh token is in nobody's hands"
    return ""


def _two_in_flight(state: State) -> str:
    sent = [attempt.token for attempt in state.attempts if attempt is not None and attempt.phase is Phase.SENT]
    for one, other in combinations((*sent, *state.late), 2):
        if one is not None and other is not None and one.grant == other.grant:
            return "two refresh requests of one grant are under way"
    return ""


def _no_slot(item: Item) -> str:
    if item.status is Status.ACTIVE and not item.idle and not item.slot:
        return "an active user has no slot and is never refreshed again"
    return ""


def explore(setting: Setting, *, limit: int = 2_000_000) -> Found:
    """Search breadth first until a property is violated or nothing new is left.

    Raises:
        MemoryError: there are more states than the limit.
    """
    first = start(setting)
    before: dict[State, tuple[State | None, str]] = {first: (None, "")}
    waiting = deque([first])
    while waiting:
        state = waiting.popleft()
        for label, after in steps(setting, state):
            if after in before:
                continue
            before[after] = (state, label)
            if how := violation(after):
                return Found(states=len(before), violation=how, trace=_trace(before, after))
            waiting.append(after)
        if len(before) > limit:
            raise MemoryError(f"{setting.scenario.name}: more than {limit} states")
    return Found(states=len(before))


def _trace(before: dict[State, tuple[State | None, str]], last: State) -> tuple[Step, ...]:
    trace: list[Step] = []
    state: State | None = last
    while state is not None:
        previous, label = before[state]
        trace.append((label, state))
        state = previous
    return tuple(reversed(trace))
