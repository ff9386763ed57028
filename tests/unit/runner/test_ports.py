"""Ports, as they are asked for and as they are free."""

import socket
from collections.abc import Iterator

import pytest

from local.runner.errors import RunError
from local.runner.ports import LOOPBACK, free_port, is_busy, read_port, require_free


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_is_told_in_one_line_with_a_way_out(busy_port: int) -> None:
    with pytest.raises(RunError, match=rf"^Port {busy_port} is busy: .*Name another one: PORT={busy_port + 1}$"):
        require_free(busy_port)


def test_a_free_port_is_not_busy() -> None:
    port = free_port()
    require_free(port)
    assert not is_busy(port)


def test_a_port_number_is_read() -> None:
    assert read_port("8400") == 8400


@pytest.mark.parametrize("text", ["80", "0", "65536", "-1", "8400x", "eight", "٨٤٠٠", "99999999999999999999"])
def test_what_is_no_port_of_an_ordinary_program_is_refused(text: str) -> None:
    with pytest.raises(RunError, match="PORT must be a number from 1024 to 65535"):
        read_port(text)
