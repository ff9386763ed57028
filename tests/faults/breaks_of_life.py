"""Rules of the real code, each taken away in turn: what the model-based test must notice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.adapters.conditional_table import ConditionalTable
from le_auth.adapters.refresh_writes import RefreshWrites
from le_auth.domain.sign_out import Revocation
from le_auth.errors import GrantRevokedError
from tests.faults.scripts import (
    a_clock_that_was_ahead,
    a_failure_of_what_is_old,
    a_late_refusal,
    a_late_rescue,
    a_late_rescue_alone,
    a_loss,
    a_loss_whose_teller_dies,
    a_passing_failure,
    a_sign_in_after_an_attempt_of_unknown_end,
    a_sign_in_after_one_that_was_ahead,
    an_answer_is_lost,
    an_outage_at_liveperson,
    another_message_during_a_refresh,
    one_misfortune_after_another,
    two_ask_about_who_is_signed_out,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.town import Town

_update, _give_back = ConditionalTable.update, RefreshWrites.give_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A break that a life by script notices.

    Args:
        by: the script.
        says: what the judge says; a regular expression.
        breaks: what takes the place of what.
    """

    by: Callable[[Town], None]
    says: str
    breaks: Mapping[str, object] = field(repr=False)


def writes(*changes: tuple[str, str], of: str = "") -> Mapping[str, object]:
    """Break every write, or those with a value of that name, that has the first of these in its update or condition."""

    def update(self: Any, user: Any, update: str, *, condition: str, values: Any, returning: Any = "NONE") -> Any:
        for old, new in changes if not of or of in values else ():
            update, condition = update.replace(old, new), condition.replace(old, new)
        return _update(self, user, update, condition=condition, values=values, returning=returning)

    return {"le_auth.adapters.conditional_table.ConditionalTable.update": update}


def _give_back_as_settled(self: Any, lease: Any, **how: Any) -> None:
    _give_back(self, lease, **{**how, "settled": True})


def _the_first(first: int, *_: int) -> int:
    return first


def _ignores_a_new_sign_in(self: Any, replaced: int) -> bool:
    return self.revoked_generation is not None and replaced <= self.revoked_generation


_A_SEND = "le_auth.domain.refresh.Refresher._heed_earlier_attempts"
_A_COUNT = "le_auth.adapters.rescue_queue.RescueQueue.is_empty"
_A_RESCUE = "le_auth.domain.keeping.TokenKeeper._rescue"
_A_RETURN = "le_auth.adapters.refresh_writes.RefreshWrites.give_back"
_A_REVOCATION = "le_auth.domain.sign_out.SignOut.finish_revocation"
_A_LATE_REVOCATION = "le_auth.domain.grants.Grant.wants_revoked"
_A_REFUSAL = "le_auth.adapters.sentinel.read_refusal"
_ANYBODY = "#status <> :active OR #status = :active"
_IS_MINE = "#generation = :generation AND #lease_owner = :owner"
_ANY_LEASE = "(#generation >= :generation OR #lease_owner = :owner)"
_IS_FREE = "(attribute_not_exists(#lease_until) OR #lease_until < :now)"
_IS_FREE_OR_NOT = "(attribute_not_exists(#lease_until) OR #lease_until < :now OR #lease_until >= :now)"
_SILENT = {f"functions.{teller}.app.announce": lambda *_: None for teller in ("refresh_worker", "access_token")}

BY_CHANCE = {
    "a sign-out leaves the sessions": writes(("#session_epoch = :number, ", "")),
    "an outage reads as invalid_grant": {_A_REFUSAL: lambda *_: GrantRevokedError()},
    "a sign-in leaves an attempt open": writes(("#unsettled, #grace_given, ", ""), of="is_admin"),
    "a revocation that failed is forgotten": {_A_REVOCATION: lambda *_, **__: Revocation.DONE},
    "nobody signs in twice": writes((" OR #generation < :generation", ""), of="is_admin"),
    "nobody is told of a loss": _SILENT,
}
"""What lives drawn at random notice soon."""

BY_SCRIPT = {
    "a lease is taken on who is signed out": Noticed(
        by=one_misfortune_after_another,
        says="came back without signing in",
        breaks=writes(("#status = :active", f"({_ANYBODY})"), of="one"),
    ),
    "a save replaces whatever is there": Noticed(
        by=one_misfortune_after_another,
        says="an earlier one took its place",
        breaks=writes(("#generation = :replaced", "#generation >= :replaced"), of="replaced"),
    ),
    "no grace is given": Noticed(
        by=one_misfortune_after_another, says="the newer one was safe", breaks={_A_SEND: lambda *_: None}
    ),
    "RescueQueue always looks empty": Noticed(
        by=one_misfortune_after_another, says="the newer one was safe", breaks={_A_COUNT: lambda _: True}
    ),
    "a failed save is not rescued": Noticed(
        by=one_misfortune_after_another, says="nobody has the newest", breaks={_A_RESCUE: lambda *_: None}
    ),
    "an unknown outcome counts as settled": Noticed(
        by=one_misfortune_after_another, says="the loss is not said", breaks={_A_RETURN: _give_back_as_settled}
    ),
    "nobody signs in twice": Noticed(
        by=a_loss,
        says="a sign-in was answered 503",
        breaks=writes((" OR #generation < :generation", ""), of="is_admin"),
    ),
    "a late refusal ends a new sign-in": Noticed(
        by=a_late_refusal, says="that is no longer the user's", breaks=writes((_IS_MINE, _ANY_LEASE), of="reauthorize")
    ),
    "a late revocation ends a new sign-in": Noticed(
        by=a_late_rescue_alone,
        says="a revocation ended a newer sign-in",
        breaks={_A_LATE_REVOCATION: _ignores_a_new_sign_in},
    ),
    "a late revocation ends a new sign-in while a back end asks": Noticed(
        by=a_late_rescue, says="a revocation ended a newer sign-in", breaks={_A_LATE_REVOCATION: _ignores_a_new_sign_in}
    ),
    "a late failure counts for a new sign-in": Noticed(
        by=a_failure_of_what_is_old, says="inherits an attempt", breaks=writes((_IS_MINE, _ANY_LEASE), of="failures")
    ),
    "a save leaves the failures": Noticed(
        by=a_passing_failure, says="does not come to rest", breaks=writes(("#failures, ", ""), of="replaced")
    ),
    "two have the lease at once": Noticed(
        by=another_message_during_a_refresh,
        says="two sent at once",
        breaks=writes((_IS_FREE, _IS_FREE_OR_NOT), (" ADD #unsettled :one", ", #zero = :one"), of="one"),
    ),
    "the grace is no longer than the lease": Noticed(
        by=an_answer_is_lost, says="after it was spent", breaks={"le_auth.domain.refresh.GRACE": timedelta()}
    ),
    "a sign-out's number comes from the clock alone": Noticed(
        by=a_clock_that_was_ahead,
        says="a sign-out was answered 503",
        breaks={"le_auth.domain.sign_out.max": _the_first},
    ),
    "a sign-in's number comes from the clock alone": Noticed(
        by=a_sign_in_after_one_that_was_ahead,
        says="a sign-in was answered 503",
        breaks={"le_auth.domain.sign_in.max": _the_first},
    ),
    "a sign-in leaves an attempt open while a back end asks": Noticed(
        by=a_sign_in_after_an_attempt_of_unknown_end,
        says="inherits an attempt",
        breaks=writes(("#unsettled, #grace_given, ", ""), of="is_admin"),
    ),
    "who is signed out is called lost while another asks": Noticed(
        by=two_ask_about_who_is_signed_out,
        says="was told reauthorization_required of who",
        breaks={"le_auth.domain.on_demand.NotSignedInError": GrantRevokedError},
    ),
    "a failure leaves an attempt open while a back end asks": Noticed(
        by=an_outage_at_liveperson,
        says="0 unsettled became 1",
        breaks=writes(("#unsettled :less_one", "#zero :less_one")),
    ),
    "nobody is told of a loss": Noticed(by=a_loss, says="nobody was told of the loss", breaks=_SILENT),
    "a loss whose teller died is forgotten": Noticed(
        by=a_loss_whose_teller_dies,
        says="in the end: nobody was told of the loss",
        breaks=writes(("#slot = :slot", "#gone = :slot"), ("REMOVE ", "REMOVE #slot, "), of="reauthorize"),
    ),
}
"""What takes several things to meet in one order."""
