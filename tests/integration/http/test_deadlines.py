"""HTTP to LivePerson against servers that take their time: each exchange ends at its deadline, and no other does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Thread, active_count
from typing import TYPE_CHECKING

import pytest

from le_auth.adapters import http as http_module
from le_auth.adapters.http import BrokenError, HttpClient
from tests.support.raw_server import RawServer

if TYPE_CHECKING:
    import socket
    from threading import Event
from tests.support.raw_answers import DEADLINE, FORM, SLACK, Dribbles, Says, ok


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["before the status", "in the headers", "in the body", "in the last body", "in a body without an end"],
)
def test_a_server_that_dribbles_is_cut_off_at_the_deadline(http: HttpClient, first: bytes) -> None:
    with RawServer(answer=Dribbles(first)) as server:
        began = time.monotonic()
        with pytest.raises(BrokenError):
            http.post_form(server.url, FORM, deadline=DEADLINE)

        assert DEADLINE <= time.monotonic() - began < DEADLINE + SLACK


def test_a_server_that_says_nothing_is_cut_off_at_the_deadline(http: HttpClient) -> None:
    with RawServer(answer=lambda _, stopping: stopping.wait(5) and None) as server:
        began = time.monotonic()
        with pytest.raises(BrokenError):
            http.get(server.url, deadline=DEADLINE)

        assert DEADLINE <= time.monotonic() - began < DEADLINE + SLACK


def test_one_requests_deadline_leaves_the_others_alone(http: HttpClient) -> None:
    def answer(connection: socket.socket, stopping: Event) -> None:
        stopping.wait(DEADLINE * 2)
        connection.sendall(ok())

    with RawServer(answer=answer) as server, ThreadPoolExecutor(1) as threads:
        patient = threads.submit(http.get, server.url, deadline=10)
        with pytest.raises(BrokenError):
            http.get(server.url, deadline=DEADLINE)

        assert patient.result().status == 200


def test_after_a_cut_off_request_the_next_one_works(http: HttpClient) -> None:
    with RawServer(answer=Dribbles(b"HTTP/1.1 ")) as server, pytest.raises(BrokenError):
        http.get(server.url, deadline=DEADLINE)

    with RawServer(answer=Says(ok())) as server:
        assert http.get(server.url, deadline=5).status == 200


def test_a_deadline_is_met_also_while_a_longer_one_is_waited_for(http: HttpClient) -> None:
    with RawServer(answer=Dribbles(b"")) as server, ThreadPoolExecutor() as threads:
        longer = threads.submit(http.get, server.url, deadline=3 * DEADLINE)
        while not server.requests:
            time.sleep(0.01)
        begun = time.monotonic()
        with pytest.raises(BrokenError):
            http.get(server.url, deadline=DEADLINE)

        assert time.monotonic() - begun < 2 * DEADLINE
        with pytest.raises(BrokenError):
            longer.result()
        assert time.monotonic() - begun < 3 * DEADLINE + SLACK


def test_one_thread_watches_all_deadlines(http: HttpClient) -> None:
    with RawServer(answer=Says(ok())) as server:
        http.get(server.url, deadline=DEADLINE)
        watching = active_count()
        for _ in range(20):
            http.get(server.url, deadline=DEADLINE)

        assert active_count() == watching


def test_a_connection_that_was_given_back_is_no_longer_the_earlier_requests_to_end(http: HttpClient) -> None:
    def answer(connection: socket.socket, stopping: Event) -> None:
        if len(server.requests) > 1:
            stopping.wait(2 * DEADLINE)
        connection.sendall(ok())

    with RawServer(answer=answer) as server, ThreadPoolExecutor(1) as threads:
        with http_module._deadline(DEADLINE):
            assert http._session.get(server.url, timeout=5).status_code == 200
            later = threads.submit(http.get, server.url, deadline=10)

            assert later.result().status == 200
        assert server.connections == 1


def test_where_no_thread_could_be_started_the_next_deadline_is_watched_all_the_same(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(http_module, "_watchdog", http_module._Watchdog())
    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            http.get("http://127.0.0.1:9/", deadline=DEADLINE)

    assert_deadlines_are_met(http)


def test_where_the_watching_thread_has_ended_another_one_watches(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Thread(target=lambda: None)
    ended.start()
    ended.join()
    watchdog = http_module._Watchdog()
    watchdog._thread = ended
    monkeypatch.setattr(http_module, "_watchdog", watchdog)

    assert_deadlines_are_met(http)


def assert_deadlines_are_met(http: HttpClient) -> None:
    with ThreadPoolExecutor(1) as threads, RawServer(answer=Dribbles(b"")) as server:
        asked = threads.submit(http.get, server.url, deadline=DEADLINE)

        assert isinstance(asked.exception(DEADLINE + SLACK), BrokenError)
