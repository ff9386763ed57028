"""Rules of the real code, each taken away in turn: what the model-based test must notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from le_auth.adapters.conditional_table import ConditionalTable
from le_auth.adapters.refresh_writes import RefreshWrites
from le_auth.errors import GrantRevokedError
from tests.support.breaks import Break

if TYPE_CHECKING:
    from collections.abc import Mapping

_update, _give_back = ConditionalTable.update, RefreshWrites.give_back


def _writes(what: str, old: str, new: str, *, only: str = "") -> Break:
    """Break every write, or those with a value of that name, that has this in its update or condition."""

    def update(self: Any, user: Any, update: str, *, condition: str, values: Any, returning: Any = "NONE") -> Any:
        if not only or only in values:
            update, condition = update.replace(old, new), condition.replace(old, new)
        return _update(self, user, update, condition=condition, values=values, returning=returning)

    return _replaced(what, {"le_auth.adapters.conditional_table.ConditionalTable.update": update})


def _replaced(what: str, attributes: Mapping[str, object]) -> Break:
    return Break(what=what, replaced=lambda: attributes)


def _give_back_as_settled(self: Any, lease: Any, **how: Any) -> None:
    _give_back(self, lease, **{**how, "settled": True})


BREAKS = [
    _writes(
        "a save replaces whatever is there", "#generation = :replaced", "#generation >= :replaced", only="replaced"
    ),
    _writes("a lease is taken from its holder", "#lease_until < :now", "#lease_until <> :now"),
    _writes(
        "a lease is taken on who is signed out",
        "#status = :active",
        "#status <> :active OR #status = :active",
        only="one",
    ),
    _writes(
        "a sign-in leaves the lease in place", "#lease_owner, #lease_until, #unsettled", "#no_such", only="is_admin"
    ),
    _writes("a sign-out leaves the sessions", "#session_epoch = :number, ", ""),
    _writes("a sign-out keeps no slot", "#slot = :slot", "#no_slot = :slot", only="number"),
    _replaced("no grace is given", {"le_auth.domain.refresh.Refresher._heed_earlier_attempts": lambda *_: None}),
    _replaced(
        "the rescue queue always looks empty", {"le_auth.adapters.rescue_queue.RescueQueue.is_empty": lambda _: True}
    ),
    _replaced("a failed save is not rescued", {"le_auth.domain.keeping.TokenKeeper._rescue": lambda *_: None}),
    _replaced(
        "an unknown outcome counts as settled",
        {"le_auth.adapters.refresh_writes.RefreshWrites.give_back": _give_back_as_settled},
    ),
    _replaced(
        "an outage reads as invalid_grant", {"le_auth.adapters.sentinel.read_refusal": lambda *_: GrantRevokedError()}
    ),
]
