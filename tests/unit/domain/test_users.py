from __future__ import annotations

import pytest

from le_auth.domain.users import User
from le_auth.errors import RequestError
from tests.support.makers import ACCOUNT, ADA, APP_INSTALLS, OTHER_ACCOUNT


def test_a_users_key_joins_account_and_user() -> None:
    assert ADA.pk == "13099967#3677470410"
    assert User.read_pk(ADA.pk) == ADA


@pytest.mark.parametrize("pk", ["", "#scheduler", "13099967", "13099967#", "#1", "a b#1", "13099967#1#2", "1#2\n"])
def test_what_is_no_users_key_is_refused(pk: str) -> None:
    with pytest.raises(ValueError, match="not a user's key"):
        User.read_pk(pk)


def test_without_a_wish_the_first_configured_account_is_taken() -> None:
    assert APP_INSTALLS.choose_account(None) == ACCOUNT


def test_a_configured_account_may_be_chosen() -> None:
    assert APP_INSTALLS.choose_account(OTHER_ACCOUNT) == OTHER_ACCOUNT


@pytest.mark.parametrize("account_id", ["LE12345678", "le1234567", "le12345678 ", "99999999"])
def test_accounts_are_compared_exactly(account_id: str) -> None:
    with pytest.raises(RequestError):
        APP_INSTALLS.choose_account(account_id)


@pytest.mark.parametrize("account_id", ["", "../x", "a/b", "a%2Fb", "le-1", "a" * 33, "13099967\n", "\uff11\uff13"])
def test_point_13_what_could_alter_a_path_is_no_account(account_id: str) -> None:
    with pytest.raises(RequestError, match="letters and digits only"):
        APP_INSTALLS.choose_account(account_id)
