from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from le_auth.adapters.secret_store import AppInstallSecrets, CachedSecret, SealingKeys
from le_auth.domain.secret import Secret
from le_auth.errors import SecretError, SecretsUnavailableError
from tests.support.fakes_aws import FakeSecretsManager, client_error
from tests.support.makers import CLIENT_ID, NOON

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x"
KEY, OTHER_KEY = "canary-key".ljust(64, "k"), "canary-other".ljust(64, "o")
SECOND = timedelta(seconds=1)


def cached(content: Any) -> tuple[CachedSecret, FakeSecretsManager]:
    text = json.dumps(content) if isinstance(content, dict | list) else content
    manager = FakeSecretsManager(text)
    return CachedSecret(client=manager.client, arn=ARN), manager


def app_install(content: Any, *, after: timedelta = timedelta()) -> list[str]:
    secrets = AppInstallSecrets(secret=cached(content)[0])
    return [secret.reveal() for secret in secrets.get(CLIENT_ID, now=NOON + after)]


def sealing_keys(content: Any) -> list[tuple[str, str]]:
    keyring = SealingKeys(secret=cached(content)[0]).get(now=NOON)
    return [(key_id, key.reveal()) for key_id, key in keyring.keys.items()]


class WatchedLock:
    """A lock that tells when a second thread wants it."""

    def __init__(self) -> None:
        self._lock, self._wanted, self.is_wanted_twice = Lock(), 0, Event()

    def __enter__(self) -> None:
        self._wanted += 1
        if self._wanted == 2:
            self.is_wanted_twice.set()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


# ---- the cache ----


def test_a_secret_is_read_once_in_five_minutes() -> None:
    secret, manager = cached("canary")

    for after in (timedelta(), SECOND, timedelta(minutes=5) - SECOND):
        assert secret.read(now=NOON + after).reveal() == "canary"
    assert manager.reads == 1


@pytest.mark.parametrize("after", [timedelta(minutes=5), -timedelta(minutes=1)])
def test_a_secret_older_than_that_or_from_the_future_is_read_again(after: timedelta) -> None:
    secret, manager = cached("canary-1")
    secret.read(now=NOON)
    manager.content = "canary-2"

    assert secret.read(now=NOON + after).reveal() == "canary-2"


def test_a_failure_is_not_remembered() -> None:
    secret, manager = cached(client_error("ThrottlingException"))
    with pytest.raises(SecretsUnavailableError):
        secret.read(now=NOON)
    manager.content = "canary"

    assert secret.read(now=NOON).reveal() == "canary"


@pytest.mark.parametrize("read", [CachedSecret.read, CachedSecret.read_afresh])
def test_whoever_waited_while_it_could_not_be_read_does_not_wait_for_another_time_out(read: Any) -> None:
    lock, manager = WatchedLock(), FakeSecretsManager(EndpointConnectionError(endpoint_url="x"))
    manager.then = lambda: lock.is_wanted_twice.wait(10)
    secret = CachedSecret(client=manager.client, arn=ARN, _lock=cast("Lock", lock))
    with ThreadPoolExecutor() as threads:
        asked = [threads.submit(read, secret, now=NOON) for _ in range(2)]

    assert [type(each.exception()) for each in asked] == [SecretsUnavailableError] * 2
    assert manager.reads == 1
    with pytest.raises(SecretsUnavailableError):
        read(secret, now=NOON)
    assert manager.reads == 2


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("InternalServiceError"),
        EndpointConnectionError(endpoint_url="x"),
    ],
)
def test_a_failure_that_may_pass_is_for_later(error: Exception) -> None:
    with pytest.raises(SecretsUnavailableError, match="cannot be read"):
        cached(error)[0].read(now=NOON)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "DecryptionFailure"])
def test_a_failure_that_stays_is_for_an_operator(code: str) -> None:
    with pytest.raises(SecretError, match="does not exist or may not be read"):
        cached(client_error(code))[0].read(now=NOON)


def test_a_secret_without_a_string_is_for_an_operator() -> None:
    with pytest.raises(SecretError, match="no string value"):
        cached(None)[0].read(now=NOON)


def test_what_is_cached_is_not_printed() -> None:
    secret, _ = cached("canary")
    secret.read(now=NOON)

    assert "canary" not in repr(secret.read(now=NOON)) + repr(secret).replace(repr(secret.client), "")


# ---- AppInstall secrets ----


@pytest.mark.parametrize(
    ("listed", "secrets"), [("canary-1", ["canary-1"]), (["canary-2", "canary-1"], ["canary-2", "canary-1"])]
)
def test_an_app_install_has_one_secret_or_several_newest_first(listed: object, secrets: list[str]) -> None:
    assert app_install({CLIENT_ID: listed, "another": "canary-9"}) == secrets


def test_the_secret_that_was_accepted_goes_first_next_time() -> None:
    secrets = AppInstallSecrets(secret=cached({CLIENT_ID: ["canary-3", "canary-2", "canary-1"]})[0])
    secrets.prefer(CLIENT_ID, Secret("canary-2"))

    found = [secret.reveal() for secret in secrets.get(CLIENT_ID, now=NOON)]

    assert found == ["canary-2", "canary-3", "canary-1"]


def test_a_preferred_secret_that_is_no_longer_listed_is_not_tried() -> None:
    secrets = AppInstallSecrets(secret=cached({CLIENT_ID: ["canary-2"]})[0])
    secrets.prefer(CLIENT_ID, Secret("canary-1"))

    assert [secret.reveal() for secret in secrets.get(CLIENT_ID, now=NOON)] == ["canary-2"]


def test_secrets_are_read_afresh_at_most_once_a_minute() -> None:
    secret, manager = cached({CLIENT_ID: "canary-1"})
    secrets = AppInstallSecrets(secret=secret)
    secrets.get_afresh(CLIENT_ID, now=NOON)
    manager.content = json.dumps({CLIENT_ID: "canary-2"})

    too_soon = secrets.get_afresh(CLIENT_ID, now=NOON + 59 * SECOND)
    in_time = secrets.get_afresh(CLIENT_ID, now=NOON + 60 * SECOND)

    assert [*too_soon, *in_time] == [Secret("canary-1"), Secret("canary-2")]


@pytest.mark.parametrize(
    "content",
    ["canary", "", '"canary"', "1", "null", "[]", {}, {"another": "canary"}]
    + [{CLIENT_ID: value} for value in (None, "", 1, [], [""], ["canary", 1], {"a": "canary"})],
)
def test_another_content_is_refused_and_not_quoted(content: Any) -> None:
    with pytest.raises(SecretError, match="AppInstall secret must be JSON") as refused:
        app_install(content)

    assert "canary" not in str(refused.value)


# ---- sealing keys ----


def test_the_string_that_the_stack_generated_is_key_0() -> None:
    assert sealing_keys(KEY) == [("0", KEY)]


def test_listed_keys_keep_their_order() -> None:
    keys = [{"id": "1", "key": OTHER_KEY}, {"id": "0", "key": KEY}]

    assert sealing_keys({"keys": keys}) == [("1", OTHER_KEY), ("0", KEY)]


KEY_IDS: list[Any] = ["", "a.b", "a b", "é", 1, None, [], "x" * 17]
KEYS: list[Any] = ["canary", 1, None, ["canary"]]


@pytest.mark.parametrize(
    "content",
    [
        "canary",
        "",
        "{canary",
        {},
        {"keys": []},
        {"keys": None},
        {"keys": ["canary"]},
        {"keys": [{"id": "1"}]},
        {"keys": [{"id": "1", "key": KEY}, {"id": "1", "key": OTHER_KEY}]},
        *({"keys": [{"id": key_id, "key": KEY}]} for key_id in KEY_IDS),
        *({"keys": [{"id": "1", "key": key}]} for key in KEYS),
    ],
)
def test_other_keys_are_refused_and_not_quoted(content: Any) -> None:
    with pytest.raises(SecretError, match="sealing-key secret") as refused:
        sealing_keys(content)

    assert "canary" not in str(refused.value)


def test_sealing_keys_are_read_afresh_at_most_once_a_minute() -> None:
    secret, manager = cached(KEY)
    keys = SealingKeys(secret=secret)
    keys.get_afresh(now=NOON)

    keys.get_afresh(now=NOON + 59 * SECOND)
    assert manager.reads == 1
    keys.get_afresh(now=NOON + 60 * SECOND)
    assert manager.reads == 2


def test_a_key_that_was_added_a_second_after_the_secret_was_read_is_found_at_once() -> None:
    secret, manager = cached(KEY)
    keys = SealingKeys(secret=secret)
    keys.get(now=NOON)
    manager.content = json.dumps({"keys": [{"id": "1", "key": OTHER_KEY}, {"id": "0", "key": KEY}]})

    found = keys.get_afresh(now=NOON + SECOND)

    assert list(found.keys) == ["1", "0"]
    assert list(keys.get(now=NOON + 2 * SECOND).keys) == ["1", "0"]


@pytest.mark.parametrize("seconds", [0, -1, -59])
def test_what_was_read_at_this_moment_or_by_another_thread_since_is_fresh_enough(seconds: int) -> None:
    secret, manager = cached(KEY)
    keys = SealingKeys(secret=secret)
    keys.get(now=NOON)

    keys.get_afresh(now=NOON + seconds * SECOND)

    assert manager.reads == 1
