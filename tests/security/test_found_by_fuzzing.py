"""What fuzzing found, each of it mended since."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import web
from le_auth.adapters import secret_store
from le_auth.domain.rescue import read_rescue, write_rescue
from le_auth.domain.secret import Secret
from le_auth.domain.sessions import Session
from le_auth.errors import SecretError, SettingError
from tests.support.installation import APP, INTERVAL

if TYPE_CHECKING:
    from le_auth.domain.users import User
    from tests.support.installation import Installation

DEEP = "[" * 20_000
HALF_A_CHARACTER = "\\ud800"


@pytest.mark.parametrize("event", [None, [], "GET /", 7, {"routeKey": []}, {"routeKey": {"GET": "/"}}])
def test_session_answers_an_event_of_whatever_shape(installation: Installation, event: object) -> None:
    assert installation.invoke("session", event)["statusCode"] == 500  # type: ignore[arg-type]


@pytest.mark.parametrize("event", [None, [], "GET /", 7])
def test_what_is_no_object_is_no_event_of_the_api(event: Any) -> None:
    with pytest.raises(SettingError, match="payload format"):
        web.read_context(event)


def test_a_session_nested_too_deep_is_none() -> None:
    with pytest.raises(ValueError, match="session"):
        Session.read(DEEP.encode())


@pytest.mark.parametrize("value", [DEEP, f'"{HALF_A_CHARACTER}"', f'["a", "{HALF_A_CHARACTER}"]'])
def test_an_app_install_secret_that_cannot_be_read_or_sent_is_the_operators_to_mend(value: str) -> None:
    with pytest.raises(SecretError):
        secret_store._read_app_install(Secret(f'{{"{APP}": {value}}}'), APP)


@pytest.mark.parametrize("keys", [DEEP, f'[{{"id": "1", "key": "{"k" * 32}{HALF_A_CHARACTER}"}}]'])
def test_a_sealing_key_that_cannot_be_read_or_used_is_the_operators_to_mend(keys: str) -> None:
    with pytest.raises(SecretError):
        secret_store._read_keyring(Secret(f'{{"keys": {keys}}}'))


@pytest.mark.parametrize("event", [None, {}, {"time": None}, {"time": "now"}, {"time": "2099-03-09T12:00:00"}])
def test_the_schedule_takes_the_clocks_time_where_the_event_has_none(installation: Installation, event: Any) -> None:
    done = installation.invoke("refresh_scheduler", event)

    checkpoint = installation.table.find_checkpoint()
    assert done["complete"]
    assert checkpoint is not None
    assert checkpoint.finished_minute == installation.now.timestamp() // 60


def test_an_event_that_lies_ahead_does_not_stop_the_schedule_until_then(installation: Installation) -> None:
    user = installation.sign_in()
    installation.invoke("refresh_scheduler", {"time": "9999-12-31T23:59:59Z"})

    for _ in range(30):
        installation.schedule(at=installation.now + timedelta(minutes=1))

    assert [json.loads(record["body"])["pk"] for record in installation.receive()] == [user.pk]


def rescue_of(installation: Installation, user: User) -> dict[str, Any]:
    """Give the message of a rotated token that the table did not take."""
    installation.go_on(INTERVAL)
    installation.calls.order("UpdateItem", containing=":replaced")
    installation.work(installation.due(user))
    installation.calls.clear()
    (record,) = installation.receive_rescues()
    return record


def test_a_rescue_that_does_not_open_does_not_replace_tokens_that_do(installation: Installation) -> None:
    user = installation.sign_in()
    record = rescue_of(installation, user)
    before = installation.item(user)
    content = json.loads(record["body"])
    sealed = bytearray(base64.b64decode(content["sealed"]))
    sealed[-1] ^= 1
    forged = {**record, "body": json.dumps({**content, "sealed": base64.b64encode(sealed).decode()})}

    assert installation.land([forged]) == [forged], "it stays in the queue, for somebody to look at"
    assert installation.item(user) == before
    assert installation.land([record]) == []


def test_a_rescue_is_not_landed_again_under_a_later_generation(installation: Installation) -> None:
    user = installation.sign_in()
    renewal = read_rescue(rescue_of(installation, user)["body"])
    content = json.loads(write_rescue(renewal))

    with pytest.raises(ValueError, match="generation"):
        read_rescue(json.dumps({**content, "replaces": content["replaces"] + 1}))
