"""Runs a server that listens on all interfaces in a network of its own, which only this machine's loopback leads into.

    python -m tests.support.own_network <port of the server> <command>...

A listening socket stays in the network that it was opened in, while what this process starts and connects to lies in
the new one. When the server answers, one line {"base_url": ...} is printed.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from local.runner.ports import LOOPBACK
from local.runner.relay import RelayServer

_SET_INTERFACE_FLAGS = 0x8914  # SIOCSIFFLAGS of linux/sockios.h
_UP = 0x1  # IFF_UP of linux/if.h
_MANY = 128
_REFUSED = """\
may not be started: it listens on all interfaces, so it gets a network namespace of its own, and this user may not \
make one here. Run the tests as root; a container of theirs needs the capability SYS_ADMIN."""


class _Relay(RelayServer):
    request_queue_size = _MANY


def main() -> None:
    port, command = int(sys.argv[1]), sys.argv[2:]
    with _Relay((LOOPBACK, 0), target=(LOOPBACK, port)) as relay:
        try:
            enter_own_network()
        except PermissionError:
            sys.exit(f"{Path(command[0]).name} {_REFUSED}")
        server = subprocess.Popen(command)  # noqa: S603 - a test's own command
        while not is_answering(port):
            if server.poll() is not None:
                sys.exit(server.returncode)
            time.sleep(0.05)
        print(json.dumps({"base_url": f"http://{LOOPBACK}:{relay.server_address[1]}"}), flush=True)  # noqa: T201
        relay.serve_forever()


def enter_own_network() -> None:
    """Leave the machine's network for a new one that has nothing but a loopback interface.

    Raises:
        PermissionError: this user may make neither a network nor, which would help, a user namespace.
    """
    try:
        os.unshare(os.CLONE_NEWNET)
    except PermissionError:
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_INTERFACE_FLAGS, struct.pack("16sh14x", b"lo", _UP))


def is_answering(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
