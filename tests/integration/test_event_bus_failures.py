"""A bus that is slow, refuses or talks nonsense changes nothing but a count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from le_auth.adapters import aws
from le_auth.domain.grants import Status
from tests.support.event_bus import install_bus, received, sign_in_and_lose
from tests.support.installation import ADA, Installation
from tests.support.raw_server import RawServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from threading import Event as Signal

    from tests.support.browser import Browser

    type Endpoint = Callable[[RawServer], None]

LONGEST = 3.0
"""Seconds; a second's patience, and much for a busy machine. The slow servers below take ten."""


@pytest.fixture
def bus(installation: Installation) -> str:
    return install_bus(installation)


@pytest.fixture
def at(installation: Installation, bus: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Lets a server of the test's own be EventBridge."""
    assert bus

    def move(server: RawServer) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", server.url)
        aws.events.cache_clear()
        installation.start_cold()

    yield move
    aws.events.cache_clear()


def never(_connection: socket.socket, stopping: Signal) -> None:
    stopping.wait(10)


def drip(connection: socket.socket, stopping: Signal) -> None:
    """Begin an answer and go on so slowly that no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        if stopping.wait(0.1):
            return
        connection.sendall(b" ")


def refuse(connection: socket.socket, _stopping: Signal) -> None:
    """Take the request and none of its events."""
    body = b'{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": "canary"}]}'
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def unreadable(connection: socket.socket, _stopping: Signal) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary")


MISBEHAVIOUR = [
    (never, "ReadTimeoutError"),
    (drip, "too_slow"),
    (refuse, "InternalFailure"),
    (unreadable, "unreadable_answer"),
]


@pytest.mark.parametrize(("answer", "reason"), MISBEHAVIOUR)
def test_whoever_signs_in_gets_in_in_time_whatever_the_bus_does(
    browser: Browser,
    at: Endpoint,
    capsys: pytest.CaptureFixture[str],
    answer: Callable[[socket.socket, Signal], object],
    reason: str,
) -> None:
    with RawServer(answer=answer) as server:
        at(server)
        callback = browser.come_back()
        begun_at = time.monotonic()
        got_in = browser.visit(callback)
        took = time.monotonic() - begun_at
        requests = len(server.requests)

    assert got_in["statusCode"] == 303
    assert browser.visit("/session")["statusCode"] == 200
    assert took < LONGEST
    assert requests == 1, "one attempt"
    logged = capsys.readouterr().out
    assert logged.count('"EventNotSent":[1.0]') == 1
    assert f'"reason":"{reason}"' in logged
    assert "canary" not in logged


def test_whoever_signs_in_gets_in_where_nothing_listens(
    installation: Installation, browser: Browser, at: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    with RawServer(answer=never) as server:
        at(server)

    browser.sign_in()

    assert installation.grant(ADA).status is Status.ACTIVE
    assert '"EventNotSent":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalException"])
def test_a_refused_request_is_counted_and_not_repeated(
    installation: Installation, browser: Browser, bus: str, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    fault = installation.calls.order("PutEvents", code=code, status=400)

    browser.sign_in()

    assert fault.met == 1
    assert received(installation.emulator, bus) == []
    logged = capsys.readouterr().out
    assert '"EventNotSent":[1.0]' in logged
    assert f'"reason":"{code}"' in logged


def test_a_worker_whose_bus_is_slow_ends_its_batch_in_time_and_counts_every_event(
    installation: Installation, at: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    users = sign_in_and_lose(installation, *(str(number) for number in range(3001, 3016)))
    records = installation.due(*users)

    with RawServer(answer=never) as server:
        at(server)
        begun_at = time.monotonic()
        unfinished = installation.work(records)
        took = time.monotonic() - begun_at

    assert unfinished == []
    assert {installation.grant(user).status for user in users} == {Status.REAUTHORIZE}
    assert took < LONGEST
    assert '"EventNotSent":[15.0]' in capsys.readouterr().out


def test_after_a_failure_the_next_event_arrives(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser], bus: str
) -> None:
    installation.calls.order("PutEvents", "lost-answer", times=1)
    browser.sign_in()
    installation.calls.clear()

    new_browser().sign_in()

    assert len(received(installation.emulator, bus)) == 2, "the first was done, only its answer was lost"
