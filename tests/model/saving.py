"""From sending to the end of an attempt: Sentinel's answer, the save, the rescue queue.

Source: design, refresh invariants 3, 4 and 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.moves import (
    Steps,
    advance,
    broken,
    check_reuse,
    doubtful,
    failing,
    finish,
    is_mine,
    mark_lost,
    may,
    name_of,
    process,
    queued,
    with_grant,
    with_tokens,
    without_attempt,
)
from tests.model.rules import Fault, Property
from tests.model.state import Attempt, Phase, Rescue, State, Status, Token

if TYPE_CHECKING:
    from tests.model.rules import Rules, Setting


def send(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    who = name_of(state, place)
    if attempt.expired and setting.rules.post_starts_only_with_time_left:
        late = attempt._replace(phase=Phase.SETTLED)
        yield f"{who}: finds its lease too far gone to send", advance(state, place, late)
        return
    assert attempt.token is not None
    sent = advance(state, place, attempt._replace(phase=Phase.SENT))
    sent = check_reuse(setting, sent, attempt.token)
    yield f"{who}: sends {attempt.token}", sent


def hear(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Sentinel answers, refuses, says that it could not, or is not waited for any longer."""
    who, token = name_of(state, place), attempt.token
    assert token is not None
    processed, new = process(setting, state, token)
    answered = attempt._replace(phase=Phase.REFUSED if new is None else Phase.ANSWERED, new=new)
    label = f"{who}: is told invalid_grant" if new is None else f"{who}: gets {new}"
    yield label, advance(processed, place, answered)
    settled, unknown = attempt._replace(phase=Phase.SETTLED), attempt._replace(phase=Phase.UNKNOWN)
    if may(setting, state, Fault.ERROR):
        yield f"{who}: Sentinel could not process the request", failing(advance(state, place, settled))
    if may(setting, state, Fault.LATE):
        late = failing(advance(state, place, unknown, doubtful(state.item, attempt.generation)))
        yield f"{who}: stops waiting for Sentinel", late._replace(late=tuple(sorted((*state.late, token))))
    if may(setting, state, Fault.HIDDEN) and new is not None:
        hidden = mark_lost(failing(advance(processed, place, settled)), new)
        yield f"{who}: Sentinel rotates to {new} and answers 5xx", hidden


def save(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Save under the condition on `generation`; a refusal is looked at."""
    rules, who, new = setting.rules, name_of(state, place), attempt.new
    assert new is not None
    if state.item.generation != attempt.generation and rules.save_needs_generation:
        yield from _look(setting, state, place, attempt)
        return
    saved = with_tokens(setting, state, new)
    if attempt.due is not None and state.item.refreshed >= attempt.due:
        saved = broken(setting, saved, Property.REPEATED)
    yield f"{who}: saves {new}", finish(rules, saved, place)
    if attempt.save_failed:
        return
    failed = attempt._replace(save_failed=True)
    if may(setting, state, Fault.TABLE):
        yield f"{who}: fails to save, the table is out", failing(advance(state, place, failed))
    if may(setting, state, Fault.ANSWER):
        yield f"{who}: saves {new}, the answer is lost", failing(advance(saved, place, failed))


def _look(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """A refused save: our own, somebody else's, or a token that a sign-out wanted revoked."""
    rules, item, who, new = setting.rules, state.item, name_of(state, place), attempt.new
    assert new is not None
    own = item.token == new or not rules.own_save_is_told_by_its_token
    if own and item.generation == attempt.generation + 1 and rules.own_save_is_recognised:
        yield f"{who}: is refused the save and finds its own", finish(rules, state, place)
    elif rules.refused_save_is_revoked and is_to_be_revoked(rules, state, attempt.generation):
        revokes = attempt._replace(phase=Phase.REVOKES)
        yield f"{who}: is refused the save after a sign-out", spare_new_sign_in(setting, advance(state, place, revokes))
    else:
        left = finish(rules, state, place)
        if item.token == new and item.status is Status.ACTIVE:
            left = broken(setting, left, Property.MISREPORTED)
        yield f"{who}: is refused the save and drops {new}", left


def is_to_be_revoked(rules: Rules, state: State, generation: int) -> bool:
    """Tell whether a refused write's token belongs to what a liveperson sign-out ended."""
    item = state.item
    number = generation if rules.refused_generation_is_the_replaced_one else generation + 1
    return number <= item.revoked_generation and (item.scope == "liveperson" or not rules.new_sign_in_is_spared)


def spare_new_sign_in(setting: Setting, state: State) -> State:
    return state if state.item.scope == "liveperson" else broken(setting, state, Property.ENDS_SIGN_IN)


def queue(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """A save that failed goes to the rescue queue before the lease ends; if both are out, the loss is logged."""
    rules, who, new = setting.rules, name_of(state, place), attempt.new
    if not attempt.save_failed:
        return
    assert new is not None
    if not rules.failed_save_is_queued:
        yield f"{who}: gives up saving {new}", finish(rules, state, place)
        return
    item = doubtful(state.item, attempt.generation)
    in_queue = queued(state, Rescue(new, attempt.generation))
    if rules.queued_attempt_stays_unsettled:
        yield f"{who}: queues {new} for rescue", finish(rules, in_queue, place, item)
    else:
        settled = advance(in_queue, place, attempt._replace(phase=Phase.SETTLED, new=None))
        yield f"{who}: queues {new} for rescue and counts as settled", settled
    if attempt.queue_failed:
        lost = mark_lost(finish(rules, state, place, item), new)
        yield f"{who}: gives up at the end of the lease and logs rotation_lost", lost
        return
    failed = attempt._replace(queue_failed=True)
    if may(setting, state, Fault.QUEUE):
        yield f"{who}: fails to queue, the queue is out", failing(advance(state, place, failed))
    if may(setting, state, Fault.QUEUE_ANSWER):
        yield f"{who}: queues {new}, the answer is lost", failing(advance(in_queue, place, failed))


def end_grant(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Store that the user must sign in again, and say whether a rotation may have been lost."""
    rules, item, who, token = setting.rules, state.item, name_of(state, place), attempt.token
    assert token is not None
    if not is_mine(rules, item, attempt, place):
        yield f"{who}: is refused ending the grant", finish(rules, state, place)
        return
    generation = item.generation if rules.reauthorize_keeps_generation else item.generation + 1
    ended = without_attempt(rules, item)._replace(
        token=None, status=Status.REAUTHORIZE, slot=False, generation=generation
    )
    after = finish(rules, state, place, ended)
    reports_loss = attempt.earlier and rules.loss_is_told_by_unsettled
    if item.token != token:
        after = broken(setting, after, Property.ERASES)
    elif state.grants[token.grant].lost and not reports_loss:
        after = broken(setting, after, Property.SILENT)
    yield f"{who}: stores reauthorize, reports {'rotation_lost' if reports_loss else 'invalid_grant'}", after


def rescue(setting: Setting, state: State) -> Steps:
    """The worker takes a message from the rescue queue, any message at any time, and writes its token."""
    rules = setting.rules
    if state.revoking is not None:
        return
    for message in state.rescues:
        rest = tuple(each for each in state.rescues if each != message)
        if state.item.generation == message.generation or not rules.rescue_needs_generation:
            landed = with_tokens(setting, state, message.token, slot=rules.rescue_sets_slot)
            yield f"rescue: saves {message.token}", landed._replace(rescues=rest)
            if may(setting, state, Fault.TWICE):
                yield f"rescue: saves {message.token} and dies before it deletes the message", failing(landed)
        elif rules.refused_rescue_is_revoked and is_to_be_revoked(rules, state, message.generation):
            after = spare_new_sign_in(setting, state._replace(revoking=message))
            yield f"rescue: is refused {message.token} after a sign-out", after
        else:
            yield f"rescue: is refused and drops {message.token}", state._replace(rescues=rest)


def process_late(setting: Setting, state: State) -> Steps:
    """Sentinel processes a request that nobody waits for, or never does."""
    for token in state.late:
        rest = list(state.late)
        rest.remove(token)
        without = state._replace(late=tuple(rest))
        yield f"Sentinel: never processes {token}, sent before", without
        processed, new = process(setting, without, token)
        if new is None:
            yield f"Sentinel: refuses {token}, sent before", processed
        else:
            yield f"Sentinel: rotates {token} to {new}, nobody hears of it", _unheard(processed, new)


def _unheard(state: State, new: Token) -> State:
    return with_grant(state, new.grant, state.grants[new.grant]._replace(lost=True))
