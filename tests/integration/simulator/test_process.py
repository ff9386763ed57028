import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.integration.simulator.sentinel_client import ACCOUNT, APP, CALLBACK, SECRET, sha256

ROOT = Path(__file__).parents[3]
ARGUMENTS = ["--app-install", APP, "--account", ACCOUNT, "--redirect-uri", CALLBACK]


@contextmanager
def run(*arguments: str, secret: str = SECRET) -> Iterator[subprocess.Popen[str]]:
    environment: Mapping[str, str] = {**os.environ, "APP_INSTALL_SECRET": secret}
    process = subprocess.Popen(  # noqa: S603  (our own command)
        [sys.executable, "-m", "local.simulator", *ARGUMENTS, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def base_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    url: str = json.loads(process.stdout.readline())["base_url"]
    return url


def authorize(url: str, account: str = ACCOUNT) -> requests.Response:
    query = f"v=1.0&response_type=code&client_id={APP}&redirect_uri={CALLBACK}"
    path = f"/sentinel/api/account/{account}/authorize?{query}"
    return requests.get(url + path, allow_redirects=False, timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_its_address_serves_and_stops_when_told(number: signal.Signals) -> None:
    with run("--account", "le2", "--sentinel-host", "le3=127.0.0.1:9") as process:
        url = base_url(process)
        domain = requests.get(f"{url}/api/account/le3/service/sentinel/baseURI.json?version=1.0", timeout=10)
        statuses = [authorize(url).status_code, authorize(url, "le2").status_code, authorize(url, "le3").status_code]

        process.send_signal(number)
        output, errors = process.communicate(timeout=10)

    assert domain.json()["baseURI"] == "127.0.0.1:9"
    assert statuses == [302, 302, 401]
    assert (process.returncode, output, errors) == (0, "", "")


def test_verbose_writes_a_line_a_request_without_its_query() -> None:
    with run("--verbose", "--refresh-token-length", "700", "--expires-in", "--id-token-at-refresh") as process:
        url = base_url(process)
        authorize(url)
        settings = requests.get(f"{url}/_simulator/settings", timeout=10).json()

        process.terminate()
        _, errors = process.communicate(timeout=10)

    assert settings["refresh_token_length"] == 700
    assert settings["sends_expires_in"]
    assert settings["id_token_at_refresh"]
    lines = errors.splitlines()
    assert lines[0].endswith(f" GET /sentinel/api/account/{ACCOUNT}/authorize 302")
    assert "?" not in errors


def test_the_secret_is_needed_and_never_shown() -> None:
    with run(secret="") as process:
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 2
        assert "APP_INSTALL_SECRET" in errors

    with run("--verbose") as process:
        url = base_url(process)
        found = requests.get(f"{url}/_simulator/tokens/{sha256(SECRET)}", timeout=10)
        process.terminate()
        output, errors = process.communicate(timeout=10)

    assert found.status_code == 404
    assert SECRET not in output + errors


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with run("--port", port) as process:
            _, errors = process.communicate(timeout=10)

    assert process.returncode == 2
    assert errors == f"Port {port} cannot be used: Address already in use.\n"
