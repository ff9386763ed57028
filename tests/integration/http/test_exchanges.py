"""HTTP to LivePerson, against a server that misbehaves in every way a test can think of."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from le_auth.adapters.http import LONGEST_BODY, BrokenError, HttpClient, NotSentError
from tests.support.raw_server import RawServer

if TYPE_CHECKING:
    from threading import Event
from tests.support.raw_answers import FORM, Says, ok


def test_an_answer_comes_with_status_headers_and_body(http: HttpClient) -> None:
    with RawServer(answer=Says(ok(b'{"a": 1}', b"Retry-After: 7"))) as server:
        answer = http.post_form(server.url, FORM, deadline=5)

    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert answer.headers["retry-after"] == "7"
    assert b"a" not in repr(answer).encode().partition(b"body")[2]


def test_a_form_is_sent_as_liveperson_wants_it(http: HttpClient) -> None:
    with RawServer(answer=Says(ok())) as server:
        http.post_form(server.url, FORM, deadline=5)
        (request,) = server.requests

    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /path HTTP/1.1\r\n")
    assert b"content-type: application/x-www-form-urlencoded;charset=utf-8" in head.lower()
    assert b"canary" not in head
    assert body == b"grant_type=refresh_token&refresh_token=canary-refresh-token"


def test_connections_are_used_again(http: HttpClient) -> None:
    with RawServer(answer=Says(ok())) as server:
        for _ in range(5):
            http.get(server.url, deadline=5)

        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * (LONGEST_BODY + 1)),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LONGEST_BODY + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"2000\r\n%b\r\n" % (b"x" * 0x2000) * 9
        + b"0\r\n\r\n",
    ],
    ids=["with a length", "until the end", "in chunks"],
)
def test_a_body_that_is_too_large_is_refused(http: HttpClient, answer: bytes) -> None:
    with RawServer(answer=Says(answer, closes=True)) as server, pytest.raises(BrokenError):
        http.get(server.url, deadline=5)


def test_the_largest_body_is_read(http: HttpClient) -> None:
    with RawServer(answer=Says(ok(b"x" * LONGEST_BODY))) as server:
        assert len(http.get(server.url, deadline=5).body) == LONGEST_BODY


def test_a_compressed_body_is_not_blown_up(http: HttpClient) -> None:
    with RawServer(answer=Says(ok(b"\x1f\x8b", b"Content-Encoding: gzip"))) as server:
        assert http.get(server.url, deadline=5).body == b"\x1f\x8b"
        assert b"accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"",
        b"not http at all\r\n\r\n",
    ],
    ids=["body cut", "chunk cut", "nothing", "no http"],
)
def test_an_answer_that_is_cut_short_is_broken(http: HttpClient, answer: bytes) -> None:
    with RawServer(answer=Says(answer, closes=True)) as server, pytest.raises(BrokenError):
        http.post_form(server.url, FORM, deadline=5)


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_redirects_are_not_followed(http: HttpClient, status: bytes) -> None:
    with RawServer(answer=Says(ok())) as other:
        location = other.url.encode()
        answer = b"HTTP/1.1 %b\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (status, location)
        with RawServer(answer=Says(answer)) as server:
            assert http.post_form(server.url, FORM, deadline=5).status == int(status[:3])

        assert other.requests == []


def test_cookies_are_not_kept(http: HttpClient) -> None:
    with RawServer(answer=Says(ok(b"{}", b"Set-Cookie: ibs_id=canary; Path=/"))) as server:
        for _ in range(2):
            http.get(server.url, deadline=5)

        assert b"cookie" not in server.requests[1].lower()


def test_neither_proxies_nor_netrc_of_the_machine_are_used(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("default login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with RawServer(answer=Says(ok())) as proxy, RawServer(answer=Says(ok())) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        http.get(server.url, deadline=5)

        assert proxy.requests == []
        assert b"authorization" not in server.requests[0].lower()


def test_where_nobody_listens_nothing_was_sent(http: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    with pytest.raises(NotSentError):
        http.post_form(f"http://127.0.0.1:{port}/", FORM, deadline=5)


def test_a_kept_connection_that_the_server_closed_is_told_apart_from_one_never_made(http: HttpClient) -> None:
    answers = [ok(), b""]

    def answer(connection: socket.socket, stopping: Event) -> None:
        assert not stopping.is_set()
        said = answers.pop(0)
        connection.sendall(said) if said else connection.shutdown(socket.SHUT_RDWR)

    with RawServer(answer=answer) as server:
        http.get(server.url, deadline=5)
        with pytest.raises(BrokenError):
            http.post_form(server.url, FORM, deadline=5)

        assert len(server.requests) == 2, "the request was sent once and never repeated by itself"


def test_a_connection_that_went_stale_unseen_is_made_anew(http: HttpClient) -> None:
    with RawServer(answer=Says(ok(), closes=True)) as server:
        for _ in range(3):
            assert http.get(server.url, deadline=5).status == 200
            time.sleep(0.02)  # the closing packet has to arrive; it is on this machine

        assert server.connections == 3


@pytest.mark.parametrize("answer", [b"HTTP/1.1 2x0 canary", b"canary"])
def test_an_error_quotes_nothing_of_request_or_answer(
    http: HttpClient, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    caplog.set_level("WARNING")
    with RawServer(answer=Says(answer, closes=True)) as server, pytest.raises(BrokenError) as broken:
        http.post_form(f"{server.url}?canary=1", FORM, deadline=5)

    assert "canary" not in repr(broken.value) + caplog.text
    assert broken.value.__suppress_context__


def test_a_body_that_follows_broken_headers_reaches_no_log(http: HttpClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    with RawServer(answer=Says(b'HTTP/1.1 200 OK\r\n{"access_token": "canary"}', closes=True)) as server:
        assert http.post_form(server.url, FORM, deadline=5).body == b""

    assert caplog.text == ""
