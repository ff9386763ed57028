"""`users` on a real table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Scope
from le_auth.domain.sign_out import end_sessions
from tests.support.installation import ACCOUNT, INTERVAL, OTHER_ACCOUNT
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation
    from tests.support.operated import Operated


def sign_out(installation: Installation, user: User, scope: Scope) -> None:
    epoch = installation.grant(user).session_epoch
    end_sessions(installation.table, user, scope=scope, session_epoch=epoch, now=installation.now)


def set_attribute(installation: Installation, user: User, name: str, value: dict[str, str]) -> None:
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": user.pk}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": value},
    )


def rest(installation: Installation, user: User) -> None:
    """Take a user out of the schedule, as an idle one."""
    installation.emulator.dynamodb.update_item(
        TableName=installation.deployed.resources["TokenTable"],
        Key={"pk": {"S": user.pk}},
        UpdateExpression="REMOVE slot",
    )


@pytest.fixture
def everybody(installation: Installation) -> list[User]:
    """Give a user of each condition, an hour later, beside a used state and the scheduler's checkpoint."""
    overdue, lost, leaving, gone, idle = (installation.sign_in(str(number)) for number in range(1001, 1006))
    set_attribute(installation, lost, "status", {"S": "reauthorize"})
    rest(installation, lost)
    set_attribute(installation, overdue, "failures", {"N": "4"})
    set_attribute(installation, overdue, "last_error", {"S": "sentinel_unavailable"})
    sign_out(installation, leaving, Scope.LIVEPERSON)
    sign_out(installation, gone, Scope.LOCAL)
    rest(installation, idle)
    installation.go_on(2 * INTERVAL)
    fresh = installation.sign_in("1006", account=OTHER_ACCOUNT)
    installation.emulator.dynamodb.put_item(
        TableName=installation.deployed.resources["TokenTable"],
        Item={"pk": {"S": f"state#{'a' * 64}"}, "expires_at": {"N": "1"}},
    )
    installation.schedule()
    installation.receive()
    return [overdue, lost, leaving, gone, idle, fresh]


@pytest.mark.usefixtures("everybody")
def test_each_user_is_listed_with_how_they_fare_the_most_urgent_first(operate: Operated) -> None:
    document = operate.json("users")

    assert [(user["user_id"], user["condition"]) for user in document["users"]] == [
        ("1002", "sign-in-again"),
        ("1001", "overdue"),
        ("1003", "signing-out"),
        ("1006", "fresh"),
        ("1005", "idle"),
        ("1004", "signed-out"),
    ]
    assert (document["total"], set(document["counts"].values())) == (6, {1})


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize(
    ("filters", "listed"),
    [
        (["--account", OTHER_ACCOUNT], {"1006"}),
        (["--status", "active"], {"1001", "1005", "1006"}),
        (["--status", "active", "--account", ACCOUNT], {"1001", "1005"}),
        (["--condition", "sign-in-again", "--condition", "overdue"], {"1001", "1002"}),
        (["--limit", "2"], {"1002", "1001"}),
        (["--account", "le00000000"], set()),
    ],
)
def test_filters_narrow_the_list(operate: Operated, filters: list[str], listed: set[str]) -> None:
    assert {user["user_id"] for user in operate.json("users", *filters)["users"]} == listed


def test_an_account_s_users_are_not_taken_for_those_of_an_account_that_begins_alike(
    operate: Operated, installation: Installation
) -> None:
    installation.sign_in("1001")

    assert operate.json("users", "--account", ACCOUNT[:-1])["total"] == 0


@pytest.mark.usefixtures("everybody")
def test_a_person_reads_ages_errors_and_counts(operate: Operated) -> None:
    lines = operate("users").stdout.splitlines()

    [overdue] = [line.split() for line in lines if "overdue" in line and ACCOUNT in line]
    assert overdue == [ACCOUNT, "1001", "overdue", "60", "min", "60", "min", "60", "min", "4", "sentinel_unavailable"]
    assert lines[-1].startswith("6 users: 1 sign-in-again, 1 overdue")


@pytest.mark.usefixtures("everybody")
def test_a_list_that_is_cut_says_so(operate: Operated) -> None:
    assert operate("users", "--limit", "1").stdout.splitlines()[-1] == "5 of them are not listed: --limit lists more."


def test_no_token_is_read_let_alone_shown(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()
    secrets = SecretsSeen()
    for token in installation.tokens(user):
        secrets.add("token", token)
    secrets.add("sealed", installation.item(user)["sealed"]["B"].hex())

    shown = operate("users").output + operate("users", "--json").output

    assert user.user_id in shown
    assert secrets.found_in(shown) == []


def test_what_somebody_else_wrote_into_the_table_does_not_reach_the_terminal(
    operate: Operated, installation: Installation
) -> None:
    item: dict[str, Any] = installation.item(installation.sign_in())
    item |= {"last_error": {"S": "\x1b]0;title\x07\x9b2Jtable_unavailable"}, "failures": {"N": "1"}}
    installation.emulator.dynamodb.put_item(TableName=installation.deployed.resources["TokenTable"], Item=item)

    shown = operate("users").output + operate("users", "--json").output

    assert "title" not in shown
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)
    assert [user["last_error"] for user in operate.json("users")["users"]] == ["unreadable"]


def test_users_by_the_page_are_all_listed(operate: Operated, installation: Installation) -> None:
    item: dict[str, Any] = installation.item(installation.sign_in("1000"))
    table = installation.deployed.resources["TokenTable"]
    for number in range(300):
        padded = item | {"pk": {"S": f"{ACCOUNT}#{2000 + number}"}, "padding": {"S": "x" * 9000}}
        installation.emulator.dynamodb.put_item(TableName=table, Item=padded)

    assert operate.json("users")["total"] == 301
    assert "101 of them are not listed" in operate("users").stdout


def test_a_user_who_is_not_overdue_yet_at_another_interval(operate: Operated, installation: Installation) -> None:
    installation.sign_in()
    installation.go_on(timedelta(minutes=45))

    assert [user["condition"] for user in operate.json("users")["users"]] == ["fresh"]
