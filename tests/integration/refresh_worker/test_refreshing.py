"""What a refresh leaves behind, at LivePerson and in the table, and what it costs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.slots import slot_of
from tests.support.installation import INTERVAL, NOON
from tests.support.refreshes import token_at_liveperson

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation


def test_a_refresh_stores_the_new_tokens_and_voids_the_old_refresh_token(installation: Installation, ada: User) -> None:
    before, (_, old) = installation.grant(ada), installation.tokens(ada)

    assert installation.work(installation.due(ada)) == []

    after, (access, new) = installation.grant(ada), installation.tokens(ada)
    assert after.generation == before.generation + 1
    assert after.refreshed_at == NOON + INTERVAL
    assert (after.issued_at, after.last_used_at, after.session_epoch) == (NOON, NOON, before.session_epoch)
    assert after.slot == slot_of(ada)
    assert (after.lease_owner, after.lease_until, after.unsettled, after.failures) == (None, None, 0, 0)
    known = [token_at_liveperson(installation, token) for token in (old, new, access)]
    assert [token and token.state for token in known] == ["void", "live", "live"]
    assert installation.hidden_messages() == 0


def test_a_token_is_refreshed_again_and_again(installation: Installation, ada: User) -> None:
    generation = installation.grant(ada).generation
    for _ in range(5):
        assert installation.work(installation.due(ada)) == []
        installation.go_on(INTERVAL)

    assert installation.grant(ada).generation == generation + 5
    (grant,) = installation.simulator.grants.all(user_id="1001")
    assert (grant.refreshes, grant.live) == (5, True)
    assert installation.simulator.journal.reuses == 0


def test_a_refresh_costs_one_request_and_two_writes_and_no_read(installation: Installation, ada: User) -> None:
    ben = installation.sign_in("1002")
    installation.go_on(INTERVAL)
    installation.work(installation.due(ben))
    records = installation.due(ada)
    installation.calls.clear()
    installation.simulator.journal.clear()

    installation.invoke("refresh_worker", {"Records": records})

    assert installation.calls.operations == ["UpdateItem", "UpdateItem"]
    assert installation.simulator.journal.counts() == {"token-refresh": 1}


def test_a_refresh_leaves_the_index_alone(installation: Installation, ada: User) -> None:
    indexed = {key: installation.item(ada)[key] for key in ("pk", "slot")}

    installation.work(installation.due(ada))

    assert {key: installation.item(ada)[key] for key in ("pk", "slot")} == indexed


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("id-claims", {"claims": {"aud": "another-app"}}),
        ("id-signature", {"value": "none"}),
        ("fields", {"fields": {"id_token": ""}}),
        ("fields", {"fields": {"id_token": "no.jwt"}}),
    ],
)
def test_rotated_tokens_are_kept_although_the_refreshed_id_token_is_of_no_use(
    installation: Installation, ada: User, kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.settings.id_token_at_refresh = True
    installation.simulator.faults.order("token-refresh", kind, **details)
    before = installation.tokens(ada)

    assert installation.work(installation.due(ada)) == []

    assert installation.tokens(ada) != before
    assert installation.grant(ada).unsettled == 0


def test_an_answer_without_a_refresh_token_keeps_the_old_one(installation: Installation, ada: User) -> None:
    installation.simulator.settings.rotates = False
    old_access, old_refresh = installation.tokens(ada)

    assert installation.work(installation.due(ada)) == []

    access, refresh = installation.tokens(ada)
    assert access != old_access
    assert refresh == old_refresh


def test_a_lifetime_is_stored_and_removed_again(installation: Installation, ada: User) -> None:
    installation.simulator.settings.sends_expires_in = True
    installation.work(installation.due(ada))
    assert installation.grant(ada).access_expires_at == installation.now + timedelta(hours=1)

    installation.simulator.settings.sends_expires_in = False
    installation.go_on(INTERVAL)
    installation.work(installation.due(ada))

    assert installation.grant(ada).access_expires_at is None


def test_the_worker_reports_the_age_of_the_token_it_refreshed(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.work(installation.due(ada))

    logged = capsys.readouterr().out
    assert '"TokenRefreshed":[1.0]' in logged
    assert '"TokenAgeAtRefreshSeconds":[1800.0]' in logged


def test_the_scheduler_and_the_worker_together_keep_tokens_fresh(installation: Installation) -> None:
    users = [installation.sign_in(str(number)) for number in range(3000, 3004)]
    generations = [installation.grant(user).generation for user in users]

    for minute in range(1, 121):
        installation.simulator.clock.set(NOON + timedelta(minutes=minute))
        installation.schedule()
        assert installation.work(installation.receive()) == []

    assert installation.simulator.journal.reuses == 0
    grown = [installation.grant(user).generation - before for user, before in zip(users, generations, strict=True)]
    assert grown == [4, 4, 4, 4]
