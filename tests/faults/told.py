"""What people, back ends and the event bus are told, and whether it is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from le_auth.domain.grants import Status
from tests.faults.doings import comes_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.doings import Doing
    from tests.faults.view import View

REFRESHES_MEANWHILE = 2
MEANT: Mapping[str | None, set[Status | None]] = {
    None: {Status.ACTIVE},
    "temporarily_unavailable": {*Status, None},
    "reauthorization_required": {Status.REAUTHORIZE},
    "not_signed_in": {Status.SIGNED_OUT, None},
}
"""What a back end may be told, with the status that it stands for; None: a token."""
ENDINGS = {Status.SIGNED_OUT: "UpdateItem sign out", Status.REAUTHORIZE: "UpdateItem lease"}
"""What can end a sign-in in the moment after it was stored: a sign-out, and a refresh by a clock that is ahead."""


def who_is_told_so_is_signed_in(view: View) -> str | None:
    told = [doing for doing in view.did("sign_in") if doing.signed_in]
    if not told:
        return None
    if not view.is_now(Status.ACTIVE) or view.stored is None or view.found is None:
        ending = None if view.found is None else ENDINGS.get(view.found.status)
        has_ended = ending is not None and comes_after(view.steps, "UpdateItem sign in", later=ending)
        return None if has_ended else "the sign-in is not stored"
    stored, newest = view.stored.grant.id, max(view.grants)
    is_of_another = len(view.did("sign_in")) > 1 and stored in {entry.grant for entry in view.exchanges}
    if stored != newest and not is_of_another and not _looks_like_one_of_this_second(view, newest, told[0]):
        return "another sign-in is stored"
    is_tried_since = comes_after(view.steps, "UpdateItem sign in", later="UpdateItem lease")
    if not is_tried_since and (view.found.unsettled or view.found.failures or view.found.lease_until is not None):
        return "the sign-in inherits an attempt"
    return None


def _looks_like_one_of_this_second(view: View, newest: str, doing: Doing) -> bool:
    """Tell whether another sign-in of the very same second stands there, under a number next to this one's.

    Source: le_auth.domain.sign_in, `_was_refreshed_since`.
    """
    [exchange] = [entry for entry in view.exchanges if entry.grant == newest]
    assert view.found is not None
    same_second = view.found.issued_at == exchange.at.replace(microsecond=0) + doing.clock_is_off
    drawn = int((exchange.at + doing.clock_is_off).timestamp() * 1000)
    return same_second and 0 < view.found.generation - drawn <= REFRESHES_MEANWHILE


def what_a_back_end_is_told_is_so(view: View) -> str | None:
    for doing in view.doings:
        # Where nobody else was at work on this user in the midst of it, it must be so when the call ends.
        is_alone = len(view.doings) == 1 or doing.before is not None
        statuses = set(doing.statuses[-1:] if is_alone else doing.statuses)
        for answer in doing.vended:
            if wrong := _wrong_in(answer, statuses, view):
                return wrong
    return None


def _wrong_in(answer: Mapping[str, Any], statuses: set[Status | None], view: View) -> str | None:
    error = answer.get("error")
    if error is not None and error not in MEANT:
        return f"a back end was told {error}"
    if error is None:
        token = view.find(answer["access_token"])
        if token is None or token.kind != "access" or token.grant.user_id != view.user.user_id:
            return "somebody else's token was given"
    return None if statuses & MEANT[error] else f"a back end was told {error or 'a token'} of who is {statuses}"


def a_loss_is_said(view: View) -> str | None:
    """Whoever must sign in again is told of to the event bus, at once unless the teller dies; and nobody else is."""
    is_lost = Status.REAUTHORIZE in view.history.statuses
    if view.losses_told:
        return None if is_lost or view.was(Status.REAUTHORIZE) else "a loss was told that is none"
    if not is_lost or view.was(Status.REAUTHORIZE):
        return None
    may_not_know = any("killed" in fault or call == "UpdateItem end" for call, fault in view.struck)
    return None if may_not_know else "nobody was told of the loss"
