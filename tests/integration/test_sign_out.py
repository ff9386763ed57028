"""Sign-out on the emulated table and a strict LivePerson."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from le_auth.domain.grants import Scope, Status
from le_auth.domain.sign_out import Revocation
from le_auth.domain.slots import slot_of
from le_auth.errors import TableUnavailableError
from tests.support.installation import ACCOUNT, APP, INTERVAL, NOON, SECRET, Installation
from tests.support.refreshes import live_grants, refresh_under_way

if TYPE_CHECKING:
    from typing import Any

    from le_auth.domain.users import User

SECOND = timedelta(seconds=1)
BOTH = pytest.mark.parametrize("scope", list(Scope))


@pytest.fixture
def ada(installation: Installation) -> User:
    """Somebody who signed in at noon; it is half past."""
    user = installation.sign_in("1001")
    installation.go_on(INTERVAL)
    return user


def due(installation: Installation) -> list[str]:
    return [key for slot in range(60) for page in installation.table.due(slot) for key in page]


def test_signing_out_of_liveperson_ends_the_grant_there(installation: Installation, ada: User) -> None:
    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.DONE

    assert live_grants(installation) == 0
    assert [entry.status for entry in installation.simulator.journal.entries("revoke")] == [200]
    assert due(installation) == []


def test_signing_out_locally_leaves_the_grant_there_alone(installation: Installation, ada: User) -> None:
    assert installation.sign_out(ada, Scope.LOCAL) is Revocation.NOT_ASKED

    assert live_grants(installation) == 1
    assert installation.simulator.journal.counts() == {}


@BOTH
@pytest.mark.parametrize("times", [1, None])
def test_a_sign_out_whose_answer_is_lost_is_done(
    installation: Installation, ada: User, scope: Scope, times: int | None
) -> None:
    fault = installation.calls.order("UpdateItem", "lost-answer", containing=":number", times=times)

    if times is None:
        with pytest.raises(TableUnavailableError):
            installation.sign_out(ada, scope)
        fault.times = fault.met
    installation.sign_out(ada, scope)

    assert installation.grant(ada).status is Status.SIGNED_OUT
    assert live_grants(installation) == (0 if scope is Scope.LIVEPERSON else 1)


@pytest.mark.parametrize(
    ("kind", "details", "status"),
    [
        ("status", {"status": 503}, 503),
        ("status", {"status": 429}, 429),
        ("status", {"status": 401}, 401),
        ("drop-before", {}, None),
        ("drop-after", {}, None),
    ],
)
def test_what_liveperson_did_not_hear_of_the_schedule_tells_it(
    installation: Installation, ada: User, kind: str, details: dict[str, Any], status: int | None
) -> None:
    fault = installation.simulator.faults.order("revoke", kind, times=None, **details)
    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.DUE
    assert installation.simulator.journal.entries("revoke")[-1].status == status
    [record] = installation.due(ada)
    assert installation.work([record]) == [record]
    assert installation.pauses()[-1:] == [120]

    fault.cancel()
    installation.go_on(timedelta(minutes=2))
    assert installation.work([record]) == []

    assert live_grants(installation) == 0
    assert due(installation) == []
    assert installation.simulator.journal.counts().get("token-refresh", 0) == 0


def test_the_scheduler_finds_a_revocation_that_is_due(installation: Installation, ada: User) -> None:
    fault = installation.simulator.faults.order("revoke", "status", status=503, times=None)
    installation.sign_out(ada, Scope.LIVEPERSON)
    fault.cancel()
    minute = NOON + timedelta(hours=1, minutes=slot_of(ada))
    installation.simulator.clock.set(minute)

    installation.schedule()
    assert installation.work(installation.receive()) == []

    assert live_grants(installation) == 0
    installation.go_on(INTERVAL)
    assert installation.schedule()["due"] == 0


def test_a_token_that_liveperson_no_longer_knows_is_as_good_as_revoked(installation: Installation, ada: User) -> None:
    installation.simulator.grants.end_user(ACCOUNT, "1001")

    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.DONE


def test_a_revocation_that_liveperson_refuses_is_not_repeated(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("revoke", "status", status=400, body="{}", times=None)

    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.REFUSED
    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.NOT_ASKED
    assert len(installation.simulator.journal.entries("revoke")) == 1
    assert due(installation) == []


def test_an_older_secret_revokes_where_the_newer_is_not_yet_known_there(installation: Installation, ada: User) -> None:
    installation.put_app_install_secret(["canary-new-app-install-secret", SECRET])
    installation.start_cold()

    assert installation.sign_out(ada, Scope.LIVEPERSON) is Revocation.DONE
    assert [entry.status for entry in installation.simulator.journal.entries("revoke")] == [401, 200]


@BOTH
@pytest.mark.parametrize("held", ["before", "after"])
def test_a_refresh_under_way_never_brings_a_signed_out_user_back(
    installation: Installation, ada: User, scope: Scope, held: Literal["before", "after"]
) -> None:
    """Whether LivePerson hears of the refresh or of the sign-out first."""
    with refresh_under_way(installation, installation.due(ada), held=held):
        installation.sign_out(ada, scope)
        installation.enter("refresh_worker")
        signed_out = installation.item(ada)

    installation.land(installation.receive_rescues())
    found = installation.item(ada)
    assert int(found.pop("generation")["N"]) >= int(signed_out.pop("generation")["N"])
    assert found == signed_out
    assert live_grants(installation) == (0 if scope is Scope.LIVEPERSON else 1)


def test_a_user_may_sign_in_again_at_once(installation: Installation, ada: User) -> None:
    installation.sign_out(ada, Scope.LIVEPERSON)
    installation.go_on(SECOND)

    installation.sign_in("1001")
    installation.go_on(INTERVAL)

    assert installation.work(installation.due(ada)) == []
    [grant] = [grant for grant in installation.simulator.grants.all() if grant.live]
    assert (grant.client_id, grant.refreshes) == (APP, 1)


def test_of_many_who_sign_a_user_out_at_once_all_see_it_done(installation: Installation, ada: User) -> None:
    installation.enter("access_token")

    with ThreadPoolExecutor(8) as threads:
        ends = list(threads.map(lambda _: installation.sign_out(ada, Scope.LIVEPERSON), range(16)))

    assert set(ends) <= {Revocation.DONE, Revocation.NOT_ASKED}
    assert Revocation.DONE in ends
    assert installation.grant(ada).generation == int(installation.now.timestamp() * 1000)
    assert live_grants(installation) == 0
