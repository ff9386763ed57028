"""Runs the simulator as a process of its own: `python -m local.simulator --help`."""

import argparse
import json
import os
import signal
import sys
from threading import Event

from local.simulator import Settings, Simulator

_SECRET_VARIABLE = "APP_INSTALL_SECRET"  # noqa: S105  (the variable's name)


def main() -> int:
    arguments = _read_arguments()
    secret = os.environ.get(_SECRET_VARIABLE, "")
    if not secret:
        return _fail(f"The environment variable {_SECRET_VARIABLE} must hold the application's secret.")
    hosts = dict(pair.partition("=")[::2] for pair in arguments.sentinel_host)
    settings = Settings(
        sentinel_hosts=hosts,
        sends_expires_in=arguments.expires_in,
        id_token_at_refresh=arguments.id_token_at_refresh,
        refresh_token_length=arguments.refresh_token_length,
    )
    simulator = Simulator(port=arguments.port, settings=settings, verbose=arguments.verbose)
    simulator.register(
        arguments.app_install, secrets=[secret], accounts=arguments.account, redirect_uris=arguments.redirect_uri
    )
    return _run(simulator, arguments.port)


def _run(simulator: Simulator, port: int) -> int:
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        simulator.start()
    except OSError as error:
        return _fail(f"Port {port} cannot be used: {error.strerror}.")
    sys.stdout.write(json.dumps({"base_url": simulator.base_url}) + "\n")
    sys.stdout.flush()
    stopped.wait()
    simulator.stop()
    return 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.simulator",
        description=f"Simulates LivePerson on loopback. The application's secret comes from {_SECRET_VARIABLE}.",
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one (default)")
    parser.add_argument("--app-install", required=True, metavar="ID", help="AppInstall id of the application")
    parser.add_argument("--account", action="append", required=True, help="account it is installed on; repeatable")
    parser.add_argument("--redirect-uri", action="append", default=[], help="registered callback; repeatable")
    parser.add_argument(
        "--sentinel-host",
        action="append",
        default=[],
        metavar="ACCOUNT=HOST:PORT",
        help="an account whose Sentinel the Domain API places elsewhere; repeatable",
    )
    parser.add_argument("--expires-in", action="store_true", help="token answers carry expires_in")
    parser.add_argument("--id-token-at-refresh", action="store_true", help="refresh answers carry an id token")
    parser.add_argument("--refresh-token-length", type=int, default=300, metavar="N", help="hex characters")
    parser.add_argument("--verbose", action="store_true", help="one line a request on standard error")
    return parser.parse_args()


def _fail(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
