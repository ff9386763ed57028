"""What must be so after every deed, by the word of the table, of RescueQueue and of LivePerson's own journal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from le_auth.adapters.grant_items import read_grant
from le_auth.domain.grants import Status
from le_auth.domain.rescue import read_rescue
from le_auth.domain.sessions import COOKIE, Session
from tests.faults.doings import Doing, in_order
from tests.faults.endings import wrong_in_the_end
from tests.faults.invariants import INVARIANTS
from tests.faults.seconds import LOOKED_UP_AGAIN
from tests.faults.view import History, View
from tests.support.installation import ACCOUNT, NOON

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from le_auth.domain.grants import Grant, Sealed
    from le_auth.domain.users import User
    from local.simulator import TokenState
    from tests.faults.deeds import Person
    from tests.faults.town import Town
    from tests.support.browser import Browser
    from tests.support.installation import Answer


SESSION = timedelta(hours=12)


class InvariantError(AssertionError):
    """Something is so that must never be."""


@dataclass(kw_only=True)
class Judge:
    """Knows what everybody was told, and looks after each deed.

    Args:
        unexpected: errors that a handler took for bugs of its own.
    """

    unexpected: list[BaseException] = field(default_factory=list)
    _town: Any = None
    _histories: dict[User, History] = field(default_factory=dict)
    _items: dict[str, Grant] = field(default_factory=dict)
    _doings: list[Doing] = field(default_factory=list)
    _at_work: list[Doing] = field(default_factory=list)
    """Those of them that have not ended; the last one has the turn."""
    _calls_seen: int = 0
    _looked_up_again_at: datetime = NOON

    @property
    def town(self) -> Town:
        town: Town = self._town
        return town

    def begin(self, town: Town) -> None:
        self._town = town
        self._histories = {person.user: History() for person in town.people}
        self._items = {}
        self._doings, self._at_work, self._looked_up_again_at = [], [], NOON
        self._calls_seen = len(town.installation.calls.made)
        self.unexpected.clear()

    # ---- what is told on the way ----

    def begins(self, what: str, person: Person) -> None:
        """Note that a process begins a deed, perhaps in the midst of another's."""
        doing = Doing(
            what=what,
            user=person.user,
            begins_at=self.town.installation.now,
            clock_is_off=self.town.installation.clock_is_off,
            before=len(self.town.crossings.names) - 1 if self._at_work else None,
            statuses=[self._status_of(person.user)],
        )
        self._doings.append(doing)
        self._at_work.append(doing)

    def ends(self) -> None:
        self.note()
        self._at_work.pop().after = len(self.town.crossings.names)

    def lands(self, user: User) -> None:
        """Note whose rescue it is that was chosen."""
        self._at_work[-1].user = user

    def signs_in(self, person: Person) -> None:
        self._histories[person.user].tried.add("sign-in")

    def signed_in(self, person: Person, browser: Browser) -> None:
        session = self._session(browser)
        if session.user != person.user:
            return  # LivePerson named another user
        person.browsers.append(browser)
        self._histories[person.user].sessions.append(session)
        self._at_work[-1].signed_in = True

    def signs_out(self, person: Person, browser: Browser) -> Callable[[], None]:
        """Note a sign-out's beginning; gives what its success is to be told to."""
        history = self._histories[person.user]
        history.tried.add("sign-out")
        session, doing = self._session(browser), self._at_work[-1]
        if not session.belongs_to(self._items.get(person.user.pk)):
            return lambda: None
        doing.is_in_force = session.is_in_time(lifetime=SESSION, now=doing.now)
        stored, sessions = set(history.stored), list(history.sessions)

        def succeeded() -> None:
            history.let_go |= stored
            history.over += sessions

        return succeeded

    def expired(self, person: Person) -> None:
        self._histories[person.user].tried.add("expire")

    def vended(self, answer: Answer) -> None:
        self._at_work[-1].vended.append(answer)

    def shown(self, person: Person, browser: Browser, answer: Answer) -> None:
        """Compare what a browser sees with what the table says of its session."""
        session, now = self._session(browser), self.town.installation.now
        stands = session.belongs_to(self._items.get(person.user.pk)) and session.is_in_time(lifetime=SESSION, now=now)
        if answer["statusCode"] != (200 if stands else 401):
            raise InvariantError(f"a browser was answered {answer['statusCode']}")

    def hear(self, answer: Answer) -> None:
        """Look at what a browser is told: never a stack trace."""
        self._at_work[-1].answer = answer["statusCode"]
        if answer["statusCode"] not in {200, 303, 400, 401, 500, 502, 503}:
            raise InvariantError(f"a browser was answered {answer['statusCode']}")

    def is_seen(self, answer: Answer) -> None:
        """Look at what a browser sees in which a person has just signed in."""
        if answer["statusCode"] != 200:
            raise InvariantError(f"who has just signed in was answered {answer['statusCode']}")

    def must_sign_in(self, person: Person) -> bool:
        """Tell whether a person has to sign in before anything goes on."""
        return self._status_of(person.user) is not Status.ACTIVE

    def _status_of(self, user: User) -> Status | None:
        found = self._items.get(user.pk)
        return None if found is None else found.status

    def _session(self, browser: Browser) -> Session:
        return Session.read(self.town.installation.keyring.open_cookie(browser.cookies[COOKIE]))

    # ---- the look ----

    def note(self) -> None:
        """Read what the table holds now."""
        installation = self.town.installation
        name = installation.deployed.resources["TokenTable"]
        keys: Any = [{"pk": {"S": person.user.pk}} for person in self.town.people]
        answer = installation.emulator.dynamodb.batch_get_item(
            RequestItems={name: {"Keys": keys, "ConsistentRead": True}}
        )
        self._items = {item["pk"]["S"]: read_grant(item) for item in answer["Responses"][name]}
        for doing in self._at_work:
            doing.statuses.append(self._status_of(doing.user))
        for user, history in self._histories.items():
            history.statuses.append(self._status_of(user))
            found = self._items.get(user.pk)
            token = self._token_of(user, found.sealed if found is not None else None)
            if token is not None:
                history.note_stored(token.grant.id)

    def look(self) -> None:
        """Raise InvariantError where anything is so that must never be."""
        for person in self.town.people:
            view = self._view(person)
            for invariant, check in INVARIANTS.items():
                if wrong := check(view):
                    raise InvariantError(f"{person.user.pk}: {invariant}: {wrong}; struck: {view.struck}; {view.found}")
            view.history.remember(view)
        bugs = [error for error in self.unexpected if not isinstance(error, (ClientError, BotoCoreError))]
        if bugs:
            raise InvariantError("a handler met a bug") from bugs[0]
        self.unexpected.clear()
        self.town.simulator.journal.clear()
        self._note_look_ups()
        self._doings.clear()
        self._calls_seen = len(self.town.installation.calls.made)

    def sees_rest(self) -> bool:
        """Tell whether nothing is left that time would finish; for a user whom nobody calls for it finishes nothing."""
        waits = self.town.rescues or any(person.messages for person in self.town.people)
        return not waits and not any(
            grant.lease_until is not None
            or grant.unsettled
            or grant.failures
            or grant.revocation_is_due
            or grant.loss_is_untold
            for grant in self._items.values()
            if grant.slot is not None
        )

    def lost(self) -> list[str]:
        """Say of each lost token what excuses that."""
        return [excuse for history in self._histories.values() for excuse in history.lost.values()]

    def last_look(self) -> None:
        """Look once more, after all is well again and time has passed."""
        if self.town.rescues:
            raise InvariantError(f"{len(self.town.rescues)} rescues never land")
        for person in self.town.people:
            if person.messages:
                raise InvariantError(f"{len(person.messages)} messages come back for ever")
            if wrong := wrong_in_the_end(self._view(person)):
                raise InvariantError(f"{person.user.pk}, in the end: {wrong}")
        if not self.sees_rest():
            raise InvariantError(f"somebody does not come to rest: {self._items}")

    def _view(self, person: Person) -> View:
        simulator, user = self.town.simulator, person.user
        grants = {grant.id: grant for grant in simulator.grants.all(ACCOUNT, user.user_id)}
        found = self._items.get(user.pk)
        entries = simulator.journal.entries()
        return View(
            user=user,
            now=self.town.installation.now,
            history=self._histories[user],
            found=found,
            stored=self._token_of(user, found.sealed if found is not None else None),
            rescued=self._rescued(user),
            rescues_wait=bool(self.town.rescues),
            grants=grants,
            exchanges=[entry for entry in entries if entry.endpoint == "token-code" and entry.grant in grants],
            refreshes=[entry for entry in entries if entry.endpoint == "token-refresh" and entry.grant in grants],
            revocations=[
                entry for entry in entries if entry.endpoint == "revoke" and self._is_of(entry.presented, user)
            ],
            losses_told=self._losses_told(user),
            doings=[doing for doing in self._doings if doing.user == user],
            steps=[step for step in in_order(self._doings, self.town.crossings.names) if step[0].user == user],
            struck=list(self.town.crossings.struck),
            outages=self.town.crossings.outages | self.town.crossings.failed_throughout(),
            is_in_trouble=self.town.deeds_until_mended > 0 or self.town.installation.now < self._looked_up_again_at,
            find=lambda token: self._find(hashlib.sha256(token.encode()).hexdigest()),
        )

    def _note_look_ups(self) -> None:
        """Note when the Domain API failed: for a moment it is not asked again, by this process's or another's clock."""
        crossings = self.town.crossings
        is_out = "domain" in crossings.outages and "domain" in crossings.names
        if is_out or any(call == "domain" for call, _ in crossings.struck):
            self._looked_up_again_at = self.town.installation.now + LOOKED_UP_AGAIN

    def _losses_told(self, user: User) -> int:
        told = [call for call in self.town.installation.calls.made[self._calls_seen :] if call.operation == "PutEvents"]
        entries = [entry for call in told for entry in call.params["Entries"]]
        lost = [json.loads(entry["Detail"]) for entry in entries if entry["DetailType"] == "AuthorizationLost"]
        return sum((detail["account_id"], detail["user_id"]) == (user.account_id, user.user_id) for detail in lost)

    def _rescued(self, user: User) -> list[TokenState]:
        renewals = [read_rescue(record["body"]) for record in self.town.rescues]
        tokens = [self._token_of(user, renewal.sealed) for renewal in renewals if renewal.user == user]
        return [token for token in tokens if token is not None]

    def _token_of(self, user: User, sealed: Sealed | None) -> TokenState | None:
        """Give LivePerson's word on the refresh token that is sealed."""
        if sealed is None:
            return None
        _, refresh_token = self.town.installation.keyring.open_tokens(sealed, user=user)
        return self._find(hashlib.sha256(refresh_token.reveal().encode()).hexdigest())

    def _find(self, digest: str) -> TokenState | None:
        return self.town.simulator.grants.find_token(digest, self.town.installation.now)

    def _is_of(self, presented: str | None, user: User) -> bool:
        token = self._find(presented or "")
        return token is not None and token.grant.user_id == user.user_id
