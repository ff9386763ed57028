"""The worker on a real queue and table, against a Sentinel that rotates refresh tokens and detects reuse."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import wiring
from le_auth.domain.grants import Status
from le_auth.domain.refresh import GRACE, LEASE_TIME
from le_auth.domain.slots import slot_of
from le_auth.domain.users import User
from tests.support.installation import ACCOUNT, INTERVAL, NOON, OTHER_ACCOUNT, SEALING_KEY, SECRET, Installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.installation import Record

LEASE = 120
DAY = timedelta(days=1)


@pytest.fixture
def ada(installation: Installation) -> Iterator[User]:
    """Somebody who signed in at noon; it is half past."""
    user = installation.sign_in("1001")
    installation.go_on(INTERVAL)
    yield user
    assert max(installation.simulator.journal.peak_by_grant.values(), default=0) <= 1, "two refreshes at once"


@pytest.fixture
def carol(installation: Installation, ada: User) -> User:
    """Somebody of another account who signed in a moment before half past."""
    assert ada.account_id != OTHER_ACCOUNT
    return installation.sign_in("2001", account=OTHER_ACCOUNT)


def token_state(installation: Installation, token: str) -> str:
    state = installation.simulator.grants.find_token(hashlib.sha256(token.encode()).hexdigest(), installation.now)
    assert state is not None
    return state.state


def refreshes(installation: Installation) -> int:
    return installation.simulator.journal.counts().get("token-refresh", 0)


def keys_of(records: list[Record]) -> list[str]:
    return [json.loads(record["body"])["pk"] for record in records]


def test_a_refresh_stores_the_new_tokens_and_voids_the_old_refresh_token(installation: Installation, ada: User) -> None:
    before, (_, old) = installation.grant(ada), installation.tokens(ada)

    assert installation.work(installation.due(ada)) == []

    after, (access, new) = installation.grant(ada), installation.tokens(ada)
    assert after.generation == before.generation + 1
    assert after.refreshed_at == NOON + INTERVAL
    assert (after.issued_at, after.last_used_at, after.session_epoch) == (NOON, NOON, before.session_epoch)
    assert after.slot == slot_of(ada)
    assert (after.lease_owner, after.lease_until, after.unsettled, after.failures) == (None, None, 0, 0)
    assert [token_state(installation, token) for token in (old, new, access)] == ["void", "live", "live"]
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


def test_a_whole_batch_is_refreshed(installation: Installation) -> None:
    users = [installation.sign_in(str(number)) for number in range(3000, 3040)]
    installation.go_on(INTERVAL)

    installation.simulator.faults.order("token-refresh", "delay", seconds=0.02, times=None)
    assert installation.work(installation.due(*users)) == []

    assert all(installation.grant(user).refreshed_at == NOON + INTERVAL for user in users)
    assert refreshes(installation) == 40
    assert 1 < installation.simulator.journal.peak_token_concurrency <= 32


def test_the_threads_of_a_worker_bound_its_requests(installation: Installation) -> None:
    installation.configure(MaxConcurrentRefreshes="4")
    users = [installation.sign_in(str(number)) for number in range(3000, 3012)]
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "delay", seconds=0.02, times=None)

    installation.work(installation.due(*users))

    assert installation.simulator.journal.peak_token_concurrency == 2


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


def test_a_request_that_broke_before_it_was_processed_is_repeated(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("token-refresh", "drop-before")
    records = installation.due(ada)

    assert len(installation.work(records)) == 1
    grant = installation.grant(ada)
    assert (grant.unsettled, grant.failures, grant.lease_owner) == (1, 1, None)
    assert installation.pauses() == [5]

    wait_for_grace(installation, records)
    assert installation.work(records) == []
    assert installation.grant(ada).unsettled == 0


def wait_for_grace(installation: Installation, records: list[Record]) -> None:
    """Let the attempt after one of unknown end pass: it sends nothing, and gives a rescue time to land."""
    sent = refreshes(installation)
    assert installation.work(records) == records
    assert refreshes(installation) == sent
    assert installation.grant(User.read_pk(json.loads(records[0]["body"])["pk"])).grace_given
    installation.go_on(LEASE_TIME + GRACE + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("drop-after", {}),
        ("malformed-body", {}),
        ("truncated-body", {}),
        ("oversized-body", {}),
        ("wrong-content", {}),
        ("missing-fields", {"names": ["access_token"]}),
        ("token-type", {}),
    ],
)
def test_a_rotation_whose_answer_is_lost_is_reported_as_such(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str], kind: str, details: dict[str, Any]
) -> None:
    installation.simulator.faults.order("token-refresh", kind, **details)
    records = installation.due(ada)

    assert len(installation.work(records)) == 1
    assert installation.grant(ada).unsettled == 1
    assert installation.grant(ada).last_error == "outcome_unknown"
    assert '"error_class":"unknown_outcome"' in capsys.readouterr().out

    wait_for_grace(installation, records)
    assert installation.work(records) == []
    assert installation.grant(ada).status is Status.REAUTHORIZE
    assert installation.grant(ada).last_error == "rotation_lost"
    assert '"RotationLost":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_without_an_answer_leaves_the_outcome_open(
    installation: Installation, ada: User, status: int
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=status)

    assert len(installation.work(installation.due(ada))) == 1

    assert installation.grant(ada).unsettled == 1
    assert installation.pauses() == [5]


def test_an_authorization_that_liveperson_ended_is_over(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    before = installation.grant(ada)

    assert installation.work(installation.due(ada)) == []

    after, item = installation.grant(ada), installation.item(ada)
    assert (after.status, after.slot, after.sealed) == (Status.REAUTHORIZE, None, None)
    assert (after.generation, after.last_error) == (before.generation, "invalid_grant")
    assert (after.lease_owner, after.unsettled) == (None, 0)
    assert int(item["expires_at"]["N"]) > (installation.now + 29 * DAY).timestamp()
    assert '"AuthorizationLost":[1.0]' in capsys.readouterr().out

    installation.simulator.journal.clear()
    assert installation.work(installation.due(ada)) == []
    assert refreshes(installation) == 0


def test_a_refreshed_id_token_of_another_user_ends_the_authorization(installation: Installation, ada: User) -> None:
    installation.simulator.faults.order("token-refresh", "other-user")

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).status is Status.REAUTHORIZE
    assert installation.grant(ada).last_error == "identity_mismatch"


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
    installation.configure(AppInstalls=f"{OTHER_ACCOUNT}=0b9a3c6e-5a3c-4c5e-9d0e-2f1a7c4b8d11")
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


@pytest.mark.parametrize("status", [400, 403, 404, 418])
def test_an_unexplained_refusal_is_left_to_the_next_interval(
    installation: Installation, ada: User, status: int
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=status, body="{}")

    assert installation.work(installation.due(ada)) == []

    grant = installation.grant(ada)
    assert (grant.status, grant.failures, grant.last_error) == (Status.ACTIVE, 1, "request_refused")
    installation.go_on(INTERVAL)
    installation.work(installation.due(ada))
    assert installation.grant(ada).failures == 0


def test_three_unexplained_refusals_in_a_row_end_it_where_others_of_the_account_are_refreshed(
    installation: Installation, ada: User
) -> None:
    ben = installation.sign_in("1002")
    for _ in range(3):
        assert installation.grant(ada).status is Status.ACTIVE
        installation.go_on(INTERVAL)
        installation.work(installation.due(ben))
        installation.simulator.faults.order("token-refresh", "status", status=400, body="{}")
        installation.work(installation.due(ada))

    assert installation.grant(ada).status is Status.REAUTHORIZE
    assert installation.grant(ben).status is Status.ACTIVE


def test_unexplained_refusals_of_a_whole_account_end_nothing(installation: Installation, ada: User) -> None:
    for _ in range(5):
        installation.simulator.faults.order("token-refresh", "status", status=400, body="{}")
        installation.work(installation.due(ada))
        installation.go_on(INTERVAL)

    assert installation.grant(ada).status is Status.ACTIVE


def test_a_doubled_message_refreshes_once(installation: Installation, ada: User) -> None:
    installation.work(installation.due(ada))
    generation = installation.grant(ada).generation

    assert installation.work(installation.due(ada)) == []

    assert refreshes(installation) == 1
    assert installation.grant(ada).generation == generation


def test_a_message_that_comes_twice_in_a_batch_refreshes_once(installation: Installation, ada: User) -> None:
    records = installation.due(ada, ada, ada)

    left = installation.work(records)

    assert refreshes(installation) == 1
    assert len(left) <= 2
    installation.go_on(timedelta(seconds=LEASE + 1))
    assert installation.work(left) == []
    assert refreshes(installation) == 1


def test_two_workers_at_once_refresh_once(installation: Installation, ada: User) -> None:
    go_on = Event()
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on)
    first, second = installation.due(ada, ada)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, [first])
        assert fault.reached.wait(10)
        assert installation.work([second]) == [second]
        go_on.set()
        assert working.result() == []

    assert installation.pauses() == [LEASE + 1], "it comes back when the lease has ended"
    assert refreshes(installation) == 1
    assert installation.work([second]) == []
    assert refreshes(installation) == 1


def test_a_message_older_than_an_interval_is_left_to_its_successor(installation: Installation, ada: User) -> None:
    records = installation.due(ada)
    installation.go_on(INTERVAL)
    installation.calls.clear()

    assert installation.work(records) == []

    assert installation.calls.operations == []
    assert refreshes(installation) == 0


def test_an_idle_token_is_refreshed_no_more(installation: Installation, ada: User) -> None:
    installation.go_on(14 * DAY)

    assert installation.work(installation.due(ada)) == []

    assert refreshes(installation) == 0
    grant = installation.grant(ada)
    assert (grant.slot, grant.status) == (None, Status.ACTIVE)
    assert grant.sealed is not None


def test_a_token_in_use_is_refreshed_to_the_last_day(installation: Installation, ada: User) -> None:
    installation.go_on(14 * DAY - INTERVAL)

    installation.work(installation.due(ada))

    assert refreshes(installation) == 1


def test_with_no_idle_days_refreshing_never_stops(installation: Installation, ada: User) -> None:
    installation.configure(IdleDays="0")
    installation.go_on(400 * DAY)

    installation.work(installation.due(ada))

    assert refreshes(installation) == 1


def test_a_refresh_that_comes_back_after_a_new_sign_in_changes_nothing(installation: Installation, ada: User) -> None:
    go_on = Event()
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on, when="after")
    records = installation.due(ada)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, records)
        assert fault.reached.wait(10)
        installation.sign_in("1001")
        signed_in = installation.item(ada)
        go_on.set()
        assert working.result() == []

    assert installation.item(ada) == signed_in


def test_an_invalid_grant_that_comes_back_after_a_new_sign_in_ends_nothing(
    installation: Installation, ada: User
) -> None:
    go_on = Event()
    installation.simulator.grants.end_user(ACCOUNT, "1001")
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on, when="after")
    records = installation.due(ada)

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, records)
        assert fault.reached.wait(10)
        installation.sign_in("1001")
        go_on.set()
        assert working.result() == []

    assert installation.grant(ada).status is Status.ACTIVE
    installation.go_on(INTERVAL)
    installation.work(installation.due(ada))
    assert installation.grant(ada).refreshed_at == installation.now


def test_somebody_whose_item_is_gone_is_left_alone(installation: Installation, ada: User) -> None:
    records = installation.due(ada)
    installation.emulator.dynamodb.delete_item(
        TableName=installation.deployed.resources["TokenTable"], Key={"pk": {"S": ada.pk}}
    )

    assert installation.work(records) == []

    assert refreshes(installation) == 0
    assert installation.items() == {}, "a lease on nothing must not make an item"


def test_without_the_table_no_token_is_spent(installation: Installation, ada: User) -> None:
    installation.calls.order("UpdateItem")

    assert len(installation.work(installation.due(ada))) == 1

    assert refreshes(installation) == 0
    assert installation.pauses() == [120]


def test_a_lease_whose_answer_is_lost_is_held_all_the_same(installation: Installation, ada: User) -> None:
    installation.calls.order("UpdateItem", "lost-answer", times=1, containing="#unsettled :one")

    assert installation.work(installation.due(ada)) == []

    assert refreshes(installation) == 1
    assert installation.grant(ada).unsettled == 0


def test_a_save_whose_answer_is_lost_counts_as_done(installation: Installation, ada: User) -> None:
    generation = installation.grant(ada).generation
    installation.calls.order("UpdateItem", "lost-answer", times=1, containing=":replaced")

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).generation == generation + 1
    assert refreshes(installation) == 1


def test_a_save_is_repeated_while_the_lease_lasts(installation: Installation, ada: User) -> None:
    pauses: list[timedelta] = []
    installation.monkeypatch.setattr(wiring, "sleep", pauses.append)
    installation.calls.order("UpdateItem", containing=":replaced", times=6)

    assert installation.work(installation.due(ada)) == []

    assert pauses
    assert installation.grant(ada).refreshed_at == installation.now
    assert refreshes(installation) == 1


def test_a_save_that_fails_until_the_lease_is_nearly_over_is_a_lost_rotation(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.monkeypatch.setattr(
        wiring,
        "sleep",
        lambda pause: installation.go_on(10 * pause),
    )
    installation.calls.order("UpdateItem", containing=":replaced")
    installation.calls.order("SendMessage")

    assert installation.work(installation.due(ada)) == []

    assert '"RotationLost":[1.0]' in capsys.readouterr().out
    lease_until = installation.grant(ada).lease_until
    assert lease_until is not None
    assert installation.now + timedelta(seconds=60) <= lease_until, "no save is tried in the last minute"


def test_what_is_no_scheduled_message_is_dropped_and_the_rest_goes_on(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    sqs, url = installation.emulator.sqs, installation.queue_url
    for body in ("canary-body", "[]", '{"pk": 7, "due_at": 1}', '{"pk": "a#b"}', '{"pk": "../#1", "due_at": 1}'):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    assert installation.work(installation.due(ada)) == []

    assert installation.grant(ada).refreshed_at == installation.now
    logged = capsys.readouterr().out
    assert logged.count("dropped what is no scheduled message") == 5
    assert "canary-body" not in logged


def test_when_the_first_few_fail_alike_the_rest_is_handed_back_unsent(installation: Installation) -> None:
    installation.configure(MaxConcurrentRefreshes="4")
    users = [installation.sign_in(str(number)) for number in range(3000, 3020)]
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "status", status=503, times=None)

    left = installation.work(installation.due(*users))

    assert len(left) == 20
    assert 5 <= refreshes(installation) <= 7
    assert installation.pauses() == [5] * 20
    assert installation.hidden_messages() == 20


def test_no_refresh_is_begun_that_the_invocation_could_not_finish(installation: Installation, ada: User) -> None:
    before = installation.item(ada)

    assert len(installation.work(installation.due(ada), remaining=timedelta(seconds=64))) == 1

    assert installation.item(ada) == before
    assert installation.pauses() == [1]


def test_with_the_deployed_time_out_a_refresh_is_begun(installation: Installation, ada: User) -> None:
    assert installation.work(installation.due(ada)) == []
    assert refreshes(installation) == 1


def test_one_message_that_breaks_the_worker_leaves_the_others_alone(
    installation: Installation, ada: User, carol: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": ada.pk}},
        UpdateExpression="REMOVE is_admin",
    )
    installation.go_on(INTERVAL)

    left = installation.work(installation.due(ada, carol))

    assert keys_of(left) == [ada.pk]
    assert installation.grant(carol).refreshed_at == installation.now
    assert "unexpected error" in capsys.readouterr().out


def test_the_worker_reports_the_age_of_the_token_it_refreshed(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.work(installation.due(ada))

    logged = capsys.readouterr().out
    assert '"TokenRefreshed":[1.0]' in logged
    assert '"TokenAgeAtRefreshSeconds":[1800.0]' in logged


def test_a_message_that_the_queue_will_not_hide_is_told_in_the_log(
    installation: Installation, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=500)
    (record,) = installation.due(ada)
    record["receiptHandle"] = "canary-of-no-message"

    answer = installation.invoke("refresh_worker", {"Records": [record]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert "messages come back late" in capsys.readouterr().out


def test_when_the_queue_cannot_be_told_the_messages_come_back_by_themselves(
    installation: Installation, ada: User
) -> None:
    installation.simulator.faults.order("token-refresh", "status", status=500)
    installation.calls.order("ChangeMessageVisibilityBatch")

    left = installation.work(installation.due(ada))

    assert len(left) == 1


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
