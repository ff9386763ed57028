from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from le_auth.domain import transactions
from le_auth.domain.secret import Secret
from le_auth.domain.transactions import Transaction, find_transaction, surplus_cookies
from le_auth.errors import TransactionExpiredError
from tests.support.makers import ACCOUNT, NOON

STATE = Secret("state-canary")
VERIFIER = "verifier-canary".ljust(43, "v")


def a_transaction(state: Secret = STATE, *, issued_at: datetime = NOON, verifier: str | None = None) -> Transaction:
    return Transaction(
        state_hash=transactions.hash_state(state),
        account_id=ACCOUNT,
        return_to="/here?a=1",
        issued_at=issued_at,
        code_verifier=None if verifier is None else Secret(verifier),
    )


def cookies_of(*kept: Transaction) -> dict[str, str]:
    return {transaction.cookie_name: transaction.write() for transaction in kept}


def test_point_02_a_state_has_256_random_bits_and_is_new_each_time() -> None:
    states = {transactions.new_random().reveal() for _ in range(100)}

    assert len(states) == 100
    assert all(transactions.STATE.fullmatch(state) for state in states)


def test_point_02_the_cookie_holds_the_hash_of_the_state_and_never_the_state() -> None:
    content = base64.urlsafe_b64decode(a_transaction().write() + "==").decode()

    assert transactions.hash_state(STATE) in content
    assert STATE.reveal() not in content


def test_point_10_the_challenge_is_the_one_of_rfc_7636_appendix_b() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert transactions.code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_point_03_the_cookie_is_a_host_cookie_named_after_its_state() -> None:
    names = {a_transaction(Secret(f"state-canary-{number}")).cookie_name for number in range(20)}

    assert len(names) == 20
    assert all(name.startswith("__Host-le-tx-") and len(name) == len("__Host-le-tx-") + 8 for name in names)


@pytest.mark.parametrize("verifier", [None, VERIFIER])
def test_what_launch_writes_the_callback_reads(verifier: str | None) -> None:
    transaction = a_transaction(verifier=verifier)

    assert Transaction.read(transaction.write()) == transaction


def test_neither_state_hash_nor_verifier_is_printed() -> None:
    text = repr(a_transaction(verifier=VERIFIER))

    assert transactions.hash_state(STATE) not in text
    assert "canary" not in text


def forged(**changes: Any) -> str:
    content = {"s": "0" * 64, "a": ACCOUNT, "r": None, "t": int(NOON.timestamp()), "v": None, **changes}
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


JUNK = ["", "no base64!", "é", "bm90IGpzb24", "W10", "MQ", "e30", "_" * 2049, base64.b64encode(b"[" * 1500).decode()]
FORGERIES: dict[str, list[Any]] = {
    "s": [None, 1, "", "0" * 63, "0" * 64 + "\n", "G" * 64],
    "a": [None, 1, ["x"]],
    "r": [1, ["x"], {}],
    "t": [None, "1", 1.5, True, 10**30, -(10**30), 3 * 10**11],
    "v": [1, "", "short", "v" * 44, "v" * 42 + " "],
}


def test_a_forgery_without_a_change_is_read() -> None:
    assert Transaction.read(forged()).account_id == ACCOUNT


@pytest.mark.parametrize("value", JUNK)
def test_a_cookie_that_launch_did_not_write_is_refused(value: str) -> None:
    with pytest.raises(TransactionExpiredError, match="cannot be read"):
        Transaction.read(value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in FORGERIES for value in FORGERIES[name]])
def test_a_cookie_with_a_field_that_launch_would_not_write_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TransactionExpiredError, match="cannot be read"):
        Transaction.read(forged(**{name: value}))


def test_the_callback_finds_the_transaction_of_its_state_among_others() -> None:
    other = a_transaction(Secret("another-canary"))

    found = find_transaction(cookies_of(other, a_transaction()), state=STATE, now=NOON)

    assert found == a_transaction()


def test_point_03_a_state_without_cookie_was_not_begun_in_this_browser() -> None:
    with pytest.raises(TransactionExpiredError, match="not begun in this browser"):
        find_transaction(cookies_of(a_transaction(Secret("another-canary"))), state=STATE, now=NOON)


def test_point_03_a_cookie_under_the_right_name_for_another_state_does_not_do() -> None:
    cookies = {a_transaction().cookie_name: a_transaction(Secret("another-canary")).write()}

    with pytest.raises(TransactionExpiredError, match="not begun in this browser"):
        find_transaction(cookies, state=STATE, now=NOON)


@pytest.mark.parametrize("age", [-300, 0, 600])
def test_a_transaction_is_good_for_ten_minutes_by_clocks_that_may_differ_by_five(age: int) -> None:
    transaction = a_transaction(issued_at=NOON - timedelta(seconds=age))

    assert find_transaction(cookies_of(transaction), state=STATE, now=NOON) == transaction


@pytest.mark.parametrize("age", [-301, 601, 86_400])
def test_point_05_a_transaction_out_of_its_time_is_refused(age: int) -> None:
    transaction = a_transaction(issued_at=NOON - timedelta(seconds=age))

    with pytest.raises(TransactionExpiredError, match="ten minutes"):
        find_transaction(cookies_of(transaction), state=STATE, now=NOON)


def test_a_launch_clears_all_but_the_three_newest_transaction_cookies() -> None:
    launches = [
        a_transaction(Secret(f"state-canary-{age}"), issued_at=NOON - timedelta(minutes=age)) for age in range(5)
    ]
    shuffled = cookies_of(*(launches[index] for index in (2, 4, 0, 3, 1)))

    assert surplus_cookies(shuffled) == [launches[3].cookie_name, launches[4].cookie_name]


def test_a_launch_clears_transaction_cookies_that_cannot_be_read_and_no_others() -> None:
    cookies = {"__Host-le-tx-00000000": "junk", "__Host-le-session": "junk", "theirs": "junk"}

    assert surplus_cookies(cookies | cookies_of(a_transaction())) == ["__Host-le-tx-00000000"]
