"""What happens by itself: leases end, counts catch up, the hour goes round, processes die.

No clock is modelled. What the design ensures by its numbers stands here as a condition on when a lease may end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.moves import Steps, advance, doubtful, failing, finish, mark_lost, may, name_of, with_grant
from tests.model.rules import Fault
from tests.model.state import Lease, Phase, State, Status

if TYPE_CHECKING:
    from tests.model.rules import Rules, Setting
    from tests.model.state import Attempt


def end_lease(setting: Setting, state: State) -> Steps:
    """A lease ends: never while a request is waited for or saved, and a grace not before all that is late."""
    item, rules = state.item, setting.rules
    if item.lease is Lease.OVER or any(_is_bound(rules, attempt) for attempt in state.attempts):
        return
    if item.lease is Lease.GRACE and rules.grace_outlasts_what_is_late and _is_something_late(state):
        return
    ended = state._replace(item=item._replace(lease=Lease.OVER))
    holder = None if item.owner is None or item.owner < 0 else state.attempts[item.owner]
    if holder is None:
        yield f"time: the {'grace' if item.lease is Lease.GRACE else 'lease'} ends", ended
    elif item.owner is not None and may(setting, state, Fault.SLOW):
        doubted = doubtful(ended.item, holder.generation)
        stalled = advance(ended, item.owner, holder._replace(expired=True), doubted)
        yield f"time: {name_of(state, item.owner)} stalls, its lease ends", failing(stalled)


def _is_bound(rules: Rules, attempt: Attempt | None) -> bool:
    """Tell whether an attempt does what every lease is long enough for."""
    if attempt is None:
        return False
    waits = attempt.phase is Phase.SENT and rules.post_ends_by_its_deadline
    return waits or (attempt.phase is Phase.ANSWERED and rules.save_ends_with_lease)


def _is_something_late(state: State) -> bool:
    return bool(state.late) or any(not rescue.counted for rescue in state.rescues)


def catch_up(_: Setting, state: State) -> Steps:
    """The queue's counts come to know of what was sent."""
    if any(not rescue.counted for rescue in state.rescues):
        counted = {rescue._replace(counted=True) for rescue in state.rescues}
        yield "time: the rescue queue's counts catch up", state._replace(rescues=tuple(sorted(counted)))


def go_round(_: Setting, state: State) -> Steps:
    if state.rounds > 0:
        yield "time: an interval passes", state._replace(round=state.round + 1, rounds=state.rounds - 1)


def grow_idle(_: Setting, state: State) -> Steps:
    if state.idle_times > 0 and not state.item.idle:
        yield (
            "time: nobody uses the grant for so long that it is idle",
            state._replace(idle_times=state.idle_times - 1, item=state.item._replace(idle=True)),
        )


def use(_: Setting, state: State) -> Steps:
    """The application's back end uses the grant: that gives an idle one its slot back."""
    if state.uses > 0 and state.item.status is Status.ACTIVE:
        used = state.item._replace(idle=False, slot=True, used=state.item.used + 1)
        yield "caller: uses the grant", state._replace(uses=state.uses - 1, item=used)


def end_at_liveperson(setting: Setting, state: State) -> Steps:
    if may(setting, state, Fault.ENDED):
        for number, grant in enumerate(state.grants):
            if grant.live:
                yield f"LivePerson: ends g{number}", failing(with_grant(state, number, grant._replace(live=False)))


def die(setting: Setting, state: State, place: int) -> Steps:
    """A process dies. Its request is still under way; what it alone held is lost."""
    attempt = state.attempts[place]
    if attempt is None or not may(setting, state, Fault.DEATH):
        return
    dead = failing(finish(setting.rules, state, place))
    dead = dead._replace(item=doubtful(dead.item, attempt.generation))
    if attempt.phase is Phase.SENT and attempt.token is not None:
        dead = dead._replace(late=tuple(sorted((*dead.late, attempt.token))))
    yield f"{name_of(state, place)}: dies", mark_lost(dead, attempt.new)
