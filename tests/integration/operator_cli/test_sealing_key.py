"""`sealing-key`: what was sealed before still opens, what is sealed afterwards uses the new key."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.installation import INTERVAL, SEALING_KEY

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated


def stored(installation: Installation) -> str:
    arn = installation.deployed.resources["SealingKeySecret"]
    return installation.emulator.secretsmanager.get_secret_value(SecretId=arn)["SecretString"]


def key_of(installation: Installation, user: User) -> str:
    return str(installation.item(user)["key_id"]["S"])


def refresh(installation: Installation, user: User) -> None:
    """Have the worker refresh a user, an interval later."""
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(user)) == []


def test_live_tokens_follow_a_new_key_within_an_interval(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()
    assert key_of(installation, user) == "0"

    document = operate.json("sealing-key", "add")
    refresh(installation, user)

    assert key_of(installation, user) == document["keys"][0]["key_id"]
    assert [key["seals_new_values"] for key in document["keys"]] == [True, False]


def test_a_person_is_told_when_the_old_key_may_go(operate: Operated) -> None:
    lines = operate("sealing-key", "add").stdout.splitlines()

    assert lines[-1] == "Key 0 may be dropped from 2099-04-07 on."


def test_with_idle_days_0_the_old_key_may_never_go(new_stack: NewStack) -> None:
    operate = new_stack(IdleDays="0")

    assert operate("sealing-key", "add").stdout.endswith("Key 0 may be dropped never, since IdleDays is 0.\n")
    assert operate.json("sealing-key", "drop", "0", code=1)["error"] == "key_in_use"


def test_the_list_tells_how_many_tokens_each_key_seals(operate: Operated, installation: Installation) -> None:
    user, _ = installation.sign_in("1001"), installation.sign_in("1002")
    operate("sealing-key", "add")
    refresh(installation, user)

    document = operate.json("sealing-key", "list")

    assert [key["tokens"] for key in document["keys"]] == [1, 1]
    assert "from 2099-04-07 on" in operate("sealing-key", "list").stdout


def test_an_old_key_is_dropped_when_its_day_has_come_and_nothing_needs_it(
    operate: Operated, installation: Installation
) -> None:
    installation.sign_in("1001")
    operate("sealing-key", "add")
    assert operate.json("sealing-key", "drop", "0", code=1)["error"] == "key_in_use"

    installation.go_on(timedelta(days=29))
    still_sealed = operate("sealing-key", "drop", "0")
    assert (still_sealed.exit_code, "seals the tokens of 1 user" in still_sealed.stderr) == (1, True)

    operate("sealing-key", "drop", "0", "--force")
    assert [entry["id"] for entry in json.loads(stored(installation))["keys"]] == ["20990309T120000Z"]


@pytest.mark.parametrize(("key", "error"), [("nothing", "unknown_key"), ("0", "key_in_use")])
def test_the_only_key_and_one_that_is_not_there_cannot_be_dropped(operate: Operated, key: str, error: str) -> None:
    assert operate.json("sealing-key", "drop", key, "--force", code=1)["error"] == error


def test_no_key_is_shown(operate: Operated, installation: Installation) -> None:
    shown = operate("sealing-key", "add").output + operate("sealing-key", "list").output
    shown += operate("sealing-key", "list", "--json").output + operate("sealing-key", "drop", "0", "--force").output
    added = json.loads(stored(installation))["keys"][0]["key"]

    assert SEALING_KEY not in shown
    assert added not in shown
