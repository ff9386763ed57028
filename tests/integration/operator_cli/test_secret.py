"""`secret`: what is stored, and that the secret comes out nowhere else."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from tests.support.installation import ACCOUNT, APP, INTERVAL, OTHER_ACCOUNT, OTHER_APP, OTHER_SECRET, SECRET
from tests.support.secrets_seen import SecretsSeen

if TYPE_CHECKING:
    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated

NEW = "canary-new-app-install-secret"


@pytest.fixture
def operate(new_stack: NewStack) -> Operated:
    """The operator of a stack with a single AppInstall."""
    return new_stack(AppInstalls=f"{ACCOUNT}={APP}")


def stored(installation: Installation) -> dict[str, object]:
    arn = installation.deployed.resources["AppInstallSecret"]
    text = installation.emulator.secretsmanager.get_secret_value(SecretId=arn)["SecretString"]
    content: dict[str, object] = json.loads(text)
    return content


def store(installation: Installation, text: str) -> None:
    arn = installation.deployed.resources["AppInstallSecret"]
    installation.emulator.secretsmanager.put_secret_value(SecretId=arn, SecretString=text)


def test_a_first_secret_is_stored(operate: Operated, installation: Installation) -> None:
    store(installation, "{}")

    document = operate.json("secret", typed=f"{NEW}\n")

    assert stored(installation) == {APP: NEW}
    assert document == {"stack": operate.stack, "app_install_id": APP, "secrets": 1}


def test_a_secret_under_a_placeholder_is_stored_with_a_warning(new_stack: NewStack) -> None:
    result = new_stack(AppInstalls=f"{ACCOUNT}=pending")("secret", typed="canary-secret-of-26-chars\n")

    assert result.exit_code == 0, result.output
    assert "pending does not look like an AppInstall id" in result.stderr


def test_one_that_is_there_is_not_overwritten_unasked(operate: Operated, installation: Installation) -> None:
    assert operate.json("secret", typed=NEW, code=1)["error"] == "secret_exists"
    assert stored(installation)[APP] == SECRET


def test_a_secret_is_changed_without_downtime(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()
    operate("secret", "--add", typed=NEW)
    assert stored(installation) == {APP: [NEW, SECRET], OTHER_APP: OTHER_SECRET}

    installation.simulator.register(APP, secrets=[NEW], accounts=[ACCOUNT], redirect_uris=[])
    assert operate.json("secret", "--drop-old")["secrets"] == 1

    assert stored(installation) == {APP: NEW, OTHER_APP: OTHER_SECRET}
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(user)) == []


def test_there_may_be_nothing_to_drop(operate: Operated) -> None:
    assert operate.json("secret", "--drop-old", code=1)["error"] == "nothing_to_drop"


def test_a_secret_is_replaced(operate: Operated, installation: Installation) -> None:
    assert operate("secret", "--replace", typed=NEW).exit_code == 0
    assert stored(installation) == {APP: NEW, OTHER_APP: OTHER_SECRET}


@pytest.mark.parametrize("arguments", [(), ("--add",), ("--replace",)])
def test_what_cannot_be_read_is_not_overwritten_unless_that_is_asked_for(
    operate: Operated, installation: Installation, arguments: tuple[str, ...]
) -> None:
    store(installation, "canary-not-json")
    refused = operate("secret", *arguments, typed=NEW)

    assert (refused.exit_code, "canary" in refused.output) == (1, False)
    assert operate("secret", "--start-over", typed=NEW).exit_code == 0
    assert stored(installation) == {APP: NEW}


@pytest.mark.parametrize("typed", ["", "\n", APP, "two words", "short"])
def test_what_is_no_secret_is_not_stored(operate: Operated, installation: Installation, typed: str) -> None:
    assert operate.json("secret", "--replace", typed=typed, code=1)["error"] == "secret_form"
    assert stored(installation)[APP] == SECRET


def test_of_several_app_installs_one_must_be_named(new_stack: NewStack, installation: Installation) -> None:
    operate = new_stack()
    unnamed = operate("secret", "--replace", typed=NEW)
    assert (unnamed.exit_code, f"{ACCOUNT}, {OTHER_ACCOUNT}" in unnamed.stderr) == (2, True)

    assert operate("secret", "--replace", "--account", OTHER_ACCOUNT, typed=NEW).exit_code == 0
    assert stored(installation) == {APP: SECRET, OTHER_APP: NEW}
    assert operate("secret", "--replace", "--account", "le00000000", typed=NEW).exit_code == 2


def test_two_ways_at_once_are_a_wrong_command_line(operate: Operated, installation: Installation) -> None:
    assert operate("secret", "--add", "--replace", typed=NEW).exit_code == 2
    assert stored(installation)[APP] == SECRET


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("--replace",), NEW),
        (("--add",), NEW),
        (("--drop-old",), None),
        ((), NEW),
        (("--replace",), f"{NEW} and more"),
        (("--replace",), f"{NEW}\t"),
        (("--add", "--replace"), NEW),
        (("--replace", "--json"), NEW),
        (("--replace", "--json"), f"{NEW} "),
    ],
)
def test_no_secret_comes_out_anywhere(
    operate: Operated,
    installation: Installation,
    caplog: pytest.LogCaptureFixture,
    arguments: tuple[str, ...],
    typed: str | None,
) -> None:
    secrets = SecretsSeen()
    for value in (NEW, SECRET, OTHER_SECRET):
        secrets.add("secret", value)
    installation.put_app_install_secret([SECRET, "canary-an-older-secret"])
    secrets.add("secret", "canary-an-older-secret")
    caplog.set_level(logging.INFO)

    result = operate("secret", *arguments, typed=typed)

    assert secrets.found_in(result.output + caplog.text) == []
