"""`refresh`: messages that the real worker takes, and what it makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.grants import Scope
from le_auth.domain.sign_out import end_sessions
from tests.support.installation import ACCOUNT, INTERVAL, OTHER_ACCOUNT

if TYPE_CHECKING:
    from tests.support.installation import Installation
    from tests.support.operated import Operated


@pytest.fixture
def working(operate: Operated) -> Operated:
    operate.work_while_waiting()
    return operate


def test_a_message_is_sent_for_one_user(operate: Operated, installation: Installation) -> None:
    installation.sign_in("1001")
    installation.sign_in("1002")

    document = operate.json("refresh", ACCOUNT, "1001")

    [record] = installation.receive()
    assert json.loads(record["body"]) == {"pk": f"{ACCOUNT}#1001", "due_at": int(installation.now.timestamp())}
    assert (document["sent"], document["waited"], document["users"]) == (1, False, [])


def test_a_message_is_sent_for_each_user_of_an_account(operate: Operated, installation: Installation) -> None:
    for number in range(1001, 1026):
        installation.sign_in(str(number))
    installation.sign_in("2001", account=OTHER_ACCOUNT)

    assert operate.json("refresh", ACCOUNT, "--all")["sent"] == 25
    assert {json.loads(record["body"])["pk"].split("#")[0] for record in installation.receive()} == {ACCOUNT}


def test_who_waits_sees_the_tokens_refreshed(working: Operated, installation: Installation) -> None:
    user = installation.sign_in("1001")
    before = installation.grant(user).generation
    installation.go_on(INTERVAL)

    document = working.json("refresh", ACCOUNT, "1001", "--wait", "30")

    assert installation.grant(user).generation > before
    assert document["outcomes"]["refreshed"] == 1
    assert [user["outcome"] for user in document["users"]] == ["refreshed"]


def test_who_waits_in_vain_is_told_the_last_error(working: Operated, installation: Installation) -> None:
    installation.sign_in("1001")
    installation.go_on(INTERVAL)
    installation.simulator.faults.order("token-refresh", "status", status=500, times=None)

    document = working.json("refresh", ACCOUNT, "1001", "--wait", "3", code=1)

    assert [(user["outcome"], user["last_error"]) for user in document["users"]] == [
        ("pending", "sentinel_unavailable")
    ]
    assert "1 pending" in working("refresh", ACCOUNT, "1001", "--wait", "1").stdout


def test_who_waits_learns_that_the_user_must_sign_in_again(working: Operated, installation: Installation) -> None:
    installation.sign_in("1001")
    installation.go_on(INTERVAL)
    error = json.dumps({"error": "invalid_grant"})
    installation.simulator.faults.order("token-refresh", "status", status=400, body=error)

    document = working.json("refresh", ACCOUNT, "1001", "--wait", "30", code=1)

    assert document["outcomes"]["sign-in-again"] == 1


def test_a_revocation_that_is_due_is_finished_too(working: Operated, installation: Installation) -> None:
    user = installation.sign_in("1001")
    epoch = installation.grant(user).session_epoch
    end_sessions(installation.table, user, scope=Scope.LIVEPERSON, session_epoch=epoch, now=installation.now)

    assert working.json("refresh", ACCOUNT, "1001", "--wait", "30")["outcomes"]["revoked"] == 1


def test_those_who_cannot_be_refreshed_are_left_out_and_counted(operate: Operated, installation: Installation) -> None:
    installation.sign_in("1001")
    user = installation.sign_in("1002")
    epoch = installation.grant(user).session_epoch
    end_sessions(installation.table, user, scope=Scope.LOCAL, session_epoch=epoch, now=installation.now)

    document = operate.json("refresh", ACCOUNT, "--all")

    assert (document["sent"], document["left_out"]) == (1, {"signed-out": 1})
    assert operate.json("refresh", ACCOUNT, "1002", code=1)["error"] == "nothing_to_refresh"


@pytest.mark.parametrize("whom", [(ACCOUNT, "1001"), (ACCOUNT, "--all")])
def test_nobody_there_is_an_error(operate: Operated, whom: tuple[str, str]) -> None:
    assert operate.json("refresh", *whom, code=1)["error"] == "unknown_user"


@pytest.mark.parametrize(
    "whom",
    [(ACCOUNT,), (ACCOUNT, "1001", "--all"), ("le-123", "1001"), (ACCOUNT, "a#b"), (ACCOUNT, "1", "--wait", "0")],
)
def test_a_wrong_command_line_is_told_apart_by_its_exit_code(operate: Operated, whom: tuple[str, ...]) -> None:
    assert operate("refresh", *whom).exit_code == 2
