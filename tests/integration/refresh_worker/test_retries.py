"""A LivePerson that is down, busy or failing is asked again, by its own retry policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.refreshes import refreshes

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation


@pytest.mark.parametrize(
    ("kind", "details"),
    [("status", {"status": 500}), ("status", {"status": 503, "body": "<html>"}), ("status", {"status": 501})],
)
def test_a_failing_sentinel_is_asked_again_by_livepersons_retry_policy(
    installation: Installation, ada: User, kind: str, details: dict[str, Any]
) -> None:
    fault = installation.simulator.faults.order("token-refresh", kind, times=None, **details)
    tokens = installation.tokens(ada)
    records = installation.due(ada)

    for failures in range(1, 8):
        assert len(installation.work(records)) == 1
        grant = installation.grant(ada)
        assert (grant.failures, grant.unsettled, grant.lease_owner) == (failures, 0, None)

    assert installation.pauses() == [5, 10, 15, 120, 240, 480, 480]
    assert installation.hidden_messages() == 1
    assert installation.tokens(ada) == tokens
    fault.cancel()
    assert installation.work(records) == []
    assert installation.grant(ada).failures == 0


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "1"}, 5),
        ({}, 5),
        ({"Retry-After": "86400"}, 1800),
        ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, 5),
        ({"Retry-After": "-1"}, 5),
    ],
)
def test_when_sentinel_asks_to_slow_down_the_message_waits_as_long(
    installation: Installation, ada: User, headers: dict[str, str], pause: int
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=429, headers=headers)

    assert len(installation.work(installation.due(ada))) == 1

    assert installation.pauses() == [pause]
    assert refreshes(installation) == 1


def test_a_sentinel_that_is_down_is_waited_for(installation: Installation, ada: User) -> None:
    installation.configure(SentinelDomain=installation.simulator.host)
    records = installation.due(ada)
    installation.simulator.stop()

    assert len(installation.work(records)) == 1

    grant = installation.grant(ada)
    assert (grant.failures, grant.unsettled, grant.last_error) == (1, 0, "sentinel_unavailable")
    installation.simulator.start()
    assert installation.work(records) == []


def test_a_domain_api_that_is_down_spends_no_token_and_takes_no_lease(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("domain", "status", status=500)
    before = installation.item(ada)

    assert len(installation.work(installation.due(ada))) == 1

    assert installation.item(ada) == before
    assert installation.pauses() == [120]
    assert refreshes(installation) == 0


def test_what_was_counted_is_written_before_messages_are_handed_back(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    """Handing back may take the invocation's last seconds."""
    written: list[str] = []
    worker = installation.module("refresh_worker")
    installation.monkeypatch.setattr(worker, "return_later", lambda *_: written.append(capsys.readouterr().out))

    installation.work(installation.due(ada))

    assert '"TokenRefreshed":[1.0]' in written[0]
