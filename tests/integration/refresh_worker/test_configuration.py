"""Secrets, keys and accounts that are set up wrongly sign nobody out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from tests.support.installation import ACCOUNT, INTERVAL, OTHER_ACCOUNT, OTHER_APP, SEALING_KEY, SECRET
from tests.support.refreshes import keys_of, refreshes

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation


def test_a_wrong_application_secret_signs_nobody_out_and_leaves_other_accounts_alone(
    installation: Installation, ada: User, carol: User
) -> None:
    ben = installation.sign_in("1002")
    installation.put_app_install_secret("canary-wrong-secret")
    before = installation.grant(ada)
    installation.go_on(INTERVAL)

    left = installation.work(installation.due(ada))
    left += installation.work(installation.due(ben, carol))

    assert keys_of(left) == [ada.pk, ben.pk]
    after = installation.grant(ada)
    assert (after.status, after.slot, after.generation, after.sealed) == (
        Status.ACTIVE,
        before.slot,
        before.generation,
        before.sealed,
    )
    assert (after.lease_owner, after.unsettled) == (None, 0)
    assert installation.grant(carol).refreshed_at == installation.now
    assert len(installation.simulator.journal.entries("token-refresh", ACCOUNT)) == 1, "the second message waits unsent"
    assert installation.pauses() == [120, 120]


def test_once_the_secret_is_set_right_the_account_goes_on(installation: Installation, ada: User) -> None:
    installation.put_app_install_secret("canary-wrong-secret")
    records = installation.due(ada)
    installation.work(records)

    installation.put_app_install_secret(SECRET)
    installation.go_on(timedelta(minutes=2))

    assert installation.work(records) == []
    assert installation.grant(ada).refreshed_at == installation.now


def test_a_secret_changed_at_both_ends_is_noticed_by_nobody(installation: Installation, ada: User) -> None:
    installation.work(installation.due(ada))
    installation.go_on(timedelta(minutes=4))
    installation.change_app_install_secret("canary-changed-app-install-secret")

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).refreshed_at == installation.now


def test_an_account_that_is_no_longer_configured_signs_nobody_out(
    installation: Installation, ada: User, carol: User
) -> None:
    installation.configure(AppInstalls=f"{OTHER_ACCOUNT}={OTHER_APP}")
    installation.go_on(INTERVAL)
    before = installation.item(ada)

    left = installation.work(installation.due(ada, carol))

    assert keys_of(left) == [ada.pk]
    assert installation.item(ada) == before


def test_a_key_that_is_missing_signs_nobody_out(installation: Installation, ada: User) -> None:
    other = {"keys": [{"id": "1", "key": "canary-another-sealing-key-" + "k" * 30}]}
    secret_id = installation.deployed.resources["SealingKeySecret"]
    installation.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(other))
    records = installation.due(ada)

    assert len(installation.work(records)) == 1
    assert refreshes(installation) == 0
    assert installation.grant(ada).status is Status.ACTIVE

    both = {"keys": [*other["keys"], {"id": "0", "key": SEALING_KEY}]}
    installation.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(both))
    installation.go_on(timedelta(minutes=1))
    assert installation.work(records) == []
    assert installation.item(ada)["key_id"] == {"S": "1"}, "a live token follows to the newest key by itself"
