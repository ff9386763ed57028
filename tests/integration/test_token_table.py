"""Each conditional write of the table, on the emulator and on Amazon's own engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters.sealing import Keyring
from le_auth.adapters.token_table import TokenTable
from le_auth.domain.checkpoint import Checkpoint, Cursor
from le_auth.domain.grants import Lease, LeaseTerms, Refusal, Renewal, Sealed, Status
from le_auth.domain.id_token import Identity
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.secret import Secret
from le_auth.domain.slots import slot_of
from le_auth.domain.tokens import Tokens
from le_auth.domain.users import User
from le_auth.errors import GrantMovedError, TransactionExpiredError
from tests.support.installation import NOON, SEALING_KEY, users_of_slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.emulator import Emulator

ADA = User(account_id="le12345678", user_id="1001")
BEN = User(account_id="le12345678", user_id="1002")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HALF_PAST = NOON + 30 * MINUTE
_numbers = count(1)


@pytest.fixture(params=["emulator", "dynamodb_local"])
def table(request: pytest.FixtureRequest) -> Iterator[TokenTable]:
    engine: Emulator = request.getfixturevalue(request.param)
    name = engine.make_table(f"table-{next(_numbers)}")
    yield TokenTable(client=engine.dynamodb, name=name)
    engine.dynamodb.delete_table(TableName=name)


def new_tokens(name: str = "new", *, at: datetime = NOON, expires_at: datetime | None = None) -> Tokens:
    access, refresh = Secret(f"canary-access-{name}"), Secret(f"canary-refresh-{name}")
    return Tokens(access_token=access, refresh_token=refresh, received_at=at, expires_at=expires_at)


def seal(tokens: Tokens, generation: int, user: User = ADA) -> Sealed:
    return Keyring(keys={"0": Secret(SEALING_KEY)}).seal_tokens(tokens, user=user, generation=generation)


def sign_in(table: TokenTable, generation: int = 7, *, user: User = ADA, tokens: Tokens | None = None) -> int:
    tokens = tokens or new_tokens(str(generation))
    identity = Identity(user=user, is_admin=True, is_lpa=False)
    return table.save_sign_in(identity, tokens, seal(tokens, generation, user), session_epoch=generation * 10)


def terms(owner: str = "owner-1", *, now: datetime = HALF_PAST, **conditions: object) -> LeaseTerms:
    return replace(LeaseTerms(owner=owner, now=now, until=now + LEASE_TIME), **conditions)  # type: ignore[arg-type]


def save(table: TokenTable, lease: Lease, *, at: datetime = HALF_PAST) -> None:
    tokens = new_tokens("refreshed", at=at)
    renewal = Renewal(
        user=lease.grant.user,
        replaces=lease.grant.generation,
        sealed=seal(tokens, lease.grant.generation + 1),
        received_at=tokens.received_at,
        access_expires_at=tokens.expires_at,
    )
    table.save_refresh(renewal)


def item(table: TokenTable, pk: str = ADA.pk) -> dict[str, object]:
    answer = table.client.get_item(TableName=table.name, Key={"pk": {"S": pk}}, ConsistentRead=True)
    return dict(answer.get("Item", {}))


def refusal(refused: pytest.ExceptionInfo[GrantMovedError], asked: LeaseTerms) -> Refusal:
    return asked.why_refused(refused.value.grant)


# ---- signing in ----


def test_a_sign_in_writes_all_that_a_grant_has(table: TokenTable) -> None:
    expires_at = NOON + timedelta(hours=1)

    assert sign_in(table, tokens=new_tokens(expires_at=expires_at)) == 70

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.status, grant.generation, grant.session_epoch, grant.slot) == (Status.ACTIVE, 7, 70, slot_of(ADA))
    assert grant.issued_at == grant.refreshed_at == grant.last_used_at == NOON
    assert grant.access_expires_at == expires_at
    assert (grant.is_admin, grant.is_lpa) == (True, False)
    assert grant.sealed is not None
    assert grant.sealed.generation == 7


def test_nobody_is_found_where_nobody_signed_in(table: TokenTable) -> None:
    assert table.find(ADA) is None


def test_a_later_sign_in_replaces_the_tokens_and_keeps_the_session_epoch(table: TokenTable) -> None:
    sign_in(table, 7)

    assert sign_in(table, 8) == 70

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.generation, grant.session_epoch) == (8, 70)


@pytest.mark.parametrize("generation", [6, 7])
def test_a_sign_in_never_replaces_a_newer_generation(table: TokenTable, generation: int) -> None:
    sign_in(table, 7)
    before = item(table)

    with pytest.raises(GrantMovedError) as refused:
        sign_in(table, generation)

    assert refused.value.grant == table.find(ADA)
    assert item(table) == before


def test_a_sign_in_clears_what_failed_attempts_left(table: TokenTable) -> None:
    sign_in(table, 7)
    lease = table.lease(ADA, terms())
    table.give_back(lease, settled=False, failures=3, last_error="outcome_unknown")
    table.lease(ADA, terms("owner-2"))

    sign_in(table, 8)

    left = {"lease_owner", "lease_until", "unsettled", "grace_given", "failures", "last_error", "access_expires_at"}
    assert not left & item(table).keys()


def test_a_sign_in_brings_back_who_had_to_sign_in_again(table: TokenTable) -> None:
    sign_in(table, 7)
    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    sign_in(table, 8)

    assert item(table)["status"] == {"S": "active"}
    assert item(table)["slot"] == {"N": str(slot_of(ADA))}
    assert not {"expires_at", "last_error"} & item(table).keys()


# ---- used states ----


def test_a_state_is_consumed_once(table: TokenTable) -> None:
    table.consume_state("a" * 64, now=NOON)

    with pytest.raises(TransactionExpiredError):
        table.consume_state("a" * 64, now=NOON)

    table.consume_state("b" * 64, now=NOON)
    assert item(table, f"state#{'a' * 64}")["expires_at"] == {"N": str(int((NOON + 15 * MINUTE).timestamp()))}


def test_of_many_who_consume_a_state_at_once_one_wins(table: TokenTable) -> None:
    def consume(_: int) -> bool:
        try:
            table.consume_state("a" * 64, now=NOON)
        except TransactionExpiredError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(consume, range(24))) == 1


# ---- the lease ----


def test_a_lease_shows_the_grant_as_it_was_and_counts_itself(table: TokenTable) -> None:
    sign_in(table)
    before = table.find(ADA)

    lease = table.lease(ADA, terms())

    assert lease.grant == before
    assert (lease.owner, lease.until, lease.unsettled) == ("owner-1", HALF_PAST + LEASE_TIME, 1)
    stored = table.find(ADA)
    assert stored is not None
    assert (stored.lease_owner, stored.lease_until, stored.unsettled) == ("owner-1", lease.until, 1)


def test_a_lease_that_is_held_is_refused_until_it_has_ended(table: TokenTable) -> None:
    sign_in(table)
    until = table.lease(ADA, terms()).until

    asked = terms("owner-2", now=until)
    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, asked)
    assert refusal(refused, asked) is Refusal.HELD

    assert table.lease(ADA, terms("owner-2", now=until + SECOND)).unsettled == 2


def test_of_many_who_ask_at_once_one_gets_the_lease(table: TokenTable) -> None:
    sign_in(table)

    def lease(number: int) -> bool:
        try:
            table.lease(ADA, terms(f"owner-{number}"))
        except GrantMovedError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lease, range(24))) == 1


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"due_at": NOON}, Refusal.FRESH),
        ({"due_at": NOON - SECOND}, Refusal.FRESH),
        ({"generation": 6}, Refusal.FRESH),
        ({"used_since": NOON + SECOND}, Refusal.IDLE),
    ],
)
def test_terms_that_are_not_met_change_nothing(table: TokenTable, conditions: dict[str, Any], reason: Refusal) -> None:
    sign_in(table)
    before = item(table)
    asked = terms(**conditions)

    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, asked)

    assert refusal(refused, asked) is reason
    assert item(table) == before


@pytest.mark.parametrize(
    "conditions", [{"due_at": NOON + SECOND}, {"generation": 7}, {"used_since": NOON}, {"due_at": None}]
)
def test_terms_that_are_met_give_the_lease(table: TokenTable, conditions: dict[str, Any]) -> None:
    sign_in(table)

    assert table.lease(ADA, terms(**conditions)).grant.generation == 7


def test_a_lease_on_nobody_makes_no_item(table: TokenTable) -> None:
    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, terms())

    assert refused.value.grant is None
    assert item(table) == {}


def test_who_must_sign_in_again_is_not_leased(table: TokenTable) -> None:
    sign_in(table)
    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    asked = terms("owner-2", now=HALF_PAST + timedelta(hours=1))
    with pytest.raises(GrantMovedError) as refused:
        table.lease(ADA, asked)

    assert refusal(refused, asked) is Refusal.NOT_ACTIVE


def test_ones_own_lease_whose_answer_was_lost_is_held(table: TokenTable) -> None:
    sign_in(table)
    table.lease(ADA, terms())

    again = table.lease(ADA, terms())

    assert (again.owner, again.unsettled, again.grant.generation) == ("owner-1", 1, 7)
    save(table, again)


# ---- saving a refresh ----


def test_a_refresh_is_saved_as_the_next_generation_and_ends_its_lease(table: TokenTable) -> None:
    sign_in(table)

    save(table, table.lease(ADA, terms()))

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.generation, grant.refreshed_at, grant.issued_at) == (8, HALF_PAST, NOON)
    assert grant.sealed is not None
    assert grant.sealed.generation == 8
    assert not {"lease_owner", "lease_until", "unsettled", "failures", "last_error"} & item(table).keys()


def test_a_refresh_is_not_saved_twice(table: TokenTable) -> None:
    sign_in(table)
    lease = table.lease(ADA, terms())
    save(table, lease)

    with pytest.raises(GrantMovedError):
        save(table, lease)


def test_a_refresh_is_not_saved_over_a_new_sign_in(table: TokenTable) -> None:
    sign_in(table, 7)
    lease = table.lease(ADA, terms())
    sign_in(table, 900)
    before = item(table)

    with pytest.raises(GrantMovedError) as refused:
        save(table, lease)

    assert refused.value.grant == table.find(ADA)
    assert item(table) == before


def test_a_refresh_is_saved_after_its_lease_went_to_another(table: TokenTable) -> None:
    sign_in(table)
    lease = table.lease(ADA, terms())
    table.lease(ADA, terms("owner-2", now=lease.until + SECOND))

    save(table, lease)

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.generation, grant.lease_owner) == (8, None)


def test_a_refresh_is_not_saved_for_somebody_who_is_gone(table: TokenTable) -> None:
    sign_in(table)
    lease = table.lease(ADA, terms())
    table.client.delete_item(TableName=table.name, Key={"pk": {"S": ADA.pk}})

    with pytest.raises(GrantMovedError) as refused:
        save(table, lease)

    assert refused.value.grant is None
    assert item(table) == {}


# ---- giving back, ending ----


def test_a_settled_failure_gives_the_lease_back_as_if_it_had_never_been(table: TokenTable) -> None:
    sign_in(table)

    table.give_back(table.lease(ADA, terms()), settled=True, failures=1, last_error="sentinel_unavailable")

    grant = table.find(ADA)
    assert grant is not None
    assert (grant.lease_owner, grant.lease_until, grant.unsettled) == (None, None, 0)
    assert (grant.failures, grant.last_error) == (1, "sentinel_unavailable")
    assert table.lease(ADA, terms("owner-2")).unsettled == 1


def test_an_unknown_outcome_stays_counted(table: TokenTable) -> None:
    sign_in(table)

    table.give_back(table.lease(ADA, terms()), settled=False, failures=1, last_error="outcome_unknown")

    assert table.lease(ADA, terms("owner-2")).unsettled == 2


def test_a_grace_that_the_lease_found_is_put_back(table: TokenTable) -> None:
    sign_in(table)
    table.client.update_item(
        TableName=table.name,
        Key={"pk": {"S": ADA.pk}},
        UpdateExpression="SET grace_given = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )

    lease = table.lease(ADA, terms())
    assert lease.grace_given
    assert "grace_given" not in item(table)

    table.give_back(lease, settled=True, failures=1, last_error="sentinel_unavailable")
    assert table.lease(ADA, terms("owner-2")).grace_given


@pytest.mark.parametrize("write", ["give_back", "end_grant"])
@pytest.mark.parametrize("meanwhile", ["leased by another", "signed in again", "gone"])
def test_a_failure_of_an_attempt_that_is_over_changes_nothing(table: TokenTable, write: str, meanwhile: str) -> None:
    sign_in(table, 7)
    lease = table.lease(ADA, terms())
    if meanwhile == "leased by another":
        table.lease(ADA, terms("owner-2", now=lease.until + SECOND))
    elif meanwhile == "signed in again":
        sign_in(table, 900)
    else:
        table.client.delete_item(TableName=table.name, Key={"pk": {"S": ADA.pk}})
    before = item(table)

    writes: dict[str, Callable[[], None]] = {
        "give_back": lambda: table.give_back(lease, settled=True, failures=1, last_error="sentinel_unavailable"),
        "end_grant": lambda: table.end_grant(lease, reason="invalid_grant"),
    }
    with pytest.raises(GrantMovedError):
        writes[write]()

    assert item(table) == before


def test_an_ended_grant_has_no_tokens_and_no_slot_and_goes_after_a_month(table: TokenTable) -> None:
    sign_in(table)

    table.end_grant(table.lease(ADA, terms()), reason="invalid_grant")

    assert not {"sealed", "slot", "lease_owner", "unsettled", "failures"} & item(table).keys()
    grant = table.find(ADA)
    assert grant is not None
    assert (grant.status, grant.generation, grant.last_error) == (Status.REAUTHORIZE, 7, "invalid_grant")
    expires_at = HALF_PAST + LEASE_TIME + timedelta(days=30)
    assert item(table)["expires_at"] == {"N": str(int(expires_at.timestamp()))}


def test_an_idle_grant_leaves_the_schedule_only(table: TokenTable) -> None:
    sign_in(table)
    grant = table.find(ADA)
    assert grant is not None
    before = item(table)

    table.rest_idle(grant)

    assert item(table) == {name: value for name, value in before.items() if name != "slot"}
    assert [key for page in table.due(slot_of(ADA)) for key in page] == []


def test_a_grant_that_was_used_meanwhile_stays_in_the_schedule(table: TokenTable) -> None:
    sign_in(table)
    grant = table.find(ADA)
    assert grant is not None
    sign_in(table, 8, tokens=new_tokens(at=NOON + SECOND))

    with pytest.raises(GrantMovedError):
        table.rest_idle(grant)

    assert "slot" in item(table)


# ---- the schedule ----


def test_a_slot_names_its_own_users_only(table: TokenTable) -> None:
    for user in (ADA, BEN):
        sign_in(table, user=user)
    table.consume_state("a" * 64, now=NOON)
    table.finish_minute(1, interval=30)

    found = {slot: [key for page in table.due(slot) for key in page] for slot in range(60)}

    assert found.pop(slot_of(ADA)) == [ADA.pk]
    assert found.pop(slot_of(BEN)) == [BEN.pk]
    assert not any(found.values())


def test_a_slot_is_read_on_behind_a_key_also_where_that_user_is_gone(table: TokenTable) -> None:
    keys = [user.pk for user in users_of_slot(7, 5)]
    for pk in (*keys[:2], *keys[3:]):
        table.client.put_item(TableName=table.name, Item={"pk": {"S": pk}, "slot": {"N": "7"}})

    assert [list(page) for page in table.due(7, after=keys[2])] == [keys[3:]]


def test_the_checkpoint_only_ever_advances(table: TokenTable) -> None:
    assert table.find_checkpoint() is None

    assert [table.finish_minute(minute, interval=30) for minute in (5, 5, 4, 6)] == [True, True, False, True]

    assert table.find_checkpoint() == Checkpoint(finished_minute=6, interval=30)


def test_a_minute_that_is_paused_is_not_finished_and_its_cursor_goes_when_it_is(table: TokenTable) -> None:
    cursor = Cursor(slot=37, pk=ADA.pk)

    table.pause_minute(7, cursor, interval=30)

    assert table.find_checkpoint() == Checkpoint(finished_minute=6, interval=30, cursor=cursor)
    assert [key for page in table.due(37) for key in page] == []
    assert table.finish_minute(7, interval=30)
    assert table.find_checkpoint() == Checkpoint(finished_minute=7, interval=30)


def test_a_minute_that_another_finished_is_not_paused(table: TokenTable) -> None:
    table.finish_minute(7, interval=30)

    table.pause_minute(7, Cursor(slot=37, pk=ADA.pk), interval=30)

    assert table.find_checkpoint() == Checkpoint(finished_minute=7, interval=30)


def test_another_interval_takes_the_checkpoint_over_wherever_it_stands(table: TokenTable) -> None:
    cursor = Cursor(slot=37, pk=ADA.pk)
    table.finish_minute(40, interval=30)

    table.pause_minute(21, cursor, interval=20)
    assert table.find_checkpoint() == Checkpoint(finished_minute=20, interval=20, cursor=cursor)

    assert table.finish_minute(21, interval=20)
    assert not table.finish_minute(20, interval=20)
    assert table.find_checkpoint() == Checkpoint(finished_minute=21, interval=20)


def test_a_checkpoint_of_an_older_version_names_no_interval_and_advances_like_any(table: TokenTable) -> None:
    table.client.put_item(TableName=table.name, Item={"pk": {"S": "#scheduler"}, "finished_minute": {"N": "7"}})

    assert table.find_checkpoint() == Checkpoint(finished_minute=7)
    assert not table.finish_minute(6, interval=30)
    assert table.finish_minute(8, interval=30)
    assert table.find_checkpoint() == Checkpoint(finished_minute=8, interval=30)
