"""The invariants, one by one: each names what is wrong with one person's view, or gives None.

Each rests on `docs/reliability.md`: what it says that cannot be promised is an excuse here, and nothing else is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.grants import Scope, Status
from tests.faults.doings import is_sent_by_two, was_decided_before
from tests.faults.seconds import SHORTEST_GRACE
from tests.faults.told import a_loss_is_said, what_a_back_end_is_told_is_so, who_is_told_so_is_signed_in
from tests.faults.undisturbed import no_attempt_stays_open_without_cause, undisturbed_deeds_succeed
from tests.faults.verdicts import ANSWER_NEVER_CAME, THE_WINDOW
from tests.faults.view import View, is_refused

if TYPE_CHECKING:
    from collections.abc import Callable


def numbers_only_grow(view: View) -> str | None:
    before, now = view.history.found, view.found
    if before is None:
        return None
    if now is None:
        return None if "expire" in view.history.tried else "the item is gone"
    if now.generation < before.generation or now.session_epoch < before.session_epoch:
        return f"{before.generation}, {before.session_epoch} became {now.generation}, {now.session_epoch}"
    return None


def nobody_comes_or_goes_unasked(view: View) -> str | None:
    if view.is_now(Status.SIGNED_OUT) and not view.was(Status.SIGNED_OUT) and "sign-out" not in view.history.tried:
        return "signed out by nobody"
    if not view.is_now(Status.ACTIVE):
        return None
    if view.stored is None:
        return "active without tokens"
    if view.stored.grant.id in view.history.let_go:
        return "came back without signing in"
    return None


def tokens_are_of_the_users_newest_sign_in(view: View) -> str | None:
    if view.history.has_gone_back:
        return "an earlier one took its place"
    if view.stored is not None and view.stored.grant.user_id != view.user.user_id:
        return f"they are {view.stored.grant.user_id}'s"
    return None


def one_refresh_at_a_time(view: View) -> str | None:
    """Nobody sends a refresh token while another holds the lease under which it sends, whatever their clocks say."""
    return "two sent at once" if is_sent_by_two(view.steps) else None


def no_old_token_is_sent(view: View) -> str | None:
    """An old token is sent only when nobody has the newer one, and nobody can come with it any more."""
    for entry in view.refreshes:
        if not entry.reuse or entry.grant is None:
            continue
        if entry.grant not in view.history.lost:
            return "the newer one was safe"
        spent_at = view.history.sent.get(entry.presented or "")
        if spent_at is not None and entry.at - spent_at < SHORTEST_GRACE:
            return f"{entry.at - spent_at} after it was spent"
    return None


def no_token_is_lost(view: View) -> str | None:
    """The newest refresh token of an authorization that the user did not let go is in the table or in RescueQueue."""
    rotated = {entry.grant for entry in view.rotations if entry.grant is not None}
    needed = {view.stored.grant.id} if view.is_now(Status.ACTIVE) and view.stored is not None else set()
    for grant in sorted(rotated | needed):
        is_missing = view.grants[grant].live and grant not in view.held and grant not in view.history.lost
        if not is_missing or not _matters(view, grant):
            continue
        excuse = _excuse(view) if grant in rotated else None
        if excuse is None:
            return f"nobody has the newest of {grant}"
        view.history.lost[grant] = excuse
    return None


def _matters(view: View, grant: str) -> bool:
    """Tell whether an authorization's newest token is needed: to refresh it, or to revoke it."""
    if view.is_now(Status.SIGNED_OUT):
        return view.found is not None and view.found.sign_out_scope is Scope.LIVEPERSON
    return view.history.last_stored == grant


def _excuse(view: View) -> str | None:
    for call, fault in view.struck:
        if call == "token-refresh" and fault in ANSWER_NEVER_CAME | {"another user"}:
            return f"{call}: {fault}"
        if (call, fault) in THE_WINDOW and fault != "out for good":
            return f"{call}: {fault}"
        if view.is_now(Status.SIGNED_OUT) and "killed" in fault:
            return f"{call}: {fault}"  # the item did not yet remember what is to be revoked
    is_out = {"UpdateItem", "SendMessage"}
    return f"out: {', '.join(sorted(is_out))}" if is_out <= view.outages else None


def authorizations_end_rightly(view: View) -> str | None:
    for grant in view.grants.values():
        if grant.ended_by == "code-reuse":
            return "a code was sent twice"
        if grant.ended_by == "reuse" and grant.id not in view.history.lost:
            return "an old token ended it"
    stored = view.stored
    if stored is None or not view.is_now(Status.ACTIVE) or stored.grant.ended_by != "revocation":
        return None
    if stored.grant.id in view.history.ended or was_decided_before(
        view.steps, "revoke", completed="UpdateItem sign in"
    ):
        return None  # a sign-in that completes while a revocation is on its way
    return "a revocation ended a newer sign-in"


def nobody_is_told_to_sign_in_again_without_reason(view: View) -> str | None:
    history, found = view.history, view.found
    _count_refusals(view)
    if found is None or found.status is not Status.REAUTHORIZE or view.was(Status.REAUTHORIZE):
        return None
    if not any(entry.grant == history.last_stored for entry in view.refreshes):
        return f"{found.last_error}, of an authorization that is no longer the user's"
    match found.last_error:
        case "identity_mismatch":
            return None if ("token-refresh", "another user") in view.struck else "nobody else was named"
        case "refused_for_good":
            return None if history.refusals >= 3 else f"{history.refusals} refusals"
        case "invalid_grant" | "rotation_lost" as reason:
            return _why_refused(view, reason)
        case reason:
            return f"{reason}"


def _why_refused(view: View, reason: str) -> str | None:
    refused = [entry for entry in view.refreshes if entry.status == 400 and entry.grant == view.history.last_stored]
    if not refused:
        return f"{reason}, and LivePerson refused nothing"
    last = refused[-1]
    if last.fault is not None:
        return None
    assert last.grant is not None
    is_lost = last.grant in view.history.lost
    if is_lost:
        return None if reason == "rotation_lost" else "the loss is not said"
    if view.grants[last.grant].ended_by in {"operator", "revocation"}:
        return None
    return f"{reason}, and the token was good"


def _count_refusals(view: View) -> None:
    for entry in view.refreshes:
        view.history.refusals = view.history.refusals + 1 if is_refused(entry) else 0


def sessions_that_ended_stay_so(view: View) -> str | None:
    history = view.history
    may_end = {"sign-out", "expire"} & history.tried
    for session in history.sessions:
        is_alive = session.belongs_to(view.found)
        if is_alive and session in history.over:
            return "a session came back"
        if not is_alive and session not in history.over:
            if not may_end:
                return "a session ended by itself"
            history.over.append(session)
    return None


INVARIANTS: dict[str, Callable[[View], str | None]] = {
    check.__name__.replace("_", " "): check
    for check in (
        numbers_only_grow,
        nobody_comes_or_goes_unasked,
        tokens_are_of_the_users_newest_sign_in,
        one_refresh_at_a_time,
        no_old_token_is_sent,
        no_token_is_lost,
        authorizations_end_rightly,
        nobody_is_told_to_sign_in_again_without_reason,
        sessions_that_ended_stay_so,
        no_attempt_stays_open_without_cause,
        who_is_told_so_is_signed_in,
        what_a_back_end_is_told_is_so,
        a_loss_is_said,
        undisturbed_deeds_succeed,
    )
}
