"""What is known of one person, and what is to be seen after a deed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from le_auth.domain.grants import Grant, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from le_auth.domain.sessions import Session
    from le_auth.domain.users import User
    from local.simulator import Entry, TokenState
    from local.simulator import Grant as Authorization
    from tests.faults.doings import Doing, Step


@dataclass(kw_only=True)
class History:
    """What is known of one person from earlier deeds.

    Args:
        found: the item at the last look.
        stored: LivePerson's ids of the authorizations whose tokens the table ever held; last_stored: the last of them.
        has_gone_back: tokens of an earlier sign-in took the place of a newer one's.
        let_go: of them, those that a sign-out ended.
        given_up: of them, those that the user was told to renew.
        lost: authorizations whose newest token nobody has, by what excuses that.
        sent: when a refresh token was spent, by its SHA-256.
        ended: authorizations that are known to be over at LivePerson.
        refusals: refreshes in a row that LivePerson refused without saying what is wrong.
        revocation_was_refused: LivePerson said that it must not be repeated.
        over: sessions that were signed out of.
        is_untold: the user must sign in again, and nobody has tried to tell that.
        tried: in the present deed; statuses: each time that the table was read in it.
    """

    found: Grant | None = None
    stored: set[str] = field(default_factory=set)
    last_stored: str | None = None
    has_gone_back: bool = False
    let_go: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)
    sent: dict[str, datetime] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    refusals: int = 0
    revocation_was_refused: bool = False
    sessions: list[Session] = field(default_factory=list)
    over: list[Session] = field(default_factory=list)
    is_untold: bool = False
    tried: set[str] = field(default_factory=set)
    statuses: list[Status | None] = field(default_factory=list)

    def note_stored(self, grant: str) -> None:
        self.has_gone_back |= grant != self.last_stored and grant in self.stored
        self.stored.add(grant)
        self.last_stored = grant

    def remember(self, view: View) -> None:
        """Take over what a look showed."""
        if view.is_now(Status.SIGNED_OUT):
            self.let_go |= self.stored
        if view.is_now(Status.REAUTHORIZE) and self.last_stored is not None:
            self.given_up.add(self.last_stored)
        self.sent |= {entry.presented: entry.at for entry in view.rotations if entry.presented is not None}
        self.ended |= {grant.id for grant in view.grants.values() if not grant.live}
        self.revocation_was_refused |= any(is_refused(entry) for entry in view.revocations)
        becomes_lost = view.is_now(Status.REAUTHORIZE) and not view.was(Status.REAUTHORIZE)
        self.is_untold = (self.is_untold or becomes_lost) and view.is_now(Status.REAUTHORIZE) and not view.losses_told
        self.found = view.found
        self.tried.clear()
        self.statuses.clear()


@dataclass(frozen=True, kw_only=True)
class View:
    """All that there is to be seen of one person after a deed.

    Args:
        stored: LivePerson's word on the refresh token in the table; rescued: on those in RescueQueue.
        rescues_wait: somebody's tokens are in RescueQueue.
        exchanges, refreshes, revocations: requests of this deed.
        losses_told: how often the event bus was told, or was tried to be told, that the authorization is lost.
        doings: what one or two processes did in this deed, where it concerned this person; steps: the calls of these.
        struck: calls of this deed, and the faults that struck at them.
        is_in_trouble: an outage lasts, here or at LivePerson, or the Domain API failed a moment ago.
        find: gives LivePerson's word on a token.
    """

    user: User
    now: datetime
    history: History
    found: Grant | None
    stored: TokenState | None
    rescued: Sequence[TokenState]
    rescues_wait: bool
    grants: Mapping[str, Authorization]
    exchanges: Sequence[Entry]
    refreshes: Sequence[Entry]
    revocations: Sequence[Entry]
    losses_told: int
    doings: Sequence[Doing]
    steps: Sequence[Step]
    struck: Sequence[tuple[str, str]]
    outages: set[str]
    is_in_trouble: bool
    find: Callable[[str], TokenState | None]

    def is_now(self, status: Status) -> bool:
        return self.found is not None and self.found.status is status

    def was(self, status: Status) -> bool:
        return self.history.found is not None and self.history.found.status is status

    def did(self, *whats: str) -> list[Doing]:
        """List what was done of these."""
        return [doing for doing in self.doings if doing.what in whats]

    @property
    def rotations(self) -> list[Entry]:
        return [entry for entry in self.refreshes if entry.processed and entry.error is None and not entry.reuse]

    @property
    def held(self) -> set[str]:
        """Authorizations whose newest refresh token somebody has."""
        tokens = [*self.rescued, *([] if self.stored is None else [self.stored])]
        return {token.grant.id for token in tokens if token.state == "live"}


def is_refused(entry: Entry) -> bool:
    """Tell whether LivePerson said that a request must not be repeated."""
    return entry.status is not None and 400 <= entry.status < 500 and entry.status not in {401, 429}
