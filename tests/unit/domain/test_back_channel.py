from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from le_auth.domain.secret import Secret
from le_auth.errors import (
    ClientRefusedError,
    DomainApiUnavailableError,
    GrantRevokedError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    SealingKeyError,
    SecretError,
    SecretsUnavailableError,
    SentinelUnavailableError,
    SettingError,
)
from tests.support.fakes import FakeSealer
from tests.support.makers import ACCOUNT, ADA, BOB, CAROL, CLIENT_ID, OTHER_CLIENT_ID, SENTINEL, a_user, some_tokens

if TYPE_CHECKING:
    from le_auth.domain.grants import Sealed
    from tests.support.fakes_world import World


def sealed_with(key_id: str = "k1") -> Sealed:
    return FakeSealer([key_id]).seal_tokens(some_tokens("old"), user=ADA, generation=7)


# ---- getting ready ----


def test_an_account_is_called_as_its_own_app_install(world: World) -> None:
    equipment = [world.channel.equip(account) for account in (ACCOUNT, CAROL.account_id)]

    assert [each.client_id for each in equipment] == [CLIENT_ID, OTHER_CLIENT_ID]
    assert equipment[0].sentinel == SENTINEL
    client = equipment[0].client(Secret("secret-canary"))
    assert (client.account_id, client.client_id, client.client_secret.reveal()) == (ACCOUNT, CLIENT_ID, "secret-canary")


@pytest.mark.parametrize(
    "error", [SecretError("malformed"), SecretsUnavailableError("down"), DomainApiUnavailableError("down")]
)
def test_what_cannot_be_had_is_told_before_anything_is_sent(world: World, error: LeAuthError) -> None:
    if isinstance(error, DomainApiUnavailableError):
        world.sentinels.error = error
    else:
        world.secrets.error = error

    with pytest.raises(type(error)):
        world.channel.equip(ACCOUNT)


def test_an_account_that_is_not_configured_is_told_without_its_name(world: World) -> None:
    with pytest.raises(SettingError) as missing:
        world.channel.equip("99999999")
    assert "99999999" not in str(missing.value)


# ---- opening ----


def test_tokens_are_opened_with_the_keys_at_hand(world: World) -> None:
    access_token, refresh_token = world.channel.open(sealed_with(), ADA)

    assert (access_token.reveal(), refresh_token.reveal()) == ("access-canary-old", "refresh-canary-old")
    assert world.sealers.reads_afresh == 0


def test_an_unknown_key_has_the_keys_read_afresh_once(world: World) -> None:
    world.sealers.afresh = ["k2", "k1"]

    assert world.channel.open(sealed_with("k2"), ADA)[1].reveal() == "refresh-canary-old"
    assert world.sealers.reads_afresh == 1


def test_a_key_that_is_gone_is_told(world: World) -> None:
    with pytest.raises(SealingKeyError):
        world.channel.open(sealed_with("k9"), ADA)
    assert world.sealers.reads_afresh == 1


def test_point_29_tokens_of_another_user_do_not_open(world: World) -> None:
    with pytest.raises(SealingKeyError):
        world.channel.open(sealed_with(), BOB)


# ---- refreshing ----


def test_each_request_is_checked_right_before_it_is_sent(world: World) -> None:
    sent_before_check: list[int] = []
    world.secrets.known = ["secret-canary-new", "secret-canary-old"]
    world.endpoint.order(ClientRefusedError("401"), world.answer())

    world.channel.refresh(
        world.channel.equip(ACCOUNT),
        Secret("refresh-canary"),
        check=lambda: sent_before_check.append(len(world.endpoint.requests)),
    )

    assert sent_before_check == [0, 1]


def test_what_a_check_forbids_is_not_sent(world: World) -> None:
    def forbid() -> None:
        raise SentinelUnavailableError("the lease is too far gone")

    with pytest.raises(SentinelUnavailableError):
        world.channel.refresh(world.channel.equip(ACCOUNT), Secret("refresh-canary"), check=forbid)
    assert world.endpoint.requests == []


# ---- revoking ----


def test_the_refresh_token_is_what_is_revoked(world: World) -> None:
    world.channel.revoke(ADA, sealed_with())

    assert world.endpoint.revoked == ["refresh-canary-old"]


def test_a_token_that_sentinel_no_longer_knows_is_as_good_as_revoked(world: World) -> None:
    world.endpoint.revocation_errors.append(GrantRevokedError("invalid_grant"))

    world.channel.revoke(ADA, sealed_with())

    assert world.endpoint.revoked == ["refresh-canary-old"]


def test_a_revocation_too_tries_each_secret_and_then_reads_them_afresh(world: World) -> None:
    world.secrets.known = ["secret-canary-2", "secret-canary-1"]
    world.secrets.afresh = ["secret-canary-3"]
    world.endpoint.revocation_errors.extend([ClientRefusedError("401")] * 2)

    world.channel.revoke(ADA, sealed_with())

    assert len(world.endpoint.revoked) == 3
    assert world.secrets.preferred == ["secret-canary-3"]


def test_a_revocation_that_every_secret_is_refused_for_is_an_operators_matter(world: World) -> None:
    world.endpoint.revocation_errors.append(ClientRefusedError("401"))

    with pytest.raises(ClientRefusedError):
        world.channel.revoke(ADA, sealed_with())


@pytest.mark.parametrize(
    "error", [RequestRefusedError("400"), OutcomeUnknownError("broken"), SentinelUnavailableError("503")]
)
def test_a_failed_revocation_is_told_and_not_repeated_at_once(world: World, error: LeAuthError) -> None:
    world.endpoint.revocation_errors.append(error)

    with pytest.raises(type(error)):
        world.channel.revoke(ADA, sealed_with())
    assert len(world.endpoint.revoked) == 1


def test_a_revocation_for_an_account_that_is_no_longer_configured_is_an_operators_matter(world: World) -> None:
    with pytest.raises(SettingError):
        world.channel.revoke(a_user(1, account_id="99999999"), sealed_with())
    assert world.endpoint.revoked == []
