"""The deployed system and a real browser, for the tests of this folder."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.runner.logs import LogTail
from local.runner.options import Options
from local.runner.places import Places
from local.runner.ports import free_port
from local.runner.progress import Untold
from local.runner.stack import Stack, running_stack
from tests.e2e.simulator_control import SimulatorControl
from tests.support.canaries import Watch
from tests.support.chromium import running_chromium
from tests.support.deployed_output import TOKEN_PREFIX, collect_output, follow, note_cookies
from tests.support.emulator import Emulator

INTERVAL_MINUTES = 10
_STACK = pytest.StashKey[Stack]()


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(state=tmp_path_factory.mktemp("stack"))


@pytest.fixture(scope="session")
def secrets_met() -> Watch:
    """What is secret in all tests of this folder, and at their end what the deployed system let out."""
    return Watch()


@pytest.fixture(scope="session")
def stack(places: Places, pytestconfig: pytest.Config, secrets_met: Watch) -> Iterator[Stack]:
    """The real template, built, deployed and reachable; beside it a `make run` can go on.

    At its end nothing secret may stand in what it logged, stored, sent and told.
    """
    parameters = {"RefreshIntervalMinutes": str(INTERVAL_MINUTES), "EventBusName": "default"}
    options = Options(port=free_port(), parameters=parameters)
    with running_stack(options, places, Untold()) as stack:
        assert stack.simulator_url is not None
        SimulatorControl(stack.simulator_url).change_settings(token_prefix=TOKEN_PREFIX)
        emulator = Emulator(stack.aws.endpoint)
        emulator.catch_events("default", queue="all-events")
        pytestconfig.stash[_STACK] = stack
        yield stack
        del pytestconfig.stash[_STACK]
        table = stack.deployed.outputs["TokenTableName"]
        collect_output(emulator, table=table, logs=places.logs, watch=secrets_met)
        emulator.close()
        check: Any = pytestconfig.pluginmanager.get_plugin("canaries")
        check.count(secrets_met)
        assert secrets_met.leaks() == []


@pytest.fixture
def simulator(stack: Stack) -> SimulatorControl:
    """The LivePerson that the stack was told of."""
    assert stack.simulator_url is not None
    return SimulatorControl(stack.simulator_url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, secrets_met: Watch) -> Iterator[Page]:
    """A page of a browser that nobody has used before."""
    context = browser.new_context()
    follow(context, secrets_met)
    yield context.new_page()
    note_cookies(context, secrets_met)
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the functions logged to the report of a test that failed; no secret is ever in it."""
    report = yield
    stack = item.config.stash.get(_STACK, None)
    if stack is not None and call.excinfo is not None:
        events = LogTail(stack.aws, stack.deployed.functions).read_new()
        lines = [f"{event.at:%H:%M:%S} {event.name} {event.message}" for event in events]
        report.sections.append(("Logs of the functions", "\n".join(lines)))
    return report
