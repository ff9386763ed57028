"""Points 4, 5 and 18: a sign-in happens once, in time, and by a person."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

from le_auth import web
from le_auth.adapters.sign_in_writes import SignInWrites
from le_auth.domain import transactions
from le_auth.domain.secret import Secret
from tests.support.breaks import broken_by
from tests.support.browser import parameters

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from le_auth.browser import Route
    from tests.security.conftest import Sent
    from tests.support.browser import Browser
    from tests.support.installation import Installation

ANYTHING = re.compile(".*")


# ---- 4: once ----


def does_nothing(*_: object, **__: object) -> None:
    """Stand in for a step that is left out."""


def reads_then_writes(callbacks: int) -> Callable[..., None]:
    """Consume a state in two steps, with all callbacks between the two at once."""
    barrier = Barrier(callbacks, timeout=10)
    put = SignInWrites.consume_state

    def consume(table: SignInWrites, state_hash: str, *, now: datetime) -> None:
        key = {"pk": {"S": f"state#{state_hash}"}}
        found = "Item" in table.client.get_item(TableName=table.name, Key=key, ConsistentRead=True)
        barrier.wait()
        if found:
            put(table, state_hash, now=now)
        table.client.put_item(TableName=table.name, Item=key)

    return consume


@broken_by("not consumed", {"le_auth.adapters.sign_in_writes.SignInWrites.consume_state": does_nothing})
@broken_by("read, then written", {"le_auth.adapters.sign_in_writes.SignInWrites.consume_state": reads_then_writes(4)})
def test_point_04_of_parallel_callbacks_one_sends_the_code(installation: Installation, browser: Browser) -> None:
    event = browser.event(browser.come_back())
    installation.invoke("callback", browser.event("/callback"))

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: installation.invoke("callback", event), range(4)))

    assert installation.simulator.journal.counts()["token-code"] == 1
    assert sorted(answer["statusCode"] for answer in answers) == [303, 400, 400, 400]


def consumes_late() -> dict[str, object]:
    consume, save = SignInWrites.consume_state, SignInWrites.save_sign_in
    begun: dict[str, Any] = {}

    def keep(_: SignInWrites, state_hash: str, *, now: datetime) -> None:
        begun.update(state_hash=state_hash, now=now)

    def then_save(table: SignInWrites, *args: Any, **options: Any) -> int:
        consume(table, **begun)
        return save(table, *args, **options)

    table = "le_auth.adapters.sign_in_writes.SignInWrites"
    return {f"{table}.consume_state": keep, f"{table}.save_sign_in": then_save}


@broken_by("after it", consumes_late())
def test_point_04_the_state_is_consumed_before_the_code_is_sent(
    installation: Installation, browser: Browser, sent: list[Sent]
) -> None:
    installation.simulator.faults.order("token-code", "drop-before")

    assert browser.visit(browser.come_back())["statusCode"] == 502

    assert "authorization_code" in [request.form.get("grant_type") for request in sent]
    assert [pk.partition("#")[0] for pk in installation.items()] == ["state"]


# ---- 5: in time ----


@broken_by("no limit", {"le_auth.domain.transactions.LIFETIME": timedelta(days=365)})
def test_point_05_a_transaction_ends_after_ten_minutes_whatever_its_cookie_does(
    installation: Installation, browser: Browser
) -> None:
    callback = browser.come_back()
    installation.go_on(timedelta(minutes=10, seconds=1))

    assert browser.visit(callback)["statusCode"] == 400
    assert "token-code" not in installation.simulator.journal.counts()


@broken_by("no limit", {"le_auth.domain.sessions.Session.is_in_time": lambda *_, **__: True})
def test_point_05_a_session_ends_after_its_hours_whatever_its_cookie_does(
    installation: Installation, browser: Browser
) -> None:
    browser.sign_in()
    installation.go_on(timedelta(hours=12))

    assert browser.visit("/session")["statusCode"] == 401


def counts_expired_as_gone(table: SignInWrites, state_hash: str, *, now: datetime) -> None:
    table.client.put_item(
        TableName=table.name,
        Item={"pk": {"S": f"state#{state_hash}"}},
        ConditionExpression="attribute_not_exists(pk) OR expires_at < :now",
        ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
    )


@broken_by("gone", {"le_auth.adapters.sign_in_writes.SignInWrites.consume_state": counts_expired_as_gone})
def test_point_05_a_used_state_that_ttl_should_have_deleted_stays_used(
    installation: Installation, browser: Browser
) -> None:
    callback = browser.come_back()
    table = installation.deployed.resources["TokenTable"]
    key = {"S": f"state#{transactions.hash_state(Secret(parameters(callback)['state']))}"}
    long_ago = str(int(installation.now.timestamp()) - 86_400)
    installation.emulator.dynamodb.put_item(TableName=table, Item={"pk": key, "expires_at": {"N": long_ago}})

    assert browser.visit(callback)["statusCode"] == 400
    assert "token-code" not in installation.simulator.journal.counts()


# ---- 18: only a person's visit ----


def head_counts(_: Route, request: Any) -> Any:
    return web.empty(503, {}) if request.is_prefetch else None


def prefetch_counts(_: Route, request: Any) -> Any:
    return None if request.method == "GET" else web.empty(405, {})


TURNED_AWAY = "le_auth.browser.Route._turned_away"


@broken_by("HEAD counts as GET", {TURNED_AWAY: head_counts})
@broken_by("a prefetch counts as a visit", {TURNED_AWAY: prefetch_counts})
def test_point_18_head_and_prefetch_consume_nothing(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    event = browser.event(callback)
    installation.simulator.journal.clear()
    for changed in (
        browser.event(callback, method="HEAD"),
        *(browser.event(callback, **{header: "prefetch"}) for header in ("sec_purpose", "purpose", "x_moz")),
        browser.event(callback, sec_purpose="prefetch;anonymous-client-ip"),
    ):
        answer = installation.invoke("callback", changed)
        assert answer["statusCode"] in {405, 503}
        assert answer["cookies"] == []

    assert installation.calls.made == []
    assert installation.simulator.journal.counts() == {}
    assert installation.invoke("callback", event)["statusCode"] == 303
