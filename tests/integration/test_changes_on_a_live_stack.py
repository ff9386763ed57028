"""Keys, secrets and parameters are changed while users are signed in; some processes know it sooner than others."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.users import User
from tests.support.answers import json_of
from tests.support.installation import (
    ACCOUNT,
    ADA,
    APP,
    CALLBACK_URL,
    INTERVAL,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    SEALING_KEY,
    SECRET,
    Installation,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.browser import Browser
    from tests.support.installation import Record

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OLD_KEY = {"id": "0", "key": SEALING_KEY}
NEW_KEY = {"id": "1", "key": "canary-newer-sealing-key-" + "n" * 40}
NEW_SECRET = "canary-newer-app-install-secret"
BEN, LEA = (User(account_id=ACCOUNT, user_id=user_id) for user_id in ("1002", "1003"))

KEPT_BY_A_PROCESS = {
    "refresh_worker": ["the_refresh", "the_rescue"],
    "access_token": ["the_tokens"],
    "session": ["the_sessions", "the_sign_out"],
    "authorizer": ["the_sessions"],
    "callback": ["the_sign_in"],
}


@dataclass(kw_only=True)
class Processes:
    """One process of each function, with what it keeps in memory: others begin cold and keep their own."""

    installation: Installation
    _kept: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have these processes take what comes."""
        with pytest.MonkeyPatch.context() as patch:
            for function, names in KEPT_BY_A_PROCESS.items():
                module = self.installation.module(function)
                for name in names:
                    patch.setattr(module, name, self._keeps(function, name, getattr(module, name).__wrapped__))
            yield

    def _keeps(self, function: str, name: str, make: Callable[[], Any]) -> Callable[[], Any]:
        def get() -> Any:
            key = f"{function}.{name}"
            if key not in self._kept:
                self._kept[key] = make()
            return self._kept[key]

        get.__wrapped__ = make  # type: ignore[attr-defined]
        return get


@pytest.fixture
def warm(installation: Installation, ada: Browser) -> Processes:
    """Processes that have read everything a moment ago."""
    processes = Processes(installation=installation)
    with processes.at_work():
        assert_all_is_readable(installation, ada, ADA)
        assert refresh(installation, ADA, BEN) == []
    return processes


@pytest.fixture
def cold(installation: Installation) -> Processes:
    return Processes(installation=installation)


@pytest.fixture
def ada(new_browser: Callable[[], Browser], installation: Installation) -> Browser:
    """Ada's browser; Ben is signed in too, and half an hour has passed."""
    browser = new_browser()
    browser.sign_in(name="ada")
    installation.sign_in(BEN.user_id)
    installation.go_on(INTERVAL)
    return browser


def assert_all_is_readable(installation: Installation, browser: Browser, user: User) -> None:
    """Check that session and token of a user are accepted wherever they are shown."""
    assert json_of(browser.call("/session", method="GET"))["user_id"] == user.user_id
    assert installation.invoke("authorizer", browser.event("/session"))["isAuthorized"] is True
    vended = installation.invoke("access_token", {"account_id": user.account_id, "user_id": user.user_id})
    assert "access_token" in vended, vended


def refresh(installation: Installation, *users: User) -> list[Record]:
    return installation.work(installation.due(*users))


def put_keys(installation: Installation, *keys: dict[str, str]) -> None:
    installation.emulator.secretsmanager.put_secret_value(
        SecretId=installation.deployed.resources["SealingKeySecret"], SecretString=json.dumps({"keys": keys})
    )


def key_of(installation: Installation, user: User) -> str:
    return str(installation.item(user)["key_id"]["S"])


# ---- the sealing key ----


@pytest.mark.parametrize("since_read", [SECOND, 4 * MINUTE])
def test_while_some_processes_know_the_new_sealing_key_and_others_do_not_all_is_readable_to_all(
    installation: Installation,
    new_browser: Callable[[], Browser],
    ada: Browser,
    warm: Processes,
    cold: Processes,
    since_read: timedelta,
) -> None:
    installation.go_on(since_read)
    put_keys(installation, NEW_KEY, OLD_KEY)

    with cold.at_work():
        lea = new_browser()
        lea.sign_in(name="lea")
        installation.go_on(SECOND)
        assert refresh(installation, ADA) == []
        assert_all_is_readable(installation, ada, ADA)
    assert [key_of(installation, user) for user in (ADA, BEN, LEA)] == ["1", "0", "1"]

    with warm.at_work():
        assert_all_is_readable(installation, lea, LEA)
        assert_all_is_readable(installation, ada, ADA)
        installation.go_on(INTERVAL)
        assert refresh(installation, ADA, BEN, LEA) == []
    with cold.at_work():
        for browser, user in ((ada, ADA), (lea, LEA)):
            assert_all_is_readable(installation, browser, user)


def test_an_interval_after_the_sealing_key_was_changed_all_live_tokens_are_resealed_and_idle_ones_readable(
    installation: Installation, ada: Browser, warm: Processes
) -> None:
    put_keys(installation, NEW_KEY, OLD_KEY)
    installation.go_on(INTERVAL)

    with warm.at_work():
        assert refresh(installation, ADA) == []

        assert [key_of(installation, user) for user in (ADA, BEN)] == ["1", "0"]
        assert_all_is_readable(installation, ada, ADA)
        vended = installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": BEN.user_id})
        assert "access_token" in vended
    assert key_of(installation, BEN) == "1", "the idle one was refreshed for its back end"


def test_a_process_that_still_seals_with_the_old_key_is_read_by_those_that_know_the_new_one(
    installation: Installation, ada: Browser, warm: Processes, cold: Processes
) -> None:
    installation.go_on(INTERVAL - MINUTE)
    with warm.at_work():
        installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": BEN.user_id})  # reads its key anew
        put_keys(installation, NEW_KEY, OLD_KEY)
        installation.go_on(2 * MINUTE)
        vended = installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": ADA.user_id})
    assert key_of(installation, ADA) == "0", "this process has read the secret two minutes ago"

    with cold.at_work():
        again = installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": ADA.user_id})

        assert again["access_token"] == vended["access_token"]
        assert_all_is_readable(installation, ada, ADA)


# ---- the AppInstall secret ----


@pytest.fixture
def elsewhere(installation: Installation) -> Callable[..., None]:
    """Let LivePerson accept these secrets of the default account's AppInstall."""

    def accept(*secrets: str) -> None:
        installation.simulator.register(APP, secrets=secrets, accounts=[ACCOUNT], redirect_uris=[CALLBACK_URL])

    return accept


@pytest.mark.parametrize("since_read", [SECOND, 4 * MINUTE])
def test_an_app_install_secret_is_changed_with_two_listed_and_no_process_misses_a_refresh(
    installation: Installation,
    ada: Browser,
    warm: Processes,
    cold: Processes,
    elsewhere: Callable[..., None],
    since_read: timedelta,
) -> None:
    rounds: list[Callable[[], None]] = [
        lambda: installation.put_app_install_secret([NEW_SECRET, SECRET]),
        lambda: elsewhere(NEW_SECRET, SECRET),
        lambda: elsewhere(NEW_SECRET),
        lambda: installation.put_app_install_secret(NEW_SECRET),
    ]
    for change in rounds:
        installation.go_on(INTERVAL)
        with warm.at_work():
            assert refresh(installation, BEN) == []  # whatever was cached is new again
            installation.go_on(since_read)
            change()
            assert refresh(installation, ADA) == []
        installation.go_on(MINUTE)
        with cold.at_work():
            assert refresh(installation, BEN) == []
            assert_all_is_readable(installation, ada, ADA)

    assert {installation.grant(user).status for user in (ADA, BEN)} == {Status.ACTIVE}
    assert max(installation.grant(user).failures for user in (ADA, BEN)) == 0


def test_a_secret_that_was_replaced_without_a_list_costs_a_wait_and_nobodys_sign_in(
    installation: Installation, warm: Processes, elsewhere: Callable[..., None]
) -> None:
    installation.go_on(INTERVAL)
    elsewhere(NEW_SECRET)
    with warm.at_work():
        left = refresh(installation, ADA, BEN)
        assert len(left) == 2

        installation.put_app_install_secret(NEW_SECRET)
        installation.go_on(2 * MINUTE)

        assert installation.work(left) == []
    assert {installation.grant(user).refreshed_at for user in (ADA, BEN)} == {installation.now}


# ---- parameters ----


def test_users_of_an_account_that_is_taken_out_and_put_back_are_still_signed_in(
    installation: Installation, ada: Browser
) -> None:
    carol = installation.sign_in("2001", account=OTHER_ACCOUNT)
    both = f"{ACCOUNT}={APP},{OTHER_ACCOUNT}={OTHER_APP}"
    installation.configure(AppInstalls=f"{ACCOUNT}={APP}")
    installation.go_on(INTERVAL)
    left = refresh(installation, ADA, carol)
    assert [json.loads(record["body"])["pk"] for record in left] == [carol.pk]
    assert_all_is_readable(installation, ada, ADA)

    installation.configure(AppInstalls=both)
    installation.go_on(2 * MINUTE)

    assert installation.work(left) == []
    assert installation.grant(carol).refreshed_at == installation.now


def test_an_account_that_is_added_signs_in_and_is_refreshed_beside_the_others(
    installation: Installation, ada: Browser, new_browser: Callable[[], Browser]
) -> None:
    installation.configure(AppInstalls=f"{ACCOUNT}={APP}")
    newcomer = new_browser()
    assert newcomer.visit(f"/launch?account_id={OTHER_ACCOUNT}")["statusCode"] == 400

    installation.configure(AppInstalls=f"{ACCOUNT}={APP},{OTHER_ACCOUNT}={OTHER_APP}")
    newcomer.sign_in(f"account_id={OTHER_ACCOUNT}", name="lea")
    installation.go_on(INTERVAL)

    assert refresh(installation, ADA, User(account_id=OTHER_ACCOUNT, user_id=LEA.user_id)) == []
    assert_all_is_readable(installation, ada, ADA)


def test_another_secret_arn_is_taken_over_by_a_deployment(installation: Installation, ada: Browser) -> None:
    content = json.dumps({APP: SECRET, OTHER_APP: OTHER_SECRET})
    own = installation.emulator.make_secret(f"own-{installation.deployed.resources['TokenTable']}", content)
    installation.put_app_install_secret("canary-of-the-stacks-secret-that-counts-no-more")

    installation.configure(AppInstallSecretArn=own)

    assert refresh(installation, ADA) == []
    assert_all_is_readable(installation, ada, ADA)


def test_sentinels_host_is_pinned_and_unpinned_between_two_refreshes(installation: Installation, ada: Browser) -> None:
    for host in (installation.simulator.host, ""):
        installation.configure(SentinelDomain=host)
        installation.simulator.journal.clear()
        installation.go_on(INTERVAL)

        assert refresh(installation, ADA) == []

        assert ("domain" in installation.simulator.journal.counts()) is (host == "")
        assert_all_is_readable(installation, ada, ADA)
