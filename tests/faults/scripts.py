"""Lives by script: where several things must meet in one order, which lives at random seldom find."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.faults.seconds import OVER
from tests.faults.trouble import AnyFault, Deed, Meanwhile, Trouble
from tests.support.call_faults import faults_at
from tests.support.installation import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.town import Town

MOMENT = timedelta(seconds=1)
SIGN_IN, VEND, REFRESH = Deed(what="sign_in", which=1), Deed(what="vend"), Deed(what="refresh")
DELIVER = Deed(what="deliver", which=1)


def struck(call: str, fault: str) -> Trouble:
    return Trouble(strikes=(AnyFault(at=call, choice=list(faults_at(call)).index(fault)),))


def meanwhile(call: str, deed: Deed) -> Trouble:
    return Trouble(meanwhile=Meanwhile(at=call, deed=deed))


def sign_in(town: Town) -> None:
    town.begin(1)
    town.do(SIGN_IN)
    town.pass_time(INTERVAL)


def one_misfortune_after_another(town: Town) -> None:
    """A sign-in during a refresh, a table that fails after one, an answer that is lost, a revocation that fails."""
    sign_in(town)
    town.do(REFRESH, meanwhile("UpdateItem save", SIGN_IN))
    town.pass_time(INTERVAL)
    town.do(REFRESH, struck("UpdateItem save", "out for good"))
    town.mend()
    for pause in (OVER, OVER):
        town.pass_time(pause)
        town.do(REFRESH)
    for record in list(town.rescues):
        town.do(Deed(what="land", which=2 * town.rescues.index(record) + 1))
    town.pass_time(INTERVAL)
    town.do(REFRESH)
    town.pass_time(INTERVAL)
    town.do(REFRESH, struck("token-refresh", "dropped processed"))
    town.pass_time(timedelta(seconds=6))
    town.do(DELIVER)
    town.settle()
    town.do(SIGN_IN)
    town.pass_time(INTERVAL)
    town.do(Deed(what="sign_out_of_liveperson"), struck("revoke", "status 503"))
    town.do(REFRESH)
    town.end()


def a_late_refusal(town: Town) -> None:
    """LivePerson refuses what it has ended while the user signs in again."""
    sign_in(town)
    town.do(Deed(what="end_at_liveperson"))
    town.do(REFRESH, meanwhile("UpdateItem end", SIGN_IN))
    town.end()


def a_failure_of_what_is_old(town: Town) -> None:
    """LivePerson is down for a refresh while the user signs in again."""
    sign_in(town)
    town.do(
        REFRESH,
        Trouble(
            strikes=struck("token-refresh", "status 503").strikes,
            meanwhile=Meanwhile(at="UpdateItem give back", deed=SIGN_IN),
        ),
    )
    town.end()


def another_message_during_a_refresh(town: Town) -> None:
    sign_in(town)
    town.do(REFRESH, meanwhile("token-refresh", REFRESH))
    town.end()


def a_late_rescue(town: Town) -> None:
    """Rescued tokens come after their user has signed out and in again, and somebody asks for a token meanwhile."""
    _a_late_rescue(town, meanwhile("UpdateItem save", VEND))


def a_late_rescue_alone(town: Town) -> None:
    _a_late_rescue(town, Trouble())


def _a_late_rescue(town: Town, trouble: Trouble) -> None:
    sign_in(town)
    town.do(REFRESH, struck("UpdateItem save", "out for good"))
    town.mend()
    town.do(Deed(what="sign_out_of_liveperson"))
    town.pass_time(MOMENT)
    town.do(SIGN_IN)
    town.pass_time(MOMENT)
    town.do(Deed(what="land", which=1), trouble)
    town.end()


def an_answer_is_lost(town: Town) -> None:
    """A message comes 6 s after an attempt of unknown end, and again when the lease of that time would be over."""
    sign_in(town)
    town.do(REFRESH, struck("token-refresh", "dropped processed"))
    for pause in (6, 122):
        town.pass_time(timedelta(seconds=pause))
        town.do(DELIVER)
    town.end()


def a_clock_that_was_ahead(town: Town) -> None:
    """A sign-out and a sign-in, by clocks that are right, a moment after a sign-in by one that is 30 s ahead."""
    sign_in(town)
    town.do(SIGN_IN, Trouble(clock_is_off=30))
    town.pass_time(MOMENT)
    town.do(Deed(what="sign_out_locally"))
    town.pass_time(MOMENT)
    town.do(SIGN_IN)
    town.end()


def a_sign_in_after_one_that_was_ahead(town: Town) -> None:
    sign_in(town)
    town.do(SIGN_IN, Trouble(clock_is_off=30))
    town.pass_time(MOMENT)
    town.do(SIGN_IN)
    town.end()


def a_passing_failure(town: Town) -> None:
    sign_in(town)
    town.do(REFRESH, struck("token-refresh", "status 503"))
    town.end()


def a_sign_in_after_an_attempt_of_unknown_end(town: Town) -> None:
    """And somebody asks for a token in the midst of it."""
    sign_in(town)
    town.do(REFRESH, struck("token-refresh", "dropped unprocessed"))
    town.do(SIGN_IN, meanwhile("PutItem", VEND))
    town.end()


def two_ask_about_who_is_signed_out(town: Town) -> None:
    sign_in(town)
    town.do(Deed(what="sign_out_locally"))
    town.do(VEND, meanwhile("GetItem", VEND))
    town.end()


def an_outage_at_liveperson(town: Town) -> None:
    """And somebody asks for a token in the midst of it."""
    sign_in(town)
    town.fail("LivePerson answers 503", deeds=1)
    town.do(REFRESH, meanwhile("UpdateItem give back", VEND))
    town.end()


def a_loss(town: Town) -> None:
    """LivePerson ends an authorization by itself."""
    sign_in(town)
    town.do(Deed(what="end_at_liveperson"))
    town.do(REFRESH)
    town.end()


def a_loss_whose_teller_dies(town: Town) -> None:
    sign_in(town)
    town.do(Deed(what="end_at_liveperson"))
    town.do(REFRESH, struck("UpdateItem end", "killed after"))
    town.end()


SCRIPTS: Mapping[str, Callable[[Town], None]] = {
    script.__name__.replace("_", " "): script
    for script in (
        one_misfortune_after_another,
        a_late_refusal,
        a_failure_of_what_is_old,
        another_message_during_a_refresh,
        a_late_rescue,
        a_late_rescue_alone,
        an_answer_is_lost,
        a_clock_that_was_ahead,
        a_sign_in_after_one_that_was_ahead,
        a_passing_failure,
        a_sign_in_after_an_attempt_of_unknown_end,
        two_ask_about_who_is_signed_out,
        an_outage_at_liveperson,
        a_loss,
        a_loss_whose_teller_dies,
    )
}
