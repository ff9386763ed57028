"""What users, schedule and back ends do while faults strike, and what must be so afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Scope, Status
from tests.faults.clocks import BEHIND, SHIFTS
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
REFUSED_FOR_GOOD = {"status 400", "status 403", "status 404", "status 408", "status 409", "status 422"} | {
    "invalid_request",
    "invalid_grant",
}
"""What LivePerson does not want repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A stretch of a user's life.

    Args:
        prepare: goes before, without faults.
        act: the steps under fire; each call in them is struck by each fault in turn.
        afterwards: what the person does again when all is well.
        judge: names what is wrong at the end, by the call and the fault that struck it; None: all is right.
        later: invocations and clocks by which the steps may end well only when they are tried again.
    """

    name: str
    prepare: Callable[[Life], None]
    act: Callable[[Life], None]
    afterwards: Callable[[Life], None]
    judge: Callable[[Life, str, str], str | None]
    later: Collection[tuple[str, str]] = frozenset()


# ---- steps ----


def nothing(_: Life) -> None:
    pass


def signed_in_and_due(life: Life) -> None:
    life.sign_in_directly()
    life.go_on(INTERVAL)
    life.due_at = life.installation.now


def due_and_ended_by_liveperson(life: Life) -> None:
    signed_in_and_due(life)
    life.installation.simulator.grants.end_user(life.user.account_id, life.user.user_id)


def sign_in(life: Life) -> None:
    life.attempt(life.sign_in)


def refresh(life: Life) -> None:
    life.attempt(life.scheduled)


def deliver_twice(life: Life) -> None:
    life.deliver_twice()


def vend(life: Life) -> None:
    life.attempt(life.vend)


def save_fails_and_is_rescued(life: Life) -> None:
    life.installation.calls.order("UpdateItem", containing=":replaced")
    life.attempt(life.scheduled)
    life.installation.calls.clear()
    life.attempt(life.land_rescues)


def vend_fails_to_save_and_is_rescued(life: Life) -> None:
    life.installation.calls.order("UpdateItem", containing=":replaced")
    life.attempt(life.vend)
    life.installation.calls.clear()
    life.attempt(life.land_rescues)


def grace_after_an_unknown_end(life: Life) -> None:
    life.installation.simulator.faults.order("token-refresh", "drop-before")
    life.attempt(life.scheduled)
    life.go_on(timedelta(seconds=6))
    life.attempt(life.deliver)
    life.go_on()
    life.attempt(life.deliver)


def sign_out_locally(life: Life) -> None:
    life.attempt(lambda: life.sign_out(Scope.LOCAL))


def sign_out_of_liveperson(life: Life) -> None:
    life.attempt(lambda: life.sign_out(Scope.LIVEPERSON))


def refresh_while_the_user_signs_out_of_liveperson(life: Life) -> None:
    another_process = lambda: life.attempt(lambda: life.sign_out(Scope.LIVEPERSON))  # noqa: E731 - it may be killed alone
    life.crossings.meanwhile["UpdateItem save"] = another_process
    life.attempt(life.scheduled)
    life.attempt(life.land_rescues)


def sign_in_again(life: Life) -> None:
    if life.status is not Status.ACTIVE:
        life.sign_in()


def sign_out_again(life: Life) -> None:
    """Whoever was not signed out, or was told that it failed, does it again; then the schedule has its turn."""
    if life.status is not Status.SIGNED_OUT:
        life.sign_out(Scope.LIVEPERSON if life.liveperson else Scope.LOCAL)
    life.settle()


# ---- verdicts ----


def is_signed_in(life: Life, _call: str, fault: str) -> str | None:
    if life.status is not Status.ACTIVE:
        return f"is {life.status} though the person signed in"
    if fault in SHIFTS and life.answers[-1]["statusCode"] != 200:
        return "is not in session"
    return None if life.stored_token_is_live() else "the stored token is void"


def kept_its_token(life: Life, call: str, fault: str) -> str | None:
    """No token is lost, sent twice, or given up, but where nothing else is possible; and then it is said so."""
    grant = life.grant
    if grant is None:
        return "the grant is gone"
    if grant.status is Status.ACTIVE:
        return _is_well(life) or (None if life.reuses() == 0 else "an old token was sent")
    if grant.status is not Status.REAUTHORIZE:
        return f"is {grant.status}"
    return _may_be_lost(life, call, fault, grant.last_error)


def _is_well(life: Life) -> str | None:
    if not life.stored_token_is_live():
        return "the stored token is void"
    assert life.grant is not None
    behind = life.installation.now - life.grant.refreshed_at
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
    return None if life.reuses() <= 1 else "an old token was sent more than once"


def must_sign_in_again(life: Life, _call: str, _fault: str) -> str | None:
    grant = life.grant
    if grant is None or grant.status is not Status.REAUTHORIZE:
        return "is not told to sign in again"
    if grant.sealed is not None or grant.slot is not None:
        return "something is kept"
    return None if grant.last_error in {"invalid_grant", "rotation_lost"} else f"is told {grant.last_error}"


def is_signed_out(life: Life, _call: str, _fault: str) -> str | None:
    if life.status is not Status.SIGNED_OUT:
        return f"is {life.status}"
    assert life.grant is not None
    return None if life.grant.sealed is None and life.grant.slot is None else "something is kept"


def is_revoked(life: Life, call: str, fault: str) -> str | None:
    wrong = is_signed_out(life, call, fault)
    if wrong is not None or life.live_grants() == 0:
        return wrong
    if call == "revoke" and fault in REFUSED_FOR_GOOD:
        return None
    if call == "token-refresh" and fault in {"invalid_grant", "another user"}:
        return None  # LivePerson said that there was nothing left to revoke, or gave somebody else's tokens
    refused_save = ("UpdateItem save", "killed after")  # killed before it was queued for revocation
    if (call == "token-refresh" and fault in ANSWER_NEVER_CAME) or (call, fault) in THE_WINDOW | {refused_save}:
        return None  # nobody knows the token that would have to be revoked
    return "is not revoked at LivePerson"


SCENARIOS = [
    Scenario(
        name="sign-in",
        prepare=nothing,
        act=sign_in,
        afterwards=sign_in_again,
        judge=is_signed_in,
        later={("invoked: callback", "clock 5 minutes behind")},  # an id token bears two minutes
    ),
    Scenario(
        name="scheduled refresh, its message delivered twice",
        prepare=signed_in_and_due,
        act=deliver_twice,
        afterwards=nothing,
        judge=kept_its_token,
    ),
    Scenario(name="on-demand refresh", prepare=signed_in_and_due, act=vend, afterwards=nothing, judge=kept_its_token),
    Scenario(
        name="scheduled refresh whose save fails",
        prepare=signed_in_and_due,
        act=save_fails_and_is_rescued,
        afterwards=nothing,
        judge=kept_its_token,
    ),
    Scenario(
        name="on-demand refresh whose save fails",
        prepare=signed_in_and_due,
        act=vend_fails_to_save_and_is_rescued,
        afterwards=nothing,
        judge=kept_its_token,
    ),
    Scenario(
        name="refresh after an attempt of unknown end",
        prepare=signed_in_and_due,
        act=grace_after_an_unknown_end,
        afterwards=nothing,
        judge=kept_its_token,
        later={("invoked: refresh_worker", clock) for clock in SHIFTS},  # the wait ends by a clock of its own
    ),
    Scenario(
        name="scheduled refresh of what LivePerson ended",
        prepare=due_and_ended_by_liveperson,
        act=refresh,
        afterwards=nothing,
        judge=must_sign_in_again,
    ),
    Scenario(
        name="on-demand refresh of what LivePerson ended",
        prepare=due_and_ended_by_liveperson,
        act=vend,
        afterwards=nothing,
        judge=must_sign_in_again,
        later={("invoked: access_token", clock) for clock in SHIFTS if clock.endswith(BEHIND)},  # not due by such a one
    ),
    Scenario(
        name="local sign-out",
        prepare=signed_in_and_due,
        act=sign_out_locally,
        afterwards=sign_out_again,
        judge=is_signed_out,
    ),
    Scenario(
        name="sign-out from LivePerson",
        prepare=signed_in_and_due,
        act=sign_out_of_liveperson,
        afterwards=sign_out_again,
        judge=is_revoked,
    ),
    Scenario(
        name="sign-out from LivePerson during a refresh",
        prepare=signed_in_and_due,
        act=refresh_while_the_user_signs_out_of_liveperson,
        afterwards=sign_out_again,
        judge=is_revoked,
    ),
]
