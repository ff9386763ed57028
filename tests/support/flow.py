"""A person's way through the whole system; tests/support/canaries.py knows what is secret on it and what came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.api_events import token_event
from tests.support.canaries import watch
from tests.support.installation import ADA, INTERVAL
from tests.support.refreshes import refresh_unsaved

if TYPE_CHECKING:
    import pytest

    from le_auth.domain.users import User
    from tests.support.browser import Browser
    from tests.support.installation import Answer, Installation, Record


class Flow:
    """A person's way through the system."""

    def __init__(self, installation: Installation, browser: Browser) -> None:
        self.installation, self.browser = installation, browser

    def visit(self, url: str, **headers: str) -> Answer:
        return self.browser.visit(url, **headers)

    def come_back(self) -> str:
        return self.browser.log_in(self.visit("/launch?return_to=/app")["headers"]["Location"])

    def refresh(self, user: User = ADA) -> None:
        self.installation.go_on(INTERVAL)
        self.installation.work(self.installation.due(user))

    def vend(self, user: User = ADA, **wish: Any) -> None:
        """Have a back end ask, by HTTP and directly."""
        event = {"account_id": user.account_id, "user_id": user.user_id, **wish}
        self.installation.invoke("access_token", event)
        asked = token_event(user.account_id, user.user_id, arn="arn:aws:iam::111122223333:user/back-end")
        self.installation.invoke("access_token", asked)

    def refresh_unsaved(self, user: User = ADA) -> list[Record]:
        """Have tokens refreshed that the table does not take; gives what waits to be rescued."""
        self.installation.go_on(INTERVAL)
        return refresh_unsaved(self.installation, user)

    @staticmethod
    def leaks(capsys: pytest.CaptureFixture[str]) -> list[str]:
        """Say what came out up to now, with what was printed last."""
        capsys.readouterr()
        return watch.leaks()
