"""What tests of the functions share: an emulated AWS, a simulated LivePerson, the installed functions, browsers."""

from __future__ import annotations

import json
import logging
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from local.simulator import Clock, Simulator
from tests.support.aws_calls import AwsCalls
from tests.support.browser import Browser
from tests.support.canary_check import CanaryCheck
from tests.support.dynamodb_local import running_dynamodb_local
from tests.support.emulator import Emulator, aws_environment, running_emulator
from tests.support.installation import (
    ACCOUNT,
    APP,
    BASE_URL,
    CALLBACK_URL,
    NOON,
    OTHER_ACCOUNT,
    OTHER_APP,
    OTHER_SECRET,
    SEALING_KEY,
    SECRET,
    Installation,
)
from tests.support.tallies import Tallies
from tests.support.template import Deployed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CanaryCheck(Tallies.of_run(config)), "canaries")


@pytest.fixture
def tallies(pytestconfig: pytest.Config) -> Tallies:
    """What this run counts and prints at its end."""
    return Tallies.of_run(pytestconfig)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One AWS account for all tests of this process; each test makes its own table, queue and secrets in it."""
    from le_auth.adapters import aws

    makers = (aws.dynamodb, aws.sqs, aws.secrets_manager, aws.events)
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in aws_environment(emulator.endpoint).items():
            patch.setenv(name, value)
        for make in makers:
            make.cache_clear()
        yield emulator
        for make in makers:
            _forget(make)


def _forget(make: Any) -> None:
    """Close a client that is kept, and let the next one be made anew."""
    make().close()
    make.cache_clear()


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Amazon's own engine for tables, for all tests of this process; each makes its own."""
    with running_dynamodb_local(tmp_path_factory.mktemp("dynamodb-local")) as engine:
        yield engine


@pytest.fixture
def liveperson_clock() -> Clock:
    """A clock that stands still, and that the functions go by too; a module may have another."""
    return Clock(NOON)


@pytest.fixture
def liveperson(liveperson_clock: Clock) -> Iterator[Simulator]:
    """A LivePerson with one application on each of two accounts."""
    with Simulator(clock=liveperson_clock) as simulator:
        simulator.register(APP, secrets=[SECRET], accounts=[ACCOUNT], redirect_uris=[CALLBACK_URL])
        simulator.register(OTHER_APP, secrets=[OTHER_SECRET], accounts=[OTHER_ACCOUNT], redirect_uris=[CALLBACK_URL])
        yield simulator


@pytest.fixture
def token_table(emulator: Emulator) -> Iterator[str]:
    """A table of this test's own; gives its name."""
    name = emulator.make_table(f"tokens-{next(_numbers)}")
    yield name
    emulator.dynamodb.delete_table(TableName=name)


@pytest.fixture
def table_on_dynamodb_local(
    emulator: Emulator, dynamodb_local: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A table on Amazon's own engine, which the functions use in this test; a module takes it as its `token_table`."""
    from le_auth.adapters import aws

    assert emulator.endpoint != dynamodb_local.endpoint
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_local.endpoint)
    _forget(aws.dynamodb)
    name = dynamodb_local.make_table(f"tokens-{next(_numbers)}")
    yield name
    dynamodb_local.dynamodb.delete_table(TableName=name)
    _forget(aws.dynamodb)


@pytest.fixture
def deployed(emulator: Emulator, liveperson: Simulator, token_table: str) -> Deployed:
    """A table, a queue and secrets of this test's own."""
    number = next(_numbers)
    app_secrets = json.dumps({APP: SECRET, OTHER_APP: OTHER_SECRET})
    resources = {
        "AccessTokenFunction": "arn:aws:lambda:us-east-1:000000000000:function:access-token",
        "TokenTable": token_table,
        "RefreshQueue": emulator.make_queue(f"refresh-{number}"),
        "RescueQueue": emulator.make_queue(f"rescue-{number}"),
        "AppInstallSecret": emulator.make_secret(f"app-install-{number}", app_secrets),
        "SealingKeySecret": emulator.make_secret(f"sealing-key-{number}", SEALING_KEY),
    }
    parameters = {
        "AppInstalls": f"{ACCOUNT}={APP},{OTHER_ACCOUNT}={OTHER_APP}",
        "PublicBaseUrl": BASE_URL,
        "DomainApiUrl": liveperson.base_url,
    }
    return Deployed(parameters=parameters, resources=resources)


@pytest.fixture
def calls(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsCalls]:
    """What the functions ask of AWS from now on."""
    from le_auth.adapters import aws

    assert emulator.endpoint
    # A client that has failed often repeats no more: one test's outage must not be the next one's.
    monkeypatch.setattr("botocore.retries.quota.RetryQuota.acquire", lambda *_: True)
    calls = AwsCalls([aws.dynamodb(), aws.sqs(), aws.secrets_manager(), aws.events()])
    yield calls
    calls.close()


@pytest.fixture
def fresh_log(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Let the functions' logger write where this test's output is captured."""
    assert capsys is not None
    logger = logging.getLogger("le-app-auth")
    _reset(logger)
    yield
    _reset(logger)


def _reset(logger: logging.Logger) -> None:
    """Forget the handler, and the marks by which powertools knows that there is one."""
    logger.handlers.clear()
    for mark in ("init", "powertools_handler"):
        logger.__dict__.pop(mark, None)


@pytest.fixture
def installation(
    liveperson: Simulator,
    emulator: Emulator,
    deployed: Deployed,
    calls: AwsCalls,
    fresh_log: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Installation]:
    """The functions, each cold, at noon."""
    assert fresh_log is None
    installation = Installation(
        simulator=liveperson, emulator=emulator, calls=calls, deployed=deployed, monkeypatch=monkeypatch
    )
    installation.start_cold()
    yield installation
    installation.start_cold()


@pytest.fixture
def new_browser(installation: Installation) -> Iterator[Callable[[], Browser]]:
    """Give browsers that know nothing of each other."""
    opened: list[Browser] = []

    def open_browser() -> Browser:
        opened.append(Browser(installation=installation))
        return opened[-1]

    yield open_browser
    for browser in opened:
        browser.liveperson.close()


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()
