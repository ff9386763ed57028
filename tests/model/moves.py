"""What the steps are made of: Sentinel's side of a request, the table's writes, an attempt's next phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.rules import Fault, Property
from tests.model.state import GONE, Lease, State, Status, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.rules import Rules, Setting
    from tests.model.state import Attempt, Grant, Item, Rescue

type Step = tuple[str, State]
type Steps = Iterator[Step]


def may(setting: Setting, state: State, fault: Fault) -> bool:
    return state.faults > 0 and fault in setting.scenario.kinds


def failing(state: State) -> State:
    return state._replace(faults=state.faults - 1)


def broken(setting: Setting, state: State, how: Property) -> State:
    """Note that a step violated a property, if that is one which is looked at."""
    return state._replace(broken=how) if how in setting.properties and not state.broken else state


def name_of(state: State, place: int) -> str:
    """Name the attempt at a place; the on-demand caller has the last one where there is any."""
    attempt = state.attempts[place]
    return "caller" if attempt is not None and attempt.due is None else f"worker {place + 1}"


def advance(state: State, place: int, attempt: Attempt, item: Item | None = None) -> State:
    attempts = (*state.attempts[:place], attempt, *state.attempts[place + 1 :])
    return state._replace(attempts=attempts, item=state.item if item is None else item)


def finish(rules: Rules, state: State, place: int, item: Item | None = None) -> State:
    """End an attempt. No later one bears its owner's value."""
    item = state.item if item is None else item
    if item.owner == place and rules.lease_owner_is_fresh:
        item = item._replace(owner=GONE)
    attempts = (*state.attempts[:place], None, *state.attempts[place + 1 :])
    return state._replace(attempts=attempts, item=item)


def is_mine(rules: Rules, item: Item, attempt: Attempt, place: int) -> bool:
    """The condition of failure writes, of the grace and of giving a lease back."""
    same_generation = not rules.failure_write_needs_generation or item.generation == attempt.generation
    same_owner = not rules.failure_write_needs_owner or item.owner == place
    return same_generation and same_owner


def without_attempt(rules: Rules, item: Item) -> Item:
    """Clear what a lease wrote, as every write of a new generation does."""
    if not rules.new_generation_clears_attempt:
        return item._replace(doubts=0)
    return item._replace(owner=None, lease=Lease.OVER, unsettled=0, grace_given=False, doubts=0)


def with_tokens(setting: Setting, state: State, token: Token, *, signs_in: bool = False, slot: bool = True) -> State:
    """Write new tokens as the next generation, and note what that must never do."""
    item = state.item
    if not signs_in and item.status is Status.SIGNED_OUT:
        state = broken(setting, state, Property.COMES_BACK)
    if item.token is not None and token < item.token:
        state = broken(setting, state, Property.OVERWRITES)
    new = without_attempt(setting.rules, item)._replace(
        token=token,
        status=Status.ACTIVE,
        generation=item.generation + 1,
        slot=slot or item.slot,
        scope=None,
        refreshed=state.round,
    )
    return state._replace(item=new)


def process(setting: Setting, state: State, token: Token) -> tuple[State, Token | None]:
    """Let Sentinel process a refresh request. Gives the new token, or None where it answers invalid_grant."""
    number, grant = token.grant, state.grants[token.grant]
    if grant.live and token.number == grant.current:
        rotated = grant._replace(current=grant.current + 1)
        return with_grant(state, number, rotated), Token(number, rotated.current)
    state = check_reuse(setting, state, token)
    if setting.scenario.strict:
        state = with_grant(state, number, grant._replace(live=False))
    return state, None


def check_reuse(setting: Setting, state: State, token: Token) -> State:
    """An old token may reach Sentinel only after the newest was lost for good.

    Where the queue's counts may fail, a merely refused token is no harm: what counts then is that a rescue still lands.
    """
    grant = state.grants[token.grant]
    forgiven = Fault.BLIND in setting.scenario.kinds and not setting.scenario.strict
    if grant.live and token.number < grant.current and not grant.lost and not forgiven:
        return broken(setting, state, Property.OLD_SENT)
    return state


def with_grant(state: State, number: int, grant: Grant) -> State:
    return state._replace(grants=(*state.grants[:number], grant, *state.grants[number + 1 :]))


def revoke(state: State, token: Token) -> State:
    """Let LivePerson revoke a token: all of the user's grants end with it. A token that is void changes nothing."""
    grant = state.grants[token.grant]
    if not grant.live or token.number != grant.current:
        return state
    return state._replace(grants=tuple(each._replace(live=False) for each in state.grants))


def held(state: State) -> set[Token]:
    """Find every token that somebody who lives, the table or the queue still holds."""
    item = state.item
    tokens = {rescue.token for rescue in state.rescues}
    tokens |= {attempt.new for attempt in state.attempts if attempt is not None and attempt.new is not None}
    if item.token is not None and (item.status is not Status.SIGNED_OUT or (item.scope == "liveperson" and item.slot)):
        tokens.add(item.token)
    if state.signing_in is not None:
        tokens.add(state.signing_in.token)
    return tokens


def mark_lost(state: State, token: Token | None) -> State:
    """Note that a token went with the last who held it, where no rule could have helped."""
    if token is None or token in held(state):
        return state
    grant = state.grants[token.grant]
    return with_grant(state, token.grant, grant._replace(lost=True)) if grant.current == token.number else state


def queued(state: State, rescue: Rescue) -> State:
    return state._replace(rescues=tuple(sorted({*state.rescues, rescue})))


def doubtful(item: Item, generation: int) -> Item:
    """Note that an attempt at this generation has no known end."""
    return item._replace(doubts=item.doubts + 1) if item.generation == generation else item
