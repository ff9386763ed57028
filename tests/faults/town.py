"""A few users on one installation, where one deed is done at a time, with all the bad luck that it can have.

Another process may do a deed of its own just before any call that the first one makes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from le_auth import wiring
from le_auth.adapters.token_table import TokenTable
from le_auth.domain.users import User
from tests.faults.deeds import Deeds, Person
from tests.faults.seconds import OVER
from tests.faults.trouble import (
    LIVEPERSON_ENDPOINTS,
    LIVEPERSON_OUTAGES,
    OUTAGES,
    WRONG_SECRET,
    Deed,
    Meanwhile,
    Trouble,
)
from tests.support.crossings import Killed
from tests.support.installation import ACCOUNT, APP, CALLBACK_URL, INTERVAL, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.simulator import Simulator
    from tests.faults.judge import Judge
    from tests.support.browser import Browser
    from tests.support.crossings import Crossings
    from tests.support.installation import Installation, Record

_user_ids = count(800_000)
MOST_ROUNDS = 5
"""Intervals until everybody is at rest: a lease that a dead process left, a grace, a late rescue, two refreshes."""


@dataclass(kw_only=True)
class Town:
    """Everybody, and what becomes of them, which the judge looks at after each deed.

    Args:
        rescues: messages of RescueQueue, received and not yet landed.
        seen: ids of scheduled messages.
        counted: deeds, for the report.
    """

    installation: Installation
    crossings: Crossings
    judge: Judge
    counted: Counter[str] = field(default_factory=Counter)
    people: list[Person] = field(default_factory=list)
    rescues: list[Record] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    deeds_until_mended: int = 0

    @property
    def simulator(self) -> Simulator:
        return self.installation.simulator

    @property
    def deeds(self) -> Deeds:
        return Deeds(town=self)

    def begin(self, number: int) -> None:
        """Begin anew, with people whom nobody knows yet."""
        self.simulator.reset()
        self.mend()
        self.installation.start_cold()
        for queue in ("RefreshQueue", "RescueQueue"):
            self.installation.emulator.sqs.purge_queue(QueueUrl=self.installation.deployed.resources[queue])
        users = [User(account_id=ACCOUNT, user_id=str(next(_user_ids))) for _ in range(number)]
        self.people = [Person(user=user) for user in users]
        self.rescues, self.seen = [], set()
        self.judge.begin(self)

    # ---- one deed and all that goes wrong ----

    def do(self, deed: Deed, trouble: Trouble | None = None) -> None:
        """Do a deed, and have the judge look at what came of it."""
        trouble = trouble or Trouble()
        self.counted[deed.what] += 1
        self.crossings.start(*trouble.strikes)
        if trouble.meanwhile is not None:
            self.crossings.meanwhile[trouble.meanwhile.at] = partial(self._do_elsewhere, trouble.meanwhile, deed.whose)
        self.installation.clock_is_off = timedelta(seconds=trouble.clock_is_off)
        self._do_in_a_process(deed)
        self.installation.clock_is_off = timedelta()
        self.crossings.meanwhile.clear()
        self.crossings.strikes = ()
        self._take_rescues()
        self.counted["faults that struck"] += len(self.crossings.struck)
        self.judge.look()
        self.deeds_until_mended -= 1
        if self.deeds_until_mended == 0:
            self.mend()

    def _do_in_a_process(self, deed: Deed) -> None:
        if wiring.the_http_client.cache_info().currsize:
            # What LivePerson closed, the next request may notice or not: each life must run the same again.
            wiring.the_http_client()._session.close()
        person = self.people[deed.whose % len(self.people)]
        self.judge.begins(deed.what, person)
        try:
            getattr(self.deeds, deed.what)(person, deed.which)
        except Killed:
            self.counted["processes killed"] += 1
            self.installation.start_cold()
        self.judge.ends()

    def _do_elsewhere(self, meanwhile: Meanwhile, whose: int) -> None:
        self.counted["deeds between two calls of another"] += 1
        self.judge.note()
        with self.installation.another_process(clock_is_off=timedelta(seconds=meanwhile.clock_is_off)):
            self._do_in_a_process(replace(meanwhile.deed, whose=whose + meanwhile.deed.whose))

    # ---- the world ----

    @property
    def table(self) -> TokenTable:
        """The table by a client of our own: no fault strikes what only looks."""
        name = self.installation.deployed.resources["TokenTable"]
        return TokenTable(client=self.installation.emulator.dynamodb, name=name)

    def pass_time(self, time: timedelta) -> None:
        self.counted["time passes"] += 1
        self.installation.go_on(time)

    def fail(self, what: str, *, deeds: int) -> None:
        """Have something fail during so many deeds."""
        self.counted["outages"] += 1
        self.deeds_until_mended = max(self.deeds_until_mended, deeds)
        self.crossings.outages |= OUTAGES.get(what, set())
        if what in LIVEPERSON_OUTAGES:
            for endpoint in LIVEPERSON_ENDPOINTS:
                self.simulator.faults.order(endpoint, "status", status=LIVEPERSON_OUTAGES[what], times=None)
        if what == WRONG_SECRET:
            self._register("another-secret")

    def mend(self) -> None:
        self.deeds_until_mended = 0
        self.crossings.end()
        self._register(SECRET)

    def _register(self, secret: str) -> None:
        self.simulator.register(APP, secrets=[secret], accounts=[ACCOUNT], redirect_uris=[CALLBACK_URL])

    def end(self) -> None:
        """Let all be well again, and have the judge look for the last time; then everybody does what they can."""
        self.settle()
        self.judge.last_look()
        self.ask_everybody()
        self.have_everybody_signed_in()

    def settle(self) -> None:
        """Let all be well again, and time pass: scheduled messages first, rescues late, as the worst order has it."""
        self.mend()
        self.installation.start_cold()
        for number in range(MOST_ROUNDS):
            self.installation.go_on(INTERVAL)
            for person in self.people:
                person.messages.clear()  # older than an interval
                self.deeds.schedule(person, 0)
            self._deliver_all()
            self._take_rescues(is_due=True)
            landing = list(self.rescues) if number >= 1 else []
            for record in landing:
                self._quietly("land", self.people[0], partial(self.deeds.land_one, record))
            self.installation.go_on(OVER)
            self._deliver_all()
            if not landing and self.judge.sees_rest():  # what landed has its turn yet
                return

    def ask_everybody(self) -> None:
        """Have a back end ask for everybody's token, and each browser look whether it is still signed in."""
        for person in self.people:
            self._quietly("vend", person, partial(self.deeds.vend, person, 0))
            for browser in person.browsers:
                self._quietly("look", person, partial(self._look_in, person, browser))

    def have_everybody_signed_in(self) -> None:
        """Have whoever is not signed in any more sign in once more."""
        for person in self.people:
            if self.judge.must_sign_in(person):
                self._quietly("sign_in", person, partial(self.deeds.sign_in, person, 1))
                self.judge.is_seen(person.browsers[-1].visit("/session"))

    def _look_in(self, person: Person, browser: Browser) -> None:
        self.judge.shown(person, browser, browser.visit("/session"))

    def _deliver_all(self) -> None:
        for person in self.people:
            for record in list(person.messages):
                self._quietly("deliver", person, partial(self.deeds.deliver_one, person, record))

    def _quietly(self, what: str, person: Person, deed: Callable[[], None]) -> None:
        self.crossings.start()
        self.judge.begins(what, person)
        deed()
        self.judge.ends()
        self._take_rescues()
        self.judge.look()

    def _take_rescues(self, *, is_due: bool = False) -> None:
        """Hold the rescues in flight; one that comes anew takes the place of its last receipt."""
        if is_due or "SendMessage" in self.crossings.names:
            known = {record["messageId"]: record for record in self.rescues}
            received = {record["messageId"]: record for record in self.installation.receive_rescues()}
            self.rescues = list((known | received).values())
