"""From a message or a caller to the right to send: lease, grace, queue check, second read.

Source: design, refresh invariants 1 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.moves import Steps, advance, broken, doubtful, failing, finish, is_mine, may, name_of
from tests.model.rules import Fault, Property
from tests.model.state import MANY, Attempt, Item, Lease, Phase, State, Status

if TYPE_CHECKING:
    from tests.model.rules import Rules, Setting


def deliver(setting: Setting, state: State) -> Steps:
    """A scheduled message, first or repeated, late or not, reaches the first worker that is free."""
    free = next((place for place in range(setting.scenario.workers) if state.attempts[place] is None), None)
    if free is None:
        return
    item, attempt = state.item, Attempt(Phase.READY, due=state.round)
    if item.status is Status.SIGNED_OUT and item.slot and setting.rules.lease_needs_active:
        due = attempt._replace(phase=Phase.DUE, generation=item.generation, new=item.token)
        yield f"worker {free + 1}: a message finds a sign-out whose revocation is due", advance(state, free, due)
    elif item.idle and item.slot:
        rests = attempt._replace(phase=Phase.RESTS, used=item.used)
        yield f"worker {free + 1}: a message finds the item idle", advance(state, free, rests)
    elif item.refreshed < state.round or not setting.rules.lease_needs_stale:
        yield from take_lease(setting, advance(state, free, attempt), free)


def ask(setting: Setting, state: State) -> Steps:
    """The application's back end reads the item and finds the token stale."""
    place = setting.scenario.workers
    if not setting.scenario.demand or state.attempts[place] is not None or state.item.status is not Status.ACTIVE:
        return
    yield (
        "caller: reads the item and finds the token stale",
        advance(state, place, Attempt(Phase.READ, state.item.generation)),
    )


def lease_on_demand(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    same = state.item.generation == attempt.generation
    taken = []
    if same or not setting.rules.lease_needs_generation_as_read:
        taken = list(take_lease(setting, state, place))
    if not taken:
        yield "caller: is refused the lease and looks again later", finish(setting.rules, state, place)
    for label, after in taken:
        yield label, after if same else broken(setting, after, Property.TOO_NEW)


def take_lease(setting: Setting, state: State, place: int) -> Steps:
    """One conditional update that returns the item as it was."""
    rules, item, who = setting.rules, state.item, name_of(state, place)
    if item.token is None or item.token.number >= setting.scenario.rotations:
        return
    if item.status is not Status.ACTIVE and rules.lease_needs_active:
        return
    if not rules.lease_is_taken:
        attempt = _leased(rules, state, place, unsettled=1, grace=False)
        yield f"{who}: reads the item and takes no lease", advance(state, place, attempt)
    elif item.lease is Lease.OVER or not rules.lease_waits_for_lease_until:
        yield from _write_lease(setting, state, place)
    elif item.owner == place and state.attempts[place] is not None:
        attempt = _leased(rules, state, place, unsettled=item.unsettled, grace=False)
        yield f"{who}: is refused the lease and takes it for its own", advance(state, place, attempt)


def _write_lease(setting: Setting, state: State, place: int) -> Steps:
    rules, item, who = setting.rules, state.item, name_of(state, place)
    unsettled = min(item.unsettled + 1, MANY) if rules.lease_counts_unsettled else 1
    leased = item._replace(
        owner=place,
        lease=Lease.RUNS,
        unsettled=unsettled,
        grace_given=item.grace_given and not rules.lease_clears_grace,
    )
    grace = item.grace_given and rules.grace_is_remembered
    attempt = _leased(rules, state, place, unsettled=unsettled, grace=grace)
    yield f"{who}: takes the lease", advance(state, place, attempt, leased)
    if not may(setting, state, Fault.ANSWER):
        return
    leased = doubtful(leased, leased.generation)
    if not rules.own_lease_is_recognised:
        waiting = broken(setting, finish(rules, state, place, leased), Property.OWN_LEASE)
        yield f"{who}: takes the lease, the answer is lost; asks again and is refused", failing(waiting)
        return
    attempt = _leased(rules, state, place, unsettled=unsettled, grace=not rules.lost_lease_answer_means_no_grace)
    again = failing(advance(state, place, attempt, leased))
    yield f"{who}: takes the lease, the answer is lost; asks again and finds itself the owner", again


def _leased(rules: Rules, state: State, place: int, *, unsettled: int, grace: bool) -> Attempt:
    """Begin an attempt under a lease; what it does first depends on earlier attempts."""
    item, before = state.item, state.attempts[place]
    earlier = unsettled > 1
    phase = Phase.READY
    if earlier:
        phase = _check(rules) if grace or not rules.grace_is_given else Phase.GIVES_GRACE
    due = None if before is None else before.due
    return Attempt(phase, item.generation, item.token, earlier=earlier, grace=grace, due=due)


def _check(rules: Rules) -> Phase:
    if rules.queue_is_checked and (rules.item_is_read_after_the_queue or not rules.item_is_read_again):
        return Phase.CHECKS_QUEUE
    return Phase.READS_AGAIN if rules.item_is_read_again else Phase.READY


def give_grace(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    rules, item, who = setting.rules, state.item, name_of(state, place)
    if not is_mine(rules, item, attempt, place):
        yield f"{who}: is refused the grace", finish(rules, state, place)
        return
    graced = item._replace(
        lease=Lease.GRACE,
        grace_given=True,
        unsettled=item.unsettled - 1,  # it has sent nothing itself; all holds, too, where it stays counted
        doubts=max(item.doubts - 1, -1),
    )
    after = finish(rules, state, place, graced)
    if graced.doubts < 0:
        after = broken(setting, after, Property.NEEDLESS_GRACE)
    yield f"{who}: gives a grace and sends nothing", after


def check_queue(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Visible, in-flight and delayed messages are counted; what has just been sent is perhaps not yet."""
    rules, who = setting.rules, name_of(state, place)
    first = rules.item_is_read_after_the_queue
    empty = attempt._replace(phase=Phase.READS_AGAIN if rules.item_is_read_again and first else Phase.READY)
    if any(rescue.counted for rescue in state.rescues):
        waits = attempt._replace(phase=Phase.SETTLED)
        yield f"{who}: finds the rescue queue not empty", advance(state, place, waits)
        if not rules.queue_check_sees_messages_in_flight:
            yield f"{who}: finds no visible message in the rescue queue", advance(state, place, empty)
        if may(setting, state, Fault.BLIND):
            yield f"{who}: is told wrongly that the rescue queue is empty", failing(advance(state, place, empty))
    else:
        yield f"{who}: finds the rescue queue empty", advance(state, place, empty)


def read_again(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    rules, who = setting.rules, name_of(state, place)
    if state.item.generation == attempt.generation and state.item.owner == place:
        checked_before = rules.item_is_read_after_the_queue or not rules.queue_is_checked
        after = attempt._replace(phase=Phase.READY if checked_before else Phase.CHECKS_QUEUE)
        yield f"{who}: reads the item again and still owns the lease", advance(state, place, after)
    else:
        yield f"{who}: reads the item again and finds it changed", finish(rules, state, place)


def give_back(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Give the lease back: after a known failure, or after an outcome that is not known."""
    rules, item, who = setting.rules, state.item, name_of(state, place)
    if not is_mine(rules, item, attempt, place):
        yield f"{who}: is refused giving the lease back", finish(rules, state, place)
        return
    yield f"{who}: gives the lease back", finish(rules, state, place, _given_back(rules, item, attempt))


def _given_back(rules: Rules, item: Item, attempt: Attempt) -> Item:
    unknown = attempt.phase is Phase.UNKNOWN
    settles = not rules.unknown_outcome_stays_unsettled if unknown else rules.known_failure_settles
    put_back = not rules.unknown_outcome_keeps_grace_cleared if unknown else rules.known_failure_puts_grace_back
    return item._replace(
        owner=None,
        lease=Lease.OVER,
        unsettled=max(0, item.unsettled - 1) if settles else item.unsettled,
        grace_given=item.grace_given or (attempt.grace and put_back),
    )


def rest(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Take an idle item's slot, unless it was used meanwhile."""
    if state.item.used == attempt.used or not setting.rules.idle_rest_needs_last_use:
        resting = finish(setting.rules, state, place, state.item._replace(slot=False))
        yield f"{name_of(state, place)}: takes the idle item's slot", resting
    else:
        yield f"{name_of(state, place)}: is refused taking the slot", finish(setting.rules, state, place)
