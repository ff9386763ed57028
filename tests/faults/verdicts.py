"""What must be so at the end of a scenario, by the call and the fault that struck it; each gives what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from le_auth.domain.grants import Grant
    from tests.faults.life import Life

ANSWER_NEVER_CAME = {
    "killed after",
    "timed out processed",
    "dropped processed",
    "malformed",
    "truncated",
    "oversized",
    "a page",
    "an empty object",
    "no access token",
    "other token type",
}
"""Sentinel rotated the token, and nobody ever learned the new one."""
THE_WINDOW = {("UpdateItem save", "killed before"), ("SendMessage", "killed before"), ("SendMessage", "out for good")}
"""Between Sentinel's answer and the save or the queue; the last one: neither of them could be reached."""
LATE_WINDOW = {
    ("UpdateItem save", "killed before"),
    ("UpdateItem save", "killed after"),
    ("UpdateItem remember revocation", "killed before"),
}
"""The same where the user has signed out meanwhile, up to where the item remembers what is to be revoked."""
REFUSED_FOR_GOOD = {"status 400", "status 403", "status 404", "status 408", "status 409", "status 422"} | {
    "invalid_request",
    "invalid_grant",
}
"""What LivePerson does not want repeated."""


def is_signed_in(life: Life, _call: str, _fault: str) -> str | None:
    status = life.status
    if status is not Status.ACTIVE or not life.was_told_of_sign_in:
        return f"is {status}, and was answered {life.last_status}"
    if not life.stored_token_is_live():
        return "the stored token is void"
    if not life.newest_is_stored():
        return "an older sign-in is stored"
    return None if life.is_in_session() else "is not in session"


def kept_its_token(life: Life, call: str, fault: str) -> str | None:
    """No token is lost, sent twice, or given up, but where nothing else is possible; and then it is said so."""
    grant = life.grant
    if grant is None:
        return "the grant is gone"
    if grant.status is Status.ACTIVE:
        return _is_well(life, grant) or (None if life.reuses() == 0 else "an old token was sent")
    if grant.status is not Status.REAUTHORIZE:
        return f"is {grant.status}"
    return _may_be_lost(life, call, fault, grant.last_error)


def _is_well(life: Life, grant: Grant) -> str | None:
    if not life.stored_token_is_live():
        return "the stored token is void"
    behind = life.installation.now - grant.refreshed_at
    return None if behind <= INTERVAL else f"not refreshed for {behind}"


def _may_be_lost(life: Life, call: str, fault: str, reason: str | None) -> str | None:
    expected = {"rotation_lost"}
    if fault == "invalid_grant":
        expected = {"invalid_grant", "rotation_lost"}
    elif fault == "another user":
        expected = {"identity_mismatch"}
    elif not ((call == "token-refresh" and fault in ANSWER_NEVER_CAME) or (call, fault) in THE_WINDOW):
        return f"was signed out: {reason}"
    if reason not in expected:
        return f"was signed out as {reason}, not as {expected}"
    if life.reuses() > 1:
        return "an old token was sent more than once"
    return None if life.told_of_loss() else "the loss was told nobody"


def must_sign_in_again(life: Life, _call: str, _fault: str) -> str | None:
    grant = life.grant
    if grant is None or grant.status is not Status.REAUTHORIZE:
        return "is not told to sign in again"
    if grant.sealed is not None or grant.slot is not None:
        return "something is kept"
    if grant.last_error not in {"invalid_grant", "rotation_lost"}:
        return f"is told {grant.last_error}"
    return None if life.told_of_loss() else "the loss was told nobody"


def is_signed_out(life: Life, _call: str, _fault: str) -> str | None:
    grant = life.grant
    if grant is None or grant.status is not Status.SIGNED_OUT:
        return f"is {grant and grant.status}"
    return None if grant.sealed is None and grant.slot is None else "something is kept"


def is_revoked(life: Life, call: str, fault: str) -> str | None:
    wrong = is_signed_out(life, call, fault)
    if wrong is not None or life.live_grants() == 0:
        return wrong
    if call == "revoke" and fault in REFUSED_FOR_GOOD:
        return None
    if call == "token-refresh" and fault in {"invalid_grant", "another user"}:
        return None  # LivePerson said that there was nothing left to revoke, or gave somebody else's tokens
    if (call == "token-refresh" and fault in ANSWER_NEVER_CAME) or (call, fault) in LATE_WINDOW:
        return None  # nobody knows the token that would have to be revoked
    return "is not revoked at LivePerson"
