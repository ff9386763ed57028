"""Rules of the real code, each taken away in turn: what the model-based test must notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from le_auth.adapters.conditional_table import ConditionalTable
from le_auth.adapters.refresh_writes import RefreshWrites
from le_auth.domain.sign_out import Revocation
from le_auth.errors import GrantRevokedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_update, _give_back = ConditionalTable.update, RefreshWrites.give_back


def writes(old: str, new: str, *, of: str = "") -> Mapping[str, object]:
    """Break every write, or those with a value of that name, that has this in its update or condition."""

    def update(self: Any, user: Any, update: str, *, condition: str, values: Any, returning: Any = "NONE") -> Any:
        if not of or of in values:
            update, condition = update.replace(old, new), condition.replace(old, new)
        return _update(self, user, update, condition=condition, values=values, returning=returning)

    return {"le_auth.adapters.conditional_table.ConditionalTable.update": update}


def _give_back_as_settled(self: Any, lease: Any, **how: Any) -> None:
    _give_back(self, lease, **{**how, "settled": True})


_A_SEND = "le_auth.domain.refresh.Refresher._heed_earlier_attempts"
_A_COUNT = "le_auth.adapters.rescue_queue.RescueQueue.is_empty"
_A_RESCUE = "le_auth.domain.keeping.TokenKeeper._rescue"
_A_RETURN = "le_auth.adapters.refresh_writes.RefreshWrites.give_back"
_A_REVOCATION = "le_auth.domain.sign_out.SignOut.finish_revocation"
_A_REFUSAL = "le_auth.adapters.sentinel.read_refusal"
_ANYBODY = "#status <> :active OR #status = :active"

BY_CHANCE = {
    "a sign-out leaves the sessions": writes("#session_epoch = :number, ", ""),
    "an outage reads as invalid_grant": {_A_REFUSAL: lambda *_: GrantRevokedError()},
    "a sign-in leaves an attempt open": writes("#unsettled, #grace_given, ", "", of="is_admin"),
    "a revocation that failed is forgotten": {_A_REVOCATION: lambda *_, **__: Revocation.DONE},
    "no grace is given": {_A_SEND: lambda *_: None},
    "a failed save is not rescued": {_A_RESCUE: lambda *_: None},
}
"""What lives drawn at random notice soon."""

BY_SCRIPT = {
    "a lease is taken on who is signed out": writes("#status = :active", f"({_ANYBODY})", of="one"),
    "a save replaces whatever is there": writes("#generation = :replaced", "#generation >= :replaced", of="replaced"),
    "no grace is given": {_A_SEND: lambda *_: None},
    "RescueQueue always looks empty": {_A_COUNT: lambda _: True},
    "a failed save is not rescued": {_A_RESCUE: lambda *_: None},
    "an unknown outcome counts as settled": {_A_RETURN: _give_back_as_settled},
}
"""What takes several things to meet in one order."""
