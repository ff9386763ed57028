"""`make sam-local` for real: a person signs in through `sam local start-api`, whose functions run in containers.

It needs a container engine, so it stands outside the other tests and is named to be run:

    .tools/dev/bin/python -m pytest tests/e2e/sam_local.py

Where no engine answers and Docker is installed, it starts one for itself. Where the engine lacks Lambda's image, it
makes a stand-in of this machine's own files. All of that goes again at the end.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from local.runner.engine_api import ask
from local.runner.errors import RunError
from local.runner.options import SIMULATED_ACCOUNT
from local.runner.places import PROJECT
from local.runner.ports import free_port, is_busy
from local.sam_local import SETTINGS
from local.simulator import DEFAULT_PASSWORD
from tests.support.own_engine import running_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from local.runner.engine import Engine

START_SECONDS = 300
STOP_SECONDS = 60
USER = "2017"
SAM = PROJECT / ".tools" / "sam" / "bin" / "sam"
# The engine's socket is a file.
pytestmark = pytest.mark.enable_socket


@dataclass(frozen=True, slots=True)
class SamLocal:
    """A running `make sam-local`."""

    port: int
    engine: Engine
    output: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "What SAM CLI says follows." not in self.output.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"make sam-local does not come up:\n{self.output.read_text()}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Do as Ctrl-C in its terminal does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(STOP_SECONDS)

    def containers(self) -> list[str]:
        """Name the functions that have a container."""
        answer = ask(self.engine.address, "GET", "/containers/json?all=true")
        assert answer is not None
        sources = [mount["Source"] for container in answer.read() for mount in container["Mounts"]]
        return sorted(Path(source).name for source in sources if Path(source).is_relative_to(PROJECT / ".local"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        with running_engine() as engine:
            yield engine
    except RunError as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="module")
def sam_local(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamLocal]:
    port, output = free_port(), tmp_path_factory.mktemp("sam-local") / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own Makefile
            ["make", "sam-local", f"PORT={port}"],  # noqa: S607 - whichever make there is
            cwd=PROJECT,
            env=os.environ | {"DOCKER_HOST": engine.address},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    running = SamLocal(port, engine, output, process)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def test_a_person_signs_in_through_containers(sam_local: SamLocal, page: Page) -> None:
    page.goto(f"{sam_local.base_url}/launch")
    assert page.url.startswith("http://127.0.0.1:"), "the browser needs no other name for this machine"
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill(DEFAULT_PASSWORD)
    with page.expect_response(lambda response: response.url.startswith(f"{sam_local.base_url}/callback")) as callback:
        page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{sam_local.base_url}/")

    assert callback.value.status == 303
    assert callback.value.headers["server"].startswith("Werkzeug"), "SAM CLI's server answers"
    expect(page.get_by_role("main")).to_contain_text(USER)
    [cookie] = page.context.cookies(page.url)
    assert cookie["name"] == "__Host-le-session"
    session = page.context.request.get(f"{sam_local.base_url}/session")
    assert session.json() | {"issued_at": 0, "refreshed_at": 0} == {
        "account_id": SIMULATED_ACCOUNT,
        "user_id": USER,
        "is_admin": False,
        "is_lpa": False,
        "status": "active",
        "issued_at": 0,
        "refreshed_at": 0,
    }
    assert sam_local.containers() == ["CallbackFunction", "LaunchFunction", "SessionFunction"]


def test_whoever_denies_reads_so(sam_local: SamLocal, page: Page) -> None:
    page.goto(f"{sam_local.base_url}/launch")
    with page.expect_response(lambda response: response.url.startswith(f"{sam_local.base_url}/callback")) as callback:
        page.get_by_role("button", name="Deny").click()

    assert callback.value.status == 400
    expect(page.get_by_role("link", name="try again")).to_be_visible()


@pytest.mark.parametrize(
    ("function", "event", "expected"),
    [
        ("LaunchFunction", "launch", {"statusCode": 302}),
        ("CallbackFunction", "callback", {"statusCode": 400}),
        ("SessionFunction", "session", {"statusCode": 401}),
        ("RefreshSchedulerFunction", "refresh_scheduler", {"complete": True}),
        ("RefreshWorkerFunction", "refresh_worker", {"batchItemFailures": []}),
    ],
)
@pytest.mark.usefixtures("sam_local")
def test_sample_events_reach_each_function_by_sam_local_invoke(
    function: str, event: str, expected: dict[str, Any], engine: Engine
) -> None:
    answer = invoke(engine, function, event)

    assert answer | expected == answer


def invoke(engine: Engine, function: str, event: str) -> dict[str, Any]:
    command: list[str | Path] = [
        SAM,
        "local",
        "invoke",
        function,
        "--config-file",
        SETTINGS,
        "--event",
        f"events/{event}.json",
    ]
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    finished = subprocess.run(  # noqa: S603 - our own SAM CLI
        command,
        cwd=PROJECT,
        env=os.environ | credentials | {"DOCKER_HOST": engine.address, "SAM_CLI_TELEMETRY": "0"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


def test_what_it_showed_has_no_code_and_no_state(sam_local: SamLocal) -> None:
    shown = sam_local.output.read_text()

    assert "GET /callback HTTP/1.1" in shown
    assert not re.search(r"code=|state=", shown)


def test_after_ctrl_c_nothing_is_left(sam_local: SamLocal) -> None:
    sam_local.stop()

    assert "Stopped." in sam_local.output.read_text()
    assert sam_local.containers() == []
    assert not is_busy(sam_local.port)
