"""Sign-in, sign-out and revocation.

Source: design, refresh invariants 3 and 5, and Table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.moves import (
    Steps,
    advance,
    broken,
    failing,
    finish,
    may,
    name_of,
    queued,
    revoke,
    with_grant,
    with_tokens,
    without_attempt,
)
from tests.model.rules import Fault, Property
from tests.model.state import Attempt, Grant, Item, Phase, Rescue, SigningIn, SigningOut, State, Status, Token

if TYPE_CHECKING:
    from tests.model.rules import Setting


def begin_sign_in(_: Setting, state: State) -> Steps:
    if state.sign_ins == 0 or state.signing_in is not None:
        return
    token = Token(len(state.grants), 0)
    begun = state._replace(sign_ins=state.sign_ins - 1, grants=(*state.grants, Grant()), signing_in=SigningIn(token))
    yield f"callback: exchanges a code for {token}", begun


def save_sign_in(setting: Setting, state: State) -> Steps:
    """Save under a generation above the stored one; the worst clock gives the very next."""
    signing_in = state.signing_in
    if signing_in is None:
        return
    if signing_in.drawn is not None:
        yield from _repeat_sign_in(setting, state, signing_in)
        return
    token = signing_in.token
    saved = _signed_in(setting, state, token)
    yield f"callback: saves {token}", saved._replace(signing_in=None)
    if may(setting, state, Fault.TABLE):
        released = with_grant(state, token.grant, state.grants[token.grant]._replace(released=True))
        yield f"callback: fails to save {token}: 503", failing(released)._replace(signing_in=None)
    if may(setting, state, Fault.ANSWER):
        unsure = SigningIn(token, saved.item.generation)
        yield f"callback: saves {token}, the answer is lost", failing(saved)._replace(signing_in=unsure)


def _repeat_sign_in(setting: Setting, state: State, signing_in: SigningIn) -> Steps:
    """The write is tried again and refused: by its own first try, or by what came after."""
    item, token = state.item, signing_in.token
    own = item.token is not None and item.token.grant == token.grant
    by_token = item.token == token
    if (own if setting.rules.sign_in_knows_itself else by_token) or item.status is not Status.ACTIVE:
        yield f"callback: asks again and finds {token} saved", state._replace(signing_in=None)
    else:
        repeated = _signed_in(setting, state, token)
        yield f"callback: asks again, is refused, saves {token} as the next", repeated._replace(signing_in=None)


def _signed_in(setting: Setting, state: State, token: Token) -> State:
    saved = with_tokens(setting, state, token, signs_in=True)
    older = tuple(
        grant if number >= token.grant else grant._replace(released=True) for number, grant in enumerate(saved.grants)
    )
    item = saved.item._replace(idle=False)
    return saved._replace(grants=older, item=item)


def begin_sign_out(setting: Setting, state: State) -> Steps:
    """A session of today's epoch asks to be ended; its write comes later."""
    if state.sign_outs == 0 or state.item.status is Status.SIGNED_OUT:
        return
    for scope in setting.scenario.scopes:
        pending = tuple(sorted((*state.signing_out, SigningOut(scope, state.item.epoch))))
        yield (
            f"session: a {scope} sign-out begins",
            state._replace(sign_outs=state.sign_outs - 1, signing_out=pending),
        )


def write_sign_out(setting: Setting, state: State) -> Steps:
    for signing_out in sorted(set(state.signing_out)):
        left = list(state.signing_out)
        left.remove(signing_out)
        after = state._replace(signing_out=tuple(left))
        if signing_out.epoch != state.item.epoch and setting.rules.sign_out_knows_its_epoch:
            yield f"session: the {signing_out.scope} sign-out finds its session ended", after
        else:
            yield f"session: the {signing_out.scope} sign-out is written", _signed_out(setting, after, signing_out)


def _signed_out(setting: Setting, state: State, signing_out: SigningOut) -> State:
    item, rules = state.item, setting.rules
    out = without_attempt(rules, item)._replace(
        status=Status.SIGNED_OUT, generation=item.generation + 1, epoch=item.epoch + 1, scope=signing_out.scope
    )
    if signing_out.epoch != item.epoch and item.status is Status.ACTIVE:
        state = broken(setting, state, Property.ENDS_SIGN_IN)
    if signing_out.scope == "liveperson":
        kept = out.token if rules.sign_out_keeps_token else None
        unsettled = item.unsettled if rules.sign_out_keeps_unsettled else out.unsettled
        due = out._replace(token=kept, slot=kept is not None, unsettled=unsettled, revoked_generation=item.generation)
        return state._replace(item=due)
    return _let_go(state._replace(item=out._replace(token=None, slot=False)), item)


def _let_go(state: State, item: Item) -> State:
    """A local sign-out lets the stored grant go, unless a revocation is due for it."""
    if item.status is Status.SIGNED_OUT:
        return state
    unsaved = state.signing_in is not None and state.signing_in.drawn is None
    kept = state.signing_in.token.grant if state.signing_in is not None and unsaved else None
    grants = tuple(
        grant if number == kept else grant._replace(released=True) for number, grant in enumerate(state.grants)
    )
    return state._replace(grants=grants)


def revoke_due(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Work off the revocation that the item remembers; a failure leaves it to the next message."""
    who, token = name_of(state, place), attempt.new
    assert token is not None
    revoked = attempt._replace(phase=Phase.REVOKED, new=None)
    yield f"{who}: revokes {token}", advance(revoke(state, token), place, revoked)
    if may(setting, state, Fault.REVOKE):
        yield f"{who}: fails to revoke {token}", failing(finish(setting.rules, state, place))


def forget_revoked(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Remove token and slot, where nothing else has been written meanwhile."""
    rules, item, who = setting.rules, state.item, name_of(state, place)
    if item.generation != attempt.generation and rules.revoked_is_removed_by_generation:
        yield f"{who}: is refused removing the revoked token", finish(rules, state, place)
        return
    scope = item.scope if rules.sign_out_is_remembered_after_revoking else None
    done = finish(rules, state, place, item._replace(token=None, slot=False, scope=scope))
    doubtful = item.unsettled > 0
    if any(grant.live and grant.lost and not grant.released for grant in state.grants) and not doubtful:
        done = broken(setting, done, Property.SILENT_SIGN_OUT)
    yield f"{who}: removes token and slot{', reports a possible loss' if doubtful else ''}", done


def revoke_refused(setting: Setting, state: State, place: int, attempt: Attempt) -> Steps:
    """Revoke what a refused save brought back; what cannot be revoked now waits in the rescue queue."""
    rules, who, token = setting.rules, name_of(state, place), attempt.new
    assert token is not None
    yield f"{who}: revokes {token}", finish(rules, revoke(state, token), place)
    given_up = finish(rules, state, place)
    if rules.failed_revocation_is_queued:
        yield f"{who}: queues {token} to be revoked", queued(given_up, Rescue(token, attempt.generation))
    elif may(setting, state, Fault.REVOKE):
        yield f"{who}: fails to revoke {token}", failing(given_up)


def revoke_rescue(setting: Setting, state: State) -> Steps:
    """Revoke what a refused rescue brought back; where that fails, the message stays."""
    message = state.revoking
    if message is None:
        return
    rest = tuple(each for each in state.rescues if each != message)
    yield (
        f"rescue: revokes {message.token}",
        revoke(state, message.token)._replace(revoking=None, rescues=rest),
    )
    if may(setting, state, Fault.REVOKE):
        yield f"rescue: fails to revoke {message.token}", failing(state)._replace(revoking=None)
