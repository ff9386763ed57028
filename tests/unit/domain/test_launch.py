from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from le_auth.domain import transactions
from le_auth.domain.launch import Launch, Launched
from le_auth.domain.return_to import ReturnRule
from le_auth.domain.secret import Secret
from le_auth.errors import DomainApiUnavailableError, RequestError
from tests.support.fakes import FakeSentinels
from tests.support.makers import (
    ACCOUNT,
    APP_INSTALLS,
    BASE_URL,
    CLIENT_ID,
    NOON,
    OTHER_ACCOUNT,
    OTHER_CLIENT_ID,
    REDIRECT_URI,
)


def start(
    *,
    account_id: str | None = None,
    return_to: str | None = None,
    use_pkce: bool = False,
    sentinels: FakeSentinels | None = None,
) -> Launched:
    launch = Launch(app_installs=APP_INSTALLS, sentinels=sentinels or FakeSentinels(), use_pkce=use_pkce)
    rule = ReturnRule(origin=BASE_URL, allowed_origins=frozenset())
    return launch.start(
        account_id=account_id, return_to=return_to, return_rule=rule, redirect_uri=REDIRECT_URI, now=NOON
    )


def query_of(launched: Launched) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(launched.location).query).items()}


def test_it_leads_to_the_default_account_with_its_app_install() -> None:
    launched = start()

    assert f"/account/{ACCOUNT}/authorize?" in launched.location
    assert query_of(launched)["client_id"] == CLIENT_ID
    assert launched.transaction.account_id == ACCOUNT


def test_point_11_another_account_brings_its_own_app_install() -> None:
    launched = start(account_id=OTHER_ACCOUNT)

    assert f"/account/{OTHER_ACCOUNT}/authorize?" in launched.location
    assert query_of(launched)["client_id"] == OTHER_CLIENT_ID


def test_point_03_the_transaction_belongs_to_the_state_that_goes_out() -> None:
    launched = start(return_to="/there")

    state = Secret(query_of(launched)["state"])
    assert launched.transaction.state_hash == transactions.hash_state(state)
    assert (launched.transaction.return_to, launched.transaction.issued_at) == ("/there", NOON)


def test_point_02_each_launch_has_a_state_of_its_own() -> None:
    assert query_of(start())["state"] != query_of(start())["state"]


def test_point_10_with_pkce_the_challenge_of_the_transactions_verifier_goes_out() -> None:
    launched = start(use_pkce=True)

    verifier = launched.transaction.code_verifier
    assert verifier is not None
    assert query_of(launched)["code_challenge"] == transactions.code_challenge(verifier)
    assert verifier.reveal() not in launched.location


def test_without_pkce_there_is_no_verifier() -> None:
    launched = start()

    assert launched.transaction.code_verifier is None
    assert "code_challenge" not in query_of(launched)


@pytest.mark.parametrize(("account_id", "return_to"), [("99", None), ("../x", None), (None, "//evil.example")])
def test_point_07_what_is_not_allowed_asks_nobody(account_id: str | None, return_to: str | None) -> None:
    sentinels = FakeSentinels()

    with pytest.raises(RequestError):
        start(account_id=account_id, return_to=return_to, sentinels=sentinels)
    assert sentinels.asked == []


def test_a_host_that_cannot_be_looked_up_is_for_later() -> None:
    with pytest.raises(DomainApiUnavailableError):
        start(sentinels=FakeSentinels(error=DomainApiUnavailableError("down")))
