"""The deployed system and a real browser, for the tests of this folder."""

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page

from local.runner.logs import LogTail
from local.runner.options import Options
from local.runner.places import Places
from local.runner.ports import free_port
from local.runner.progress import Untold
from local.runner.stack import Stack, running_stack
from tests.e2e.simulator_control import SimulatorControl
from tests.support.chromium import running_chromium

INTERVAL_MINUTES = 10
_STACK = pytest.StashKey[Stack]()


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(state=tmp_path_factory.mktemp("stack"))


@pytest.fixture(scope="session")
def stack(places: Places, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The real template, built, deployed and reachable; beside it a `make run` can go on."""
    parameters = {"RefreshIntervalMinutes": str(INTERVAL_MINUTES), "EventBusName": "default"}
    options = Options(port=free_port(), parameters=parameters)
    with running_stack(options, places, Untold()) as stack:
        pytestconfig.stash[_STACK] = stack
        yield stack
        del pytestconfig.stash[_STACK]


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
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that nobody has used before."""
    context = browser.new_context()
    yield context.new_page()
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
