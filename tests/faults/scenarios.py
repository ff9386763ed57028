"""What users, schedule and back ends do while faults strike."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from le_auth.domain.grants import Scope, Status
from tests.faults import verdicts
from tests.faults.clocks import EVERY_KIND, Kind
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tests.faults.life import Life


ALONE: tuple[Kind, ...] = ("a call fails", "a clock is off")
CLOCKS_ONLY: tuple[Kind, ...] = ("a clock is off",)


def nothing(_: Life) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A stretch of a user's life.

    Args:
        prepare: goes before, without faults.
        act: the steps under fire; each call in them is struck by each fault in turn.
        afterwards: what the person does again when all is well.
        judge: names what is wrong at the end, by the call and the fault that struck it; None: all is right.
        later: what the judge says at once where a clock is off, and says no more when the steps are tried again; by
            the invocation, counted from 1, and its clock.
        kinds: of faults that find something here which no other scenario has.
    """

    name: str
    prepare: Callable[[Life], None]
    act: Callable[[Life], None]
    afterwards: Callable[[Life], None] = nothing
    judge: Callable[[Life, str, str], str | None]
    later: Mapping[tuple[int, str], str] = field(default_factory=dict)
    kinds: Collection[Kind] = EVERY_KIND


# ---- before ----


def signed_in_and_due(life: Life) -> None:
    """More than an interval ago: due by any clock, and not well before it is refreshed."""
    life.sign_in_directly()
    life.go_on(INTERVAL + timedelta(minutes=6))
    life.due_at = life.installation.now


def due_and_ended_by_liveperson(life: Life) -> None:
    signed_in_and_due(life)
    life.installation.simulator.grants.end_user(life.user.account_id, life.user.user_id)


def signed_in_a_minute_ago(life: Life) -> None:
    """So that a clock that is behind draws a number below the stored one."""
    life.sign_in_directly()
    life.go_on(timedelta(minutes=1))


def told_to_sign_in_again(life: Life) -> None:
    due_and_ended_by_liveperson(life)
    life.scheduled()
    assert life.status is Status.REAUTHORIZE


# ---- under fire ----


def sign_in(life: Life) -> None:
    life.attempt(life.sign_in)


def refresh(life: Life) -> None:
    life.attempt(life.scheduled)


def deliver_twice(life: Life) -> None:
    life.deliver_twice()


def vend(life: Life) -> None:
    life.attempt(life.vend)


def fail_to_save(life: Life, step: Callable[[], object]) -> None:
    life.installation.calls.order("UpdateItem", containing=":replaced")
    life.attempt(step)
    life.installation.calls.clear()
    life.attempt(life.land_rescues)


def scheduled_save_fails_and_is_rescued(life: Life) -> None:
    fail_to_save(life, life.scheduled)


def save_on_demand_fails_and_is_rescued(life: Life) -> None:
    fail_to_save(life, life.vend)


def grace_after_an_unknown_end(life: Life) -> None:
    life.installation.simulator.faults.order("token-refresh", "drop-before")
    life.attempt(life.scheduled)
    life.go_on(timedelta(seconds=6))
    life.attempt(life.deliver)
    life.go_on()
    life.attempt(life.deliver)


def sign_out(life: Life, scope: Scope) -> None:
    life.attempt(partial(life.sign_out, scope))


def refresh_while_the_user_signs_out_of_liveperson(life: Life) -> None:
    life.crossings.meanwhile["UpdateItem save"] = partial(life.elsewhere, partial(sign_out, life, Scope.LIVEPERSON))
    life.attempt(life.scheduled)
    life.attempt(life.land_rescues)


def refusal_while_the_user_signs_in(life: Life) -> None:
    life.crossings.meanwhile["UpdateItem end"] = partial(life.elsewhere, partial(sign_in, life))
    life.attempt(life.scheduled)


# ---- afterwards ----


def sign_in_again(life: Life) -> None:
    if not life.was_told_of_sign_in or life.status is not Status.ACTIVE or not life.is_in_session():
        life.sign_in()


def sign_out_again(life: Life, scope: Scope) -> None:
    """Whoever was not signed out, or was told that it failed, does it again; then the schedule has its turn."""
    if life.status is not Status.SIGNED_OUT:
        life.sign_out(scope)
    life.settle()


# ---- all together ----


def signing_in(
    name: str, prepare: Callable[[Life], None], *, later: str | None = None, kinds: Collection[Kind] = ALONE
) -> Scenario:
    """A sign-in, of somebody whom no worker and no back end has anything to do with yet.

    Args:
        later: what is so at once where the callback's clock is behind; an id token bears two minutes.
    """
    return Scenario(
        name=name,
        prepare=prepare,
        act=sign_in,
        afterwards=sign_in_again,
        judge=verdicts.is_signed_in,
        later={} if later is None else {(2, "clock 5 minutes behind"): later},
        kinds=kinds,
    )


def refreshing(
    name: str,
    act: Callable[[Life], None],
    *,
    later: Mapping[tuple[int, str], str] | None = None,
    kinds: Collection[Kind] = EVERY_KIND,
) -> Scenario:
    return Scenario(
        name=name,
        prepare=signed_in_and_due,
        act=act,
        judge=verdicts.kept_its_token,
        later={} if later is None else later,
        kinds=kinds,
    )


def ended(name: str, act: Callable[[Life], None], *, kinds: Collection[Kind] = EVERY_KIND) -> Scenario:
    return Scenario(
        name=name, prepare=due_and_ended_by_liveperson, act=act, judge=verdicts.must_sign_in_again, kinds=kinds
    )


def signing_out(
    name: str, prepare: Callable[[Life], None], scope: Scope, *, kinds: Collection[Kind] = EVERY_KIND
) -> Scenario:
    return Scenario(
        name=name,
        prepare=prepare,
        act=partial(sign_out, scope=scope),
        afterwards=partial(sign_out_again, scope=scope),
        judge=verdicts.is_revoked if scope is Scope.LIVEPERSON else verdicts.is_signed_out,
        kinds=kinds,
    )


WAITS = "not refreshed for"
WAIT_ENDS_BY_ITS_OWN_CLOCK = {
    **{(2, f"clock {off} ahead"): WAITS for off in ("60 s", "5 minutes")},
    **{(3, f"clock {off} behind"): WAITS for off in ("60 s", "5 minutes")},
}
SCENARIOS = [
    signing_in("sign-in", nothing, later="is None, and was answered 400"),
    signing_in(
        "sign-in once more, a minute later",
        signed_in_a_minute_ago,
        later="is active, and was answered 400",
        kinds=CLOCKS_ONLY,
    ),
    signing_in(
        "sign-in after a loss",
        told_to_sign_in_again,
        later="is reauthorize, and was answered 400",
        kinds=CLOCKS_ONLY,
    ),
    refreshing("scheduled refresh", refresh, kinds=CLOCKS_ONLY),
    refreshing("scheduled refresh, its message delivered twice", deliver_twice),
    refreshing("on-demand refresh", vend),
    refreshing("scheduled refresh whose save fails", scheduled_save_fails_and_is_rescued),
    refreshing("on-demand refresh whose save fails", save_on_demand_fails_and_is_rescued, kinds=ALONE),
    refreshing("refresh after an attempt of unknown end", grace_after_an_unknown_end, later=WAIT_ENDS_BY_ITS_OWN_CLOCK),
    ended("scheduled refresh of what LivePerson ended", refresh),
    ended("on-demand refresh of what LivePerson ended", vend, kinds=ALONE),
    Scenario(
        name="refresh of what LivePerson ended, during a sign-in",
        prepare=due_and_ended_by_liveperson,
        act=refusal_while_the_user_signs_in,
        afterwards=sign_in_again,
        judge=verdicts.is_signed_in,
        later={(3, "clock 5 minutes behind"): "is reauthorize, and was answered 400"},
        kinds=ALONE,
    ),
    signing_out("local sign-out", signed_in_and_due, Scope.LOCAL),
    signing_out("local sign-out, a minute after the sign-in", signed_in_a_minute_ago, Scope.LOCAL, kinds=CLOCKS_ONLY),
    signing_out("sign-out from LivePerson", signed_in_and_due, Scope.LIVEPERSON),
    signing_out(
        "sign-out from LivePerson, a minute after the sign-in",
        signed_in_a_minute_ago,
        Scope.LIVEPERSON,
        kinds=CLOCKS_ONLY,
    ),
    Scenario(
        name="sign-out from LivePerson during a refresh",
        prepare=signed_in_and_due,
        act=refresh_while_the_user_signs_out_of_liveperson,
        afterwards=partial(sign_out_again, scope=Scope.LIVEPERSON),
        judge=verdicts.is_revoked,
    ),
]
