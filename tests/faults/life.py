"""One user's life with faults: each step a real handler on the emulated AWS and the strict simulator of LivePerson."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.sign_out import Revocation, SignOut
from le_auth.wiring import make_back_channel, make_table
from tests.support.browser import Browser
from tests.support.crossings import Killed
from tests.support.installation import ACCOUNT, INTERVAL
from tests.support.refreshes import token_at_liveperson

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.grants import Grant, Scope, Status
    from le_auth.domain.users import User
    from tests.support.crossings import Crossings
    from tests.support.installation import Installation, Record

OVER = LEASE_TIME + GRACE + timedelta(seconds=2)
"""Longer than any lease."""
LONGEST_TO_SETTLE = 5
"""Intervals, by which a grace, an outage and a rescue that comes late are over."""


@dataclass(kw_only=True)
class Life:
    """What a user, the schedule and a back end do, and what becomes of it."""

    installation: Installation
    crossings: Crossings
    user: User
    liveperson: bool = False
    deaths: int = 0
    calls: list[str] = field(default_factory=list)
    undelivered: list[Record] = field(default_factory=list)
    rescues: list[Record] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)

    # ---- what happens; a killed process just ends ----

    def attempt(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Killed:
            self.deaths += 1
            self.installation.start_cold()

    def sign_in_directly(self) -> None:
        self.installation.sign_in(self.user.user_id)

    def sign_in(self) -> None:
        """Sign in through the browser, all the way."""
        browser = Browser(installation=self.installation)
        try:
            location = browser.visit("/launch")["headers"].get("Location")
            if location is not None:
                self.answers.append(browser.visit(browser.log_in(location, self.user.user_id)))
        finally:
            browser.liveperson.close()

    def scheduled(self) -> None:
        """Let the user's scheduled message come, and those that were not finished before it."""
        self.undelivered += self.installation.due(self.user)
        self.deliver()

    def deliver(self) -> None:
        records, self.undelivered = self.undelivered, []
        try:
            self.undelivered = self.installation.work(records)
        except Killed:
            self.undelivered = records
            raise

    def land_rescues(self) -> None:
        self.rescues += self.installation.receive_rescues()
        self.rescues = self.installation.land(self.rescues) if self.rescues else []

    def vend(self) -> None:
        event = {"account_id": ACCOUNT, "user_id": self.user.user_id}
        self.answers.append(self.installation.invoke("access_token", event))

    def sign_out(self, scope: Scope) -> Revocation:
        environment = self.installation.enter("access_token")
        sign_out = SignOut(store=make_table(environment), channel=make_back_channel(environment))
        epoch = 0 if self.grant is None else self.grant.session_epoch
        return sign_out.sign_out(self.user, scope=scope, session_epoch=epoch, now=self.installation.now)

    def go_on(self, time: timedelta = OVER) -> None:
        self.installation.go_on(time)

    def settle(self) -> None:
        """Let all be well again, and time pass: scheduled messages first, rescues late, as the worst order has it."""
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
                return

    # ---- what is so ----

    def is_settled(self) -> bool:
        """Tell whether nothing is open any more: from here on, each interval would be like the last."""
        grant = self.grant
        if self.undelivered or self.rescues or grant is None:
            return False
        return not (grant.unsettled or grant.lease_owner or grant.failures or grant.revocation_is_due)

    @property
    def grant(self) -> Grant | None:
        return self.installation.table.find(self.user)

    @property
    def status(self) -> Status | None:
        return None if self.grant is None else self.grant.status

    def stored_token_is_live(self) -> bool:
        _, refresh_token = self.installation.tokens(self.user)
        found = token_at_liveperson(self.installation, refresh_token)
        return found is not None and found.state == "live"

    def live_grants(self) -> int:
        grants = self.installation.simulator.grants.all(ACCOUNT, self.user.user_id)
        return sum(grant.live for grant in grants)

    def reuses(self) -> int:
        entries = self.installation.simulator.journal.entries("token-refresh")
        return sum(entry.reuse for entry in entries if entry.grant in self._grant_ids())

    def _grant_ids(self) -> set[str]:
        return {grant.id for grant in self.installation.simulator.grants.all(ACCOUNT, self.user.user_id)}
