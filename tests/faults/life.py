"""One user's life with faults: each step a real handler on the emulated AWS and the strict simulator of LivePerson."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.domain.sessions import COOKIE, Session
from tests.faults.seconds import OVER
from tests.support.browser import Browser, parameters
from tests.support.crossings import Killed
from tests.support.installation import ACCOUNT, APP, BASE_URL, CALLBACK_URL, INTERVAL
from tests.support.refreshes import token_at_liveperson

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from le_auth.domain.grants import Grant, Scope, Status
    from le_auth.domain.users import User
    from local.simulator import TokenState
    from tests.support.crossings import Crossings
    from tests.support.installation import Installation, Record

TELLING = "PutEvents AuthorizationLost"
LONGEST_TO_SETTLE = 5
"""Intervals, by which a grace, an outage and a rescue that comes late are over."""


@dataclass(kw_only=True)
class Life:
    """What a user, the schedule and a back end do, and what becomes of it."""

    installation: Installation
    crossings: Crossings
    user: User
    was_told_of_sign_in: bool = False
    due_at: datetime | None = None
    deaths: int = 0
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    calls: list[str] = field(default_factory=list)
    undelivered: list[Record] = field(default_factory=list)
    rescues: list[Record] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    unexpected: list[BaseException] = field(default_factory=list)

    # ---- what happens; a killed process just ends ----

    def attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Killed:
            self.deaths += 1
            self.installation.start_cold()

    def elsewhere(self, step: Callable[[], object]) -> None:
        """Do a step in another process, while the one that is at work waits."""
        with self.installation.another_process():
            step()

    def sign_in_directly(self) -> None:
        installation = self.installation
        installation.sign_in(self.user.user_id)
        epoch = int(installation.now.timestamp() * 1000)  # as it is drawn for who was unknown so far
        session = Session(user=self.user, epoch=epoch, issued_at=installation.now)
        self.cookies = {COOKIE: session.seal(installation.keyring).reveal()}

    def sign_in(self) -> None:
        """Sign in through the browser, all the way, and look whether one is."""
        browser = Browser(installation=self.installation)
        try:
            location = browser.visit("/launch")["headers"].get("Location")
            if location is not None:
                self._come_back(browser, parameters(location)["state"])
        finally:
            browser.liveperson.close()

    def _come_back(self, browser: Browser, state: str) -> None:
        """Come back as if from LivePerson's login page; what happens there is none of our calls."""
        code = self.installation.simulator.issue_code(
            app_install_id=APP, account=ACCOUNT, user_id=self.user.user_id, redirect_uri=CALLBACK_URL
        )
        answer = browser.visit(f"{CALLBACK_URL}?code={code}&state={state}")
        self.answers.append(answer)
        self.was_told_of_sign_in = answer["statusCode"] == 303
        if self.was_told_of_sign_in:
            self.cookies = browser.cookies
            self.answers.append(browser.visit("/session"))

    def scheduled(self) -> None:
        """Let the user's scheduled message come, and those that were not finished before it."""
        self.undelivered += self.installation.due(self.user)
        self.deliver()

    def scheduled_once_more(self) -> None:
        """Let another message come that was sent when the user was due."""
        self.undelivered += self.installation.due(self.user, at=self.due_at)
        self.deliver()

    def deliver(self) -> None:
        records, self.undelivered = self.undelivered, []
        left = records
        try:
            left = self.installation.work(records)
        finally:
            self.undelivered = [*self.undelivered, *left]

    def deliver_twice(self) -> None:
        """Let the user's scheduled message come, and again, since the worker's deletion of it is lost."""
        self.undelivered = self.installation.due(self.user)
        records = list(self.undelivered)
        self.attempt(self.deliver)
        self.go_on(timedelta(seconds=30))
        self.undelivered = records
        self.attempt(self.deliver)

    def land_rescues(self) -> None:
        self.rescues += self.installation.receive_rescues()
        self.rescues = self.installation.land(self.rescues) if self.rescues else []

    def vend(self) -> None:
        event = {"account_id": ACCOUNT, "user_id": self.user.user_id}
        self.answers.append(self.installation.invoke("access_token", event))

    def sign_out(self, scope: Scope) -> None:
        browser = Browser(installation=self.installation, cookies=dict(self.cookies))
        self.answers.append(browser.call(f"/logout?scope={scope}", origin=BASE_URL))

    def go_on(self, time: timedelta = OVER) -> None:
        self.installation.go_on(time)

    def settle(self) -> bool:
        """Let all be well again, and time pass: scheduled messages first, rescues late, as the worst order has it.

        Gives whether the user comes to rest.
        """
        self.crossings.end()
        self.installation.start_cold()
        for number in range(LONGEST_TO_SETTLE):
            self.go_on(INTERVAL)
            self.undelivered = []  # older than an interval
            self.scheduled()
            if number >= 1:
                self.land_rescues()
            self.go_on()
            self.deliver()
            if number >= 1 and self.is_settled():
                return True
        return self.grant is None

    # ---- what is so ----

    def is_settled(self) -> bool:
        """Tell whether nothing is open any more: from here on, each interval would be like the last."""
        grant = self.grant
        if self.undelivered or self.rescues or grant is None:
            return False
        is_open = grant.unsettled or grant.lease_owner or grant.failures
        return not (is_open or grant.revocation_is_due or grant.loss_is_untold)

    @property
    def grant(self) -> Grant | None:
        return self.installation.table.find(self.user)

    @property
    def status(self) -> Status | None:
        grant = self.grant
        return None if grant is None else grant.status

    def stored_token_is_live(self) -> bool:
        found = self._stored_token()
        return found is not None and found.state == "live"

    def newest_is_stored(self) -> bool:
        """Tell whether the table holds a token of the user's last authorization."""
        found = self._stored_token()
        return found is not None and found.grant.id == max(self._grant_ids())

    def _stored_token(self) -> TokenState | None:
        _, refresh_token = self.installation.tokens(self.user)
        return token_at_liveperson(self.installation, refresh_token)

    def is_in_session(self) -> bool:
        """Tell whether the user's browser is known."""
        browser = Browser(installation=self.installation, cookies=dict(self.cookies))
        return bool(browser.visit("/session")["statusCode"] == 200)

    @property
    def last_status(self) -> int | None:
        """What the last browser or back end was answered."""
        return self.answers[-1].get("statusCode") if self.answers else None

    def told_of_loss(self) -> bool:
        """Tell whether the application's bus was told, or could not be, that the user must sign in again."""
        tellings = self.crossings.names.count(TELLING)
        return tellings > self.crossings.struck.count((TELLING, "killed before"))

    def live_grants(self) -> int:
        grants = self.installation.simulator.grants.all(ACCOUNT, self.user.user_id)
        return sum(grant.live for grant in grants)

    def reuses(self) -> int:
        entries = self.installation.simulator.journal.entries("token-refresh")
        return sum(entry.reuse for entry in entries if entry.grant in self._grant_ids())

    def rotations(self) -> int:
        """Count the refreshes by which LivePerson gave new tokens for the newest ones."""
        entries = self.installation.simulator.journal.entries("token-refresh")
        rotated = [entry for entry in entries if entry.processed and entry.error is None and not entry.reuse]
        return sum(entry.grant in self._grant_ids() for entry in rotated)

    def _grant_ids(self) -> set[str]:
        return {grant.id for grant in self.installation.simulator.grants.all(ACCOUNT, self.user.user_id)}
