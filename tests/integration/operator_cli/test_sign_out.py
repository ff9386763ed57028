"""`sign-out`: the sessions end at once; LivePerson is told by the real worker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.installation import ACCOUNT, OTHER_ACCOUNT

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.emulator import Emulator
    from tests.support.installation import Installation
    from tests.support.operated import Operated


def test_a_local_sign_out_ends_the_sessions_and_drops_the_tokens(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()
    before = installation.grant(user)

    document = operate.json("sign-out", ACCOUNT, user.user_id, "--yes")

    after = installation.grant(user)
    assert (after.status, after.sealed, after.slot) == ("signed_out", None, None)
    assert after.session_epoch > before.session_epoch
    assert (document["signed_out"], document["failed"], document["scope"]) == (1, 0, "local")
    assert installation.receive() == []


def test_one_user_is_signed_out_locally_without_a_question(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()

    assert operate("sign-out", ACCOUNT, user.user_id).exit_code == 0
    assert installation.grant(user).status == "signed_out"


def test_a_sign_out_of_liveperson_is_finished_by_the_worker(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()
    operate.work_while_waiting()
    arguments = ("sign-out", ACCOUNT, user.user_id, "--scope", "liveperson", "--yes", "--wait", "30")
    document = operate.json(*arguments)

    assert document["outcomes"]["revoked"] == 1
    assert installation.grant(user).sealed is None
    assert not any(grant.live for grant in installation.simulator.grants.all(user_id=user.user_id))


def test_without_waiting_the_item_remembers_the_revocation_and_a_message_is_on_its_way(
    operate: Operated, installation: Installation
) -> None:
    user = installation.sign_in()

    operate.json("sign-out", ACCOUNT, user.user_id, "--scope", "liveperson", "--yes")

    assert installation.grant(user).revocation_is_due
    assert [json.loads(record["body"])["pk"] for record in installation.receive()] == [user.pk]


def test_all_of_an_account_are_signed_out_and_nobody_else(operate: Operated, installation: Installation) -> None:
    users = [installation.sign_in(str(number)) for number in range(1001, 1006)]
    other = installation.sign_in("2001", account=OTHER_ACCOUNT)

    result = operate("sign-out", ACCOUNT, "--all", typed="y\n")

    assert result.exit_code == 0
    assert "Sign 5 users of le12345678 out of this application?" in result.stderr
    assert {installation.grant(user).status for user in users} == {"signed_out"}
    assert installation.grant(other).status == "active"


@pytest.mark.parametrize("arguments", [("--all",), ("1001", "--scope", "liveperson")])
@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nobody_is_signed_out(
    operate: Operated, installation: Installation, arguments: tuple[str, ...], answer: str
) -> None:
    user = installation.sign_in("1001")

    assert operate("sign-out", ACCOUNT, *arguments, typed=answer).exit_code == 1
    assert installation.grant(user).status == "active"


@pytest.mark.parametrize("arguments", [("--all", "--json"), ("1001", "--yes", "--wait", "5")])
def test_what_makes_no_sense_is_a_wrong_command_line(
    operate: Operated, installation: Installation, arguments: tuple[str, ...]
) -> None:
    user = installation.sign_in("1001")

    assert operate("sign-out", ACCOUNT, *arguments).exit_code == 2
    assert installation.grant(user).status == "active"


def test_who_is_signed_out_already_is_left_alone(operate: Operated, installation: Installation) -> None:
    user = installation.sign_in()
    operate("sign-out", ACCOUNT, user.user_id)

    assert operate.json("sign-out", ACCOUNT, user.user_id, "--yes", code=1)["error"] == "nothing_to_sign_out"


def test_users_who_could_not_be_signed_out_are_counted(
    operate: Operated, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [installation.sign_in(str(number)) for number in (1001, 1002)]
    refuse_one(monkeypatch, users[0])

    document = operate.json("sign-out", ACCOUNT, "--all", "--yes", code=1)

    assert (document["signed_out"], document["failed"]) == (1, 1)
    assert [installation.grant(user).status for user in users] == ["active", "signed_out"]


def refuse_one(monkeypatch: pytest.MonkeyPatch, refused: User) -> None:
    """Let the table refuse one user's writes."""
    from le_auth.adapters.sign_out_writes import SignOutWrites
    from le_auth.errors import TableUnavailableError

    write = SignOutWrites.sign_out_locally

    def sometimes(self: SignOutWrites, user: User, **details: object) -> None:
        if user == refused:
            raise TableUnavailableError("The token table cannot be reached.")
        write(self, user, **details)  # type: ignore[arg-type]

    monkeypatch.setattr(SignOutWrites, "sign_out_locally", sometimes)


def test_the_application_s_event_bus_is_told(
    new_stack: NewStack, installation: Installation, emulator: Emulator
) -> None:
    queue = emulator.make_event_bus("operators-bus")
    operate = new_stack(EventBusName="operators-bus")
    for number in range(1001, 1013):
        installation.sign_in(str(number))

    operate("sign-out", ACCOUNT, "--all", "--yes")

    events = [json.loads(record["body"]) for record in installation._receive(queue)]
    assert sorted(event["detail"]["user_id"] for event in events) == [str(number) for number in range(1001, 1013)]
    assert {event["detail-type"] for event in events} == {"UserSignedOut"}
