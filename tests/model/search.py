"""Explicit-state search, breadth first: every state within a scenario's bounds, or the shortest way to a violation."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.model import leasing, leaving, passing, saving
from tests.model.moves import held
from tests.model.rules import Property
from tests.model.state import Lease, Phase, State, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.model.moves import Step, Steps
    from tests.model.rules import Setting

type CameFrom = dict[State, tuple[State | None, str]]

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
    passing.use,
    passing.end_at_liveperson,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Args:
        met: every state; violation: the property, or "" where all hold; trace: the shortest way there.
    """

    met: Collection[State] = field(repr=False)
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
        uses=bounds.uses,
    )


def violation(setting: Setting, state: State) -> str:
    """Name a property that a state violates, or give an empty text."""
    if state.broken:
        return state.broken
    holds = ((Property.NOWHERE, _token_nowhere), (Property.TWO_IN_FLIGHT, _two_in_flight), (Property.NO_SLOT, _no_slot))
    return next((how for how, is_so in holds if how in setting.properties and is_so(state)), "")


def _token_nowhere(state: State) -> bool:
    holders = held(state)
    return any(
        grant.live and not grant.released and not grant.lost and (number, grant.current) not in holders
        for number, grant in enumerate(state.grants)
    )


def _two_in_flight(state: State) -> bool:
    sent = [each.token.grant for each in state.attempts if each and each.phase is Phase.SENT and each.token]
    sent += [token.grant for token in state.late]
    return len(sent) > len(set(sent))


def _no_slot(state: State) -> bool:
    item = state.item
    return item.status is Status.ACTIVE and not item.idle and not item.slot


def explore(setting: Setting, *, limit: int = 1_000_000) -> Found:
    """Search breadth first until a property is violated or nothing new is left.

    Raises:
        MemoryError: there are more states than the limit.
    """
    came_from: CameFrom = {start(setting): (None, "")}
    ways_back: defaultdict[State, list[State]] = defaultdict(list)
    waiting = deque(came_from)
    while waiting:
        state = waiting.popleft()
        for label, after in steps(setting, state):
            if Property.STUCK in setting.properties and _is_by_itself(state, after):
                ways_back[after].append(state)
            if after in came_from:
                continue
            came_from[after] = (state, label)
            if how := violation(setting, after):
                return Found(met=came_from.keys(), violation=how, trace=_trace(came_from, after))
            waiting.append(after)
        if len(came_from) > limit:
            raise MemoryError(f"{setting.scenario.name}: more than {limit} states")
    stuck = _find_stuck(setting, came_from, ways_back)
    if stuck is None:
        return Found(met=came_from.keys())
    return Found(met=came_from.keys(), violation=Property.STUCK, trace=_trace(came_from, stuck))


def _is_by_itself(state: State, after: State) -> bool:
    """Tell whether a step needs neither a further fault nor a person nor the next interval."""
    return bounds_left(state) == bounds_left(after)


def bounds_left(state: State) -> tuple[int, ...]:
    return state.faults, state.sign_ins, state.sign_outs, state.rounds, state.idle_times, state.uses


def _find_stuck(setting: Setting, came_from: CameFrom, ways_back: Mapping[State, list[State]]) -> State | None:
    """Find the first state from which nothing leads to rest by itself."""
    if Property.STUCK not in setting.properties:
        return None
    resting = deque(state for state in came_from if is_at_rest(setting, state))
    can_rest = set(resting)
    while resting:
        for before in ways_back.get(resting.popleft(), ()):
            if before not in can_rest:
                can_rest.add(before)
                resting.append(before)
    return next((state for state in came_from if state not in can_rest), None)


def is_at_rest(setting: Setting, state: State) -> bool:
    """Tell whether nothing is left to do: the user is refreshed, must sign in, or is signed out and revoked."""
    item = state.item
    under_way = (*state.attempts, *state.late, *state.rescues, *state.signing_out, state.signing_in, state.revoking)
    if any(each is not None for each in under_way) or item.lease is not Lease.OVER:
        return False
    if item.status is Status.ACTIVE:
        is_last = item.token is not None and item.token.number == setting.scenario.rotations
        return item.idle or is_last or item.refreshed == state.round
    return not item.slot


def _trace(came_from: CameFrom, last: State) -> tuple[Step, ...]:
    trace: list[Step] = []
    state: State | None = last
    while state is not None:
        previous, label = came_from[state]
        trace.append((label, state))
        state = previous
    return tuple(reversed(trace))
