"""Rescues of users who signed out of LivePerson: their tokens are revoked there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Scope, Status
from le_auth.domain.sign_out import Revocation
from tests.support.installation import INTERVAL, OTHER_ACCOUNT
from tests.support.refreshes import live_grants, refresh_unsaved

if TYPE_CHECKING:
    import pytest

    from le_auth.domain.users import User
    from tests.support.installation import Installation

SECOND = timedelta(seconds=1)


def test_rescued_tokens_of_a_user_who_signed_out_of_liveperson_are_revoked_there(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    records = refresh_unsaved(installation, ada)
    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.UNCERTAIN
    assert live_grants(installation) == 1, "only the token in the queue can end it"

    assert installation.land(records) == []

    assert live_grants(installation) == 0
    assert installation.grant(ada).status is Status.SIGNED_OUT
    assert '"reason":"revoked"' in capsys.readouterr().out


def test_tokens_that_come_back_after_a_sign_out_from_liveperson_are_revoked_by_way_of_the_queue(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    def sign_out() -> None:
        installation.sign_out(ada, Scope.LIVEPERSON)
        installation.enter("refresh_worker")

    installation.calls.order("UpdateItem", "meanwhile", containing=":replaced", times=1, then=sign_out)

    assert installation.work(installation.due(ada)) == []

    assert '"revocation_queued"' in capsys.readouterr().out
    assert live_grants(installation) == 1
    assert installation.land(installation.receive_rescues()) == []
    assert live_grants(installation) == 0


def test_a_revocation_that_fails_waits_in_the_item_and_not_in_the_queue(installation: Installation, ada: User) -> None:
    records = refresh_unsaved(installation, ada)
    installation.sign_out(ada, Scope.LIVEPERSON)
    fault = installation.simulator.faults.order("revoke", "status", status=503, times=None)

    assert installation.land(records) == []
    assert live_grants(installation) == 1

    fault.cancel()
    assert installation.work(installation.due(ada)) == []
    assert live_grants(installation) == 0


def test_rescued_tokens_of_a_user_who_signed_in_again_are_left_to_lapse(installation: Installation, ada: User) -> None:
    """A revocation would end the new session too."""
    records = refresh_unsaved(installation, ada)
    installation.sign_out(ada, Scope.LIVEPERSON)
    installation.go_on(SECOND)
    installation.sign_in("1001")

    assert installation.land(records) == []

    assert installation.grant(ada).status is Status.ACTIVE
    assert live_grants(installation) == 2
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(ada)) == []


def test_another_accounts_rescues_land_though_a_revocation_cannot_be_done(
    installation: Installation, ada: User
) -> None:
    carol = installation.sign_in("2001", account=OTHER_ACCOUNT)
    installation.go_on(INTERVAL)
    adas, carols = (refresh_unsaved(installation, user) for user in (ada, carol))
    installation.sign_out(ada, Scope.LIVEPERSON)
    installation.put_app_install_secret("canary-wrong-secret")
    installation.start_cold()

    assert installation.land([*adas, *carols]) == []
    assert installation.grant(ada).revocation_is_due
    assert installation.grant(carol).unsettled == 0
