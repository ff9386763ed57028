"""The deployed system and a real browser, for the tests of this folder."""

import shutil
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from local.runner.logs import LogTail
from local.runner.options import Options
from local.runner.places import Places
from local.runner.ports import free_port
from local.runner.progress import Untold
from local.runner.stack import Stack, running_stack
from tests.e2e.simulator_control import SimulatorControl

INTERVAL_MINUTES = 10
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_BROWSER_FLAGS = [
    "--no-sandbox",  # tests may run as root, in a container; all they open is on this machine
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_STACK = pytest.StashKey[Stack]()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The real template, built, deployed and reachable; beside it a `make run` can go on."""
    parameters = {"RefreshIntervalMinutes": str(INTERVAL_MINUTES), "EventBusName": "default"}
    options = Options(port=free_port(), parameters=parameters)
    places = Places(state=tmp_path_factory.mktemp("stack"))
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
    executable = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_BROWSER_FLAGS)
        yield browser
        browser.close()


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
