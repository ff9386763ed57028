from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from le_auth.domain.client_secrets import with_each_secret
from le_auth.errors import ClientRefusedError, GrantRevokedError, OutcomeUnknownError
from tests.support.fakes import FakeSecrets
from tests.support.makers import CLIENT_ID, NOON

if TYPE_CHECKING:
    from le_auth.domain.secret import Secret


class Server:
    """Accepts one secret, and remembers what it was sent."""

    def __init__(self, accepted: str, failure: Exception | None = None) -> None:
        self.accepted, self.failure = accepted, failure
        self.sent: list[str] = []

    def __call__(self, secret: Secret) -> str:
        self.sent.append(secret.reveal())
        if self.failure is not None:
            raise self.failure
        if secret.reveal() != self.accepted:
            raise ClientRefusedError("refused")
        return "answer"


def test_the_first_secret_serves_and_no_other_is_tried() -> None:
    secrets, server = FakeSecrets(known=["canary-new", "canary-old"]), Server("canary-new")

    assert with_each_secret(CLIENT_ID, secrets, server, now=NOON) == "answer"
    assert (server.sent, secrets.reads_afresh) == (["canary-new"], 0)


def test_a_refused_secret_is_followed_by_the_next_and_the_accepted_one_is_remembered() -> None:
    secrets, server = FakeSecrets(known=["canary-new", "canary-old"]), Server("canary-old")

    assert with_each_secret(CLIENT_ID, secrets, server, now=NOON) == "answer"
    assert server.sent == ["canary-new", "canary-old"]
    assert (secrets.preferred, secrets.reads_afresh) == (["canary-old"], 0)


def test_when_all_were_refused_they_are_read_afresh_once_and_only_new_ones_are_tried() -> None:
    secrets = FakeSecrets(known=["canary-a", "canary-b"], afresh=["canary-c", "canary-a"])
    server = Server("canary-c")

    assert with_each_secret(CLIENT_ID, secrets, server, now=NOON) == "answer"
    assert server.sent == ["canary-a", "canary-b", "canary-c"]
    assert secrets.reads_afresh == 1


def test_when_those_read_afresh_are_refused_too_it_is_over() -> None:
    secrets, server = FakeSecrets(known=["canary-a"], afresh=["canary-b", "canary-a"]), Server("none")

    with pytest.raises(ClientRefusedError, match="AppInstall"):
        with_each_secret(CLIENT_ID, secrets, server, now=NOON)
    assert server.sent == ["canary-a", "canary-b"]
    assert (secrets.reads_afresh, secrets.preferred) == (1, [])


@pytest.mark.parametrize("failure", [OutcomeUnknownError("broken"), GrantRevokedError("gone")])
def test_any_other_failure_ends_the_attempts(failure: Exception) -> None:
    secrets, server = FakeSecrets(known=["canary-a", "canary-b"]), Server("canary-b", failure)

    with pytest.raises(type(failure)):
        with_each_secret(CLIENT_ID, secrets, server, now=NOON)
    assert (server.sent, secrets.reads_afresh) == (["canary-a"], 0)
