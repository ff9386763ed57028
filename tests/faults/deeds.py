"""What everybody can do: a deed is one invocation of a real handler, or something that happens to the world."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from le_auth.domain.rescue import read_rescue
from le_auth.domain.slots import slot_of
from tests.support.browser import Browser, parameters
from tests.support.installation import ACCOUNT, APP, BASE_URL, CALLBACK_URL

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.faults.town import Town
    from tests.support.installation import Record

MOST_MESSAGES = 3
"""Of one user that wait at once."""


@dataclass(kw_only=True)
class Person:
    """A user.

    Args:
        browsers: in which the person signed in.
        messages: scheduled ones that are not done.
    """

    user: User
    browsers: list[Browser] = field(default_factory=list)
    messages: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What can be done in a town, each by the name that a Deed says."""

    town: Town

    def sign_in(self, person: Person, which: int) -> None:
        """Sign in, in a browser of its own; by LivePerson's login page now and then."""
        browser = Browser(installation=self.town.installation)
        try:
            self._sign_in(browser, person, by_the_login_page=which % 8 == 0)
        finally:
            browser.liveperson.close()

    def _sign_in(self, browser: Browser, person: Person, *, by_the_login_page: bool) -> None:
        location = browser.visit("/launch")["headers"].get("Location")
        if location is None:
            return  # the Domain API does not say where LivePerson is
        user_id = person.user.user_id
        if by_the_login_page:
            callback = browser.log_in(location, user_id)
        else:
            code = self.town.simulator.issue_code(
                app_install_id=APP, account=ACCOUNT, user_id=user_id, redirect_uri=CALLBACK_URL
            )
            callback = f"{CALLBACK_URL}?code={code}&state={parameters(location)['state']}"
        self.town.judge.signs_in(person)
        answer = browser.visit(callback)
        self.town.judge.hear(answer)
        if answer["statusCode"] == 303:
            self.town.judge.signed_in(person, browser)

    def sign_out_locally(self, person: Person, which: int) -> None:
        self._sign_out(person, which, "local")

    def sign_out_of_liveperson(self, person: Person, which: int) -> None:
        self._sign_out(person, which, "liveperson")

    def _sign_out(self, person: Person, which: int, scope: str) -> None:
        """Sign out with a session that the browser had at any time: perhaps one that is over."""
        if not person.browsers:
            return
        browser = person.browsers[-1 - which % len(person.browsers)]
        kept = dict(browser.cookies)
        about_to_end = self.town.judge.signs_out(person, browser)
        answer = browser.call(f"/logout?scope={scope}", origin=BASE_URL)
        browser.cookies = kept
        self.town.judge.hear(answer)
        if answer["statusCode"] == 200:
            about_to_end()

    def schedule(self, person: Person, _which: int) -> None:
        """Send the message that the scheduler would, where it finds the user in the index."""
        user, installation = person.user, self.town.installation
        due = [key for page in self.town.table.due(slot_of(user)) for key in page]
        if user.pk not in due or len(person.messages) >= MOST_MESSAGES:
            return
        new = [record for record in installation.due(user) if record["messageId"] not in self.town.seen]
        self.town.seen |= {record["messageId"] for record in new}
        person.messages += [record for record in new if json.loads(record["body"])["pk"] == user.pk]

    def refresh(self, person: Person, _which: int) -> None:
        """Have the scheduled message come, and at once be delivered."""
        self.schedule(person, 0)
        self.deliver(person, -1)

    def deliver(self, person: Person, which: int) -> None:
        """Deliver a message, however late; an even number: once more than needed."""
        if person.messages:
            self.deliver_one(person, person.messages[which % len(person.messages)], is_last=which % 2 == 1)

    def deliver_one(self, person: Person, record: Record, *, is_last: bool = True) -> None:
        if not self.town.installation.work([record]) and is_last and record in person.messages:
            person.messages.remove(record)

    def vend(self, person: Person, _which: int) -> None:
        event = {"account_id": ACCOUNT, "user_id": person.user.user_id}
        self.town.judge.vended(self.town.installation.invoke("access_token", event))

    def land(self, _person: Person, which: int) -> None:
        """Deliver a rescue, in any order; an even number: once more than needed."""
        if self.town.rescues:
            self.land_one(self.town.rescues[which % len(self.town.rescues)], is_last=which % 2 == 1)

    def land_one(self, record: Record, *, is_last: bool = True) -> None:
        self.town.judge.lands(read_rescue(record["body"]).user)
        if not self.town.installation.land([record]) and is_last and record in self.town.rescues:
            self.town.rescues.remove(record)
            self.town.counted["rescues that were settled"] += 1

    def end_at_liveperson(self, person: Person, _which: int) -> None:
        """Have LivePerson end all that the user gave, for reasons of its own."""
        self.town.simulator.grants.end_user(ACCOUNT, person.user.user_id)

    def expire(self, person: Person, _which: int) -> None:
        """Have DynamoDB remove what its TTL allows."""
        now = {":now": {"N": str(int(self.town.installation.now.timestamp()))}}
        client: Any = self.town.installation.emulator.dynamodb
        with suppress(client.exceptions.ConditionalCheckFailedException):
            client.delete_item(
                TableName=self.town.table.name,
                Key={"pk": {"S": person.user.pk}},
                ConditionExpression="expires_at < :now",
                ExpressionAttributeValues=now,
            )
            self.town.judge.expired(person)
