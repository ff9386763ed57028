"""What sign-out writes, by DynamoDB's own way of evaluating conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from le_auth.adapters.refresh_writes import TERMINAL_IS_KEPT
from le_auth.domain.grants import Grant, LeaseTerms, Renewal, Scope, Status
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.secret import Secret
from le_auth.domain.slots import slot_of
from le_auth.domain.tokens import Tokens
from le_auth.errors import GrantMovedError
from tests.support.installation import INTERVAL, NOON, Installation
from tests.support.item_size import write_units

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from le_auth.domain.users import User

GENERATION = int(NOON.timestamp() * 1000) + 1
LATER = GENERATION + 60_000
TOKENS = {"sealed", "sealed_generation", "key_id", "access_expires_at"}
ATTEMPT = {"lease_owner", "lease_until", "unsettled", "grace_given", "failures", "last_error"}
BOTH = pytest.mark.parametrize("scope", list(Scope))


@pytest.fixture
def ada(installation: Installation) -> User:
    """Somebody who signed in at noon and was refreshed at half past; the token has a lifetime."""
    installation.simulator.settings.sends_expires_in = True
    user = installation.sign_in("1001")
    installation.go_on(INTERVAL)
    installation.work(installation.due(user))
    assert installation.item(user).keys() > TOKENS
    return user


def write(
    installation: Installation, user: User, scope: Scope, number: int = LATER, epoch: int | None = None
) -> Grant | None:
    """Write a sign-out as the table's adapter does."""
    grant = installation.table.find(user)
    epoch = epoch or (0 if grant is None else grant.session_epoch)
    if scope is Scope.LIVEPERSON:
        return installation.table.sign_out_of_liveperson(user, number=number, session_epoch=epoch)
    installation.table.sign_out_locally(user, number=number, session_epoch=epoch, now=installation.now)
    return None


def leave_an_attempt(installation: Installation, user: User) -> None:
    """Leave a lease, a failure and an attempt of unknown end."""
    installation.table.give_back(lease(installation, user, "1"), settled=False, failures=2, last_error="broken")
    installation.table.give_grace(lease(installation, user, "2"), until=installation.now + LEASE_TIME)
    assert installation.item(user).keys() > ATTEMPT


def lease(installation: Installation, user: User, owner: str) -> Any:
    terms = LeaseTerms(
        owner=owner, now=installation.now, until=installation.now + LEASE_TIME, time_left=lambda: LEASE_TIME
    )
    return installation.table.lease(user, terms)


def due(installation: Installation) -> list[str]:
    return [key for slot in range(60) for page in installation.table.due(slot) for key in page]


def test_a_local_sign_out_leaves_who_it_was_and_nothing_that_opens_anything(
    installation: Installation, ada: User
) -> None:
    leave_an_attempt(installation, ada)

    write(installation, ada, Scope.LOCAL)

    item = installation.item(ada)
    assert item["status"] == {"S": "signed_out"}
    assert item["generation"] == item["session_epoch"] == {"N": str(LATER)}
    assert item["sign_out_scope"] == {"S": "local"}
    assert item["expires_at"] == {"N": str(int((installation.now + TERMINAL_IS_KEPT).timestamp()))}
    assert not (TOKENS | ATTEMPT | {"slot", "revoked_generation"}) & item.keys()
    assert due(installation) == []


def test_a_sign_out_from_liveperson_keeps_the_tokens_in_the_schedule(installation: Installation, ada: User) -> None:
    leave_an_attempt(installation, ada)
    before = installation.grant(ada)

    grant = write(installation, ada, Scope.LIVEPERSON)

    assert grant == installation.grant(ada)
    assert grant is not None
    assert (grant.status, grant.generation, grant.session_epoch) == (Status.SIGNED_OUT, LATER, LATER)
    assert (grant.sealed, grant.slot, grant.revoked_generation) == (before.sealed, slot_of(ada), GENERATION)
    assert grant.revocation_is_due
    assert not (ATTEMPT - {"unsettled"} | {"expires_at"}) & installation.item(ada).keys()
    assert grant.unsettled == before.unsettled
    assert due(installation) == [ada.pk]
    assert installation.tokens(ada)


def test_a_revocation_that_is_done_leaves_no_tokens_and_no_slot(installation: Installation, ada: User) -> None:
    grant = write(installation, ada, Scope.LIVEPERSON)
    assert grant is not None

    installation.table.finish_revocation(grant, now=installation.now)

    item = installation.item(ada)
    assert not (TOKENS | {"slot"}) & item.keys()
    assert item["expires_at"] == {"N": str(int((installation.now + TERMINAL_IS_KEPT).timestamp()))}
    assert item["revoked_generation"] == {"N": str(GENERATION)}
    assert not installation.grant(ada).revocation_is_due
    installation.table.finish_revocation(grant, now=installation.now)
    assert installation.item(ada) == item, "doing it twice changes nothing"


# ---- tokens that come back late ----


def late(installation: Installation, user: User) -> Renewal:
    """Make what a refresh brought that was under way when the user signed out."""
    tokens = Tokens(
        access_token=Secret("a" * 64), refresh_token=Secret("e" * 700), received_at=installation.now, expires_at=None
    )
    sealed = installation.keyring.seal_tokens(tokens, user=user, generation=GENERATION + 1)
    return Renewal(user=user, replaces=GENERATION, sealed=sealed, received_at=NOON, access_expires_at=None)


def test_late_tokens_are_remembered_until_they_are_revoked(installation: Installation, ada: User) -> None:
    leave_an_attempt(installation, ada)
    signed_out = write(installation, ada, Scope.LIVEPERSON)
    assert signed_out is not None
    installation.table.finish_revocation(signed_out, now=installation.now)
    renewal = late(installation, ada)

    grant = installation.table.remember_revocation(installation.grant(ada), renewal)

    assert grant == installation.grant(ada)
    assert (grant.sealed, grant.generation, grant.unsettled) == (renewal.sealed, LATER + 1, 0)
    assert grant.revocation_is_due
    assert "expires_at" not in installation.item(ada)
    assert due(installation) == [ada.pk]
    assert write_units(installation.item(ada)) == 1
    with pytest.raises(GrantMovedError):
        installation.table.finish_revocation(signed_out, now=installation.now)
    assert installation.tokens(ada) == ("a" * 64, "e" * 700), "the older token's revocation does not drop them"


@pytest.mark.parametrize("meanwhile", ["signed in again", "remembered already", "gone"])
def test_late_tokens_are_not_remembered_on_a_grant_that_moved_on(
    installation: Installation, ada: User, meanwhile: str
) -> None:
    signed_out = write(installation, ada, Scope.LIVEPERSON)
    assert signed_out is not None
    renewal = late(installation, ada)
    if meanwhile == "signed in again":
        installation.sign_in("1001")
    elif meanwhile == "remembered already":
        installation.table.remember_revocation(signed_out, renewal)
    else:
        installation.emulator.dynamodb.delete_item(
            TableName=installation.deployed.resources["TokenTable"], Key={"pk": {"S": ada.pk}}
        )
    before = installation.items()

    with pytest.raises(GrantMovedError) as refused:
        installation.table.remember_revocation(signed_out, renewal)

    assert refused.value.grant == installation.table.find(ada)
    assert installation.items() == before


# ---- what is refused ----


@BOTH
@pytest.mark.parametrize("number", [GENERATION - 1, GENERATION])
def test_a_number_that_is_not_above_the_stored_ones_is_refused(
    installation: Installation, ada: User, scope: Scope, number: int
) -> None:
    before = installation.item(ada)

    with pytest.raises(GrantMovedError) as refused:
        write(installation, ada, scope, number)

    assert refused.value.grant == installation.grant(ada)
    assert installation.item(ada) == before


@BOTH
def test_a_stored_generation_ahead_of_it_refuses_it(installation: Installation, ada: User, scope: Scope) -> None:
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": ada.pk}},
        UpdateExpression="SET generation = :ahead",
        ExpressionAttributeValues={":ahead": {"N": str(LATER)}},
    )

    with pytest.raises(GrantMovedError):
        write(installation, ada, scope)


@BOTH
def test_a_sign_out_of_sessions_that_are_over_is_refused(installation: Installation, ada: User, scope: Scope) -> None:
    with pytest.raises(GrantMovedError):
        write(installation, ada, scope, epoch=1)


@BOTH
@pytest.mark.parametrize("before", list(Scope))
def test_whoever_is_signed_out_is_not_signed_out_again(
    installation: Installation, ada: User, before: Scope, scope: Scope
) -> None:
    write(installation, ada, before)
    item = installation.item(ada)

    with pytest.raises(GrantMovedError) as refused:
        write(installation, ada, scope, LATER + 1)

    assert refused.value.grant == installation.grant(ada)
    assert installation.item(ada) == item


@BOTH
def test_signing_out_nobody_makes_no_item(installation: Installation, ada: User, scope: Scope) -> None:
    installation.emulator.dynamodb.delete_item(
        TableName=installation.deployed.resources["TokenTable"], Key={"pk": {"S": ada.pk}}
    )

    with pytest.raises(GrantMovedError) as refused:
        write(installation, ada, scope)

    assert refused.value.grant is None
    assert installation.items() == {}


@BOTH
def test_whoever_must_sign_in_again_can_be_signed_out(installation: Installation, ada: User, scope: Scope) -> None:
    installation.table.end_grant(lease(installation, ada, "1"), reason="invalid_grant")

    write(installation, ada, scope)

    grant = installation.grant(ada)
    assert (grant.status, grant.sealed) == (Status.SIGNED_OUT, None)
    assert ("expires_at" in installation.item(ada)) is (scope is Scope.LOCAL), "not before it is revoked"


def test_a_new_sign_in_replaces_a_due_revocation_and_remembers_what_was_revoked(
    installation: Installation, ada: User
) -> None:
    grant = write(installation, ada, Scope.LIVEPERSON)
    assert grant is not None
    installation.sign_in("1001")
    before = installation.item(ada)

    with pytest.raises(GrantMovedError):
        installation.table.finish_revocation(grant, now=installation.now)

    assert installation.item(ada) == before
    found = installation.grant(ada)
    assert (found.status, found.sign_out_scope, found.revoked_generation) == (Status.ACTIVE, None, GENERATION)
    assert found.session_epoch == LATER, "sessions from before the sign-out stay over"


WRITES_OF_AN_ATTEMPT: dict[str, Callable[[Installation, Any], None]] = {
    "give_back": lambda here, lease: here.table.give_back(lease, settled=True, failures=1, last_error="broken"),
    "give_grace": lambda here, lease: here.table.give_grace(lease, until=here.now),
    "end_grant": lambda here, lease: here.table.end_grant(lease, reason="invalid_grant"),
    "rest_idle": lambda here, lease: here.table.rest_idle(lease.grant),
    "note_use": lambda here, lease: here.table.note_use(lease.grant, now=here.now),
}


@BOTH
@pytest.mark.parametrize("name", WRITES_OF_AN_ATTEMPT)
def test_nothing_of_an_earlier_attempt_touches_a_signed_out_user(
    installation: Installation, ada: User, scope: Scope, name: str
) -> None:
    """Above all, taking an idle user's slot must not take the reminder of a revocation with it."""
    held = lease(installation, ada, "1")
    write(installation, ada, scope)
    before = installation.item(ada)

    assert not installation.table.still_holds(held)
    with pytest.raises(GrantMovedError):
        WRITES_OF_AN_ATTEMPT[name](installation, held)

    assert installation.item(ada) == before


@BOTH
def test_a_signed_out_item_is_one_write_unit(installation: Installation, scope: Scope) -> None:
    installation.simulator.settings.refresh_token_length = 700
    user = installation.sign_in("9" * 20)

    write(installation, user, scope)

    assert write_units(installation.item(user)) == 1
