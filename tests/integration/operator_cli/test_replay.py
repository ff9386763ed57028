"""`replay`: dead letters go back to their queue, here by hand, since the emulator's SQS has no tasks for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.operated import QUEUES, put_dead_letters

if TYPE_CHECKING:
    from tests.support.installation import Installation
    from tests.support.operated import Operated


@pytest.mark.parametrize("queue", [*QUEUES])
def test_all_dead_letters_go_back_unchanged(operate: Operated, installation: Installation, queue: str) -> None:
    bodies = [json.dumps({"number": number}) for number in range(23)]
    put_dead_letters(installation, queue, *bodies)

    document = operate.json("replay", queue)

    assert (document["found"], document["moved"]) == (23, 23)
    moved = installation._receive(installation.deployed.resources[QUEUES[queue]])
    assert sorted(record["body"] for record in moved) == sorted(bodies)
    assert operate.json("replay", queue, code=1)["found"] == 0


def test_a_person_reads_how_many_were_moved(operate: Operated, installation: Installation) -> None:
    put_dead_letters(installation, "rescue", "{}")

    assert operate("replay", "rescue").stdout == "Moved 1 dead letter back; the worker takes them at once.\n"
    assert operate("replay", "rescue").stdout == "RescueQueue has no dead letters.\n"


def test_a_rescue_is_saved_after_its_replay(operate: Operated, installation: Installation) -> None:
    from le_auth.domain.grants import Renewal
    from le_auth.domain.rescue import write_rescue
    from le_auth.domain.secret import Secret
    from le_auth.domain.tokens import Tokens

    user = installation.sign_in()
    grant = installation.grant(user)
    tokens = Tokens(
        access_token=Secret("canary-rescued-access"),
        refresh_token=Secret("canary-rescued-refresh"),
        received_at=installation.now,
        expires_at=None,
    )
    sealed = installation.keyring.seal_tokens(tokens, user=user, generation=grant.generation + 1)
    renewal = Renewal(
        user=user, replaces=grant.generation, sealed=sealed, received_at=installation.now, access_expires_at=None
    )
    put_dead_letters(installation, "rescue", write_rescue(renewal))

    output = operate("replay", "rescue").output
    installation.land(installation.receive_rescues())

    assert installation.tokens(user)[0] == "canary-rescued-access"
    assert "canary" not in output
