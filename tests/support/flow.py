"""A person's way through the whole system, with all that came out on the way."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

from le_auth.domain.users import User
from tests.support.api_events import token_event
from tests.support.browser import parameters
from tests.support.installation import ACCOUNT, INTERVAL, OTHER_SECRET, SEALING_KEY, SECRET
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    import pytest

    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation, Record

ADA = User(account_id=ACCOUNT, user_id="1001")


class Flow:
    """A person's way through the system, with everything that came out on the way.

    What the protocol itself puts into a redirect to LivePerson or into a cookie is no leak, so of those answers only
    status, body and the other headers are searched.
    """

    def __init__(self, installation: Installation, browser: Browser) -> None:
        self.installation, self.browser = installation, browser
        self.secrets = SecretsSeen()
        self.shown: list[str] = []
        for name, value in (("client secret", SECRET), ("client secret", OTHER_SECRET), ("sealing key", SEALING_KEY)):
            self.secrets.add(name, value)

    def visit(self, url: str, **headers: str) -> Answer:
        answer = self.browser.visit(url, **headers)
        for name, value in self.browser.cookies.items():
            self.secrets.add("cookie", value)
            self.secrets.add("state hash", name) if "-tx-" not in name else None
        searched = dict(answer["headers"])
        if answer["statusCode"] == 302:
            self.secrets.add("state", parameters(searched.pop("Location"))["state"])
        self.shown += [json.dumps(searched), answer["body"]]
        return answer

    def come_back(self) -> str:
        location = self.visit("/launch?return_to=/app")["headers"]["Location"]
        callback = self.browser.log_in(location)
        code = parameters(callback).get("code")
        if code is not None:
            self.secrets.add("code", code)
        return callback

    def refresh(self, user: User = ADA) -> None:
        self._note_tokens(user)
        self.installation.go_on(INTERVAL)
        records = self.installation.due(user)
        self.shown += [record["body"] for record in records]
        self.installation.work(records)
        self._note_tokens(user)

    def vend(self, user: User = ADA, **wish: Any) -> None:
        """Have a back end ask, by HTTP and directly. The access token is what the answers are for, the rest is not."""
        event = {"account_id": user.account_id, "user_id": user.user_id, **wish}
        asked = token_event(user.account_id, user.user_id, arn="arn:aws:iam::111122223333:user/back-end")
        self._note_tokens(user)
        answers = [self.installation.invoke("access_token", event)]
        self._note_tokens(user)
        answer = self.installation.invoke("access_token", asked)
        self.shown.append(json.dumps(answer["headers"]))
        answers.append(json.loads(answer["body"]))
        for content in answers:
            self._note("token", content.pop("access_token", None))
        self.shown += map(json.dumps, answers)
        self._note_tokens(user)

    def refresh_unsaved(self, user: User = ADA) -> list[Record]:
        """Have tokens refreshed that the table does not take; gives what waits to be rescued."""
        fault = self.installation.calls.order("UpdateItem", containing=":replaced")
        self.refresh(user)
        fault.times = 0
        records = self.installation.receive_rescues()
        self.shown += map(_unsealed, records)
        return records

    def _note(self, name: str, value: str | None) -> None:
        if value is not None:
            self.secrets.add(name, value)

    def _note_tokens(self, user: User) -> None:
        grant = self.installation.table.find(user)
        if grant is not None and grant.sealed is not None:
            for token in self.installation.tokens(user):
                self.secrets.add("token", token)
            self.secrets.add("sealed", grant.sealed.data.hex())

    def leaks(self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> list[str]:
        captured = capsys.readouterr()
        records = [f"{record.getMessage()} {record.__dict__} {_trace(record.exc_info)}" for record in caplog.records]
        return self.secrets.found_in("\n".join([captured.out, captured.err, *records, *self.shown]))


def _unsealed(record: Record) -> str:
    """Give what a rescue carries beside the sealed tokens."""
    content = json.loads(record["body"])
    assert content.pop("sealed")
    return json.dumps(content)


def _trace(exc_info: Any) -> str:
    return "".join(traceback.format_exception(*exc_info)) if exc_info else ""
