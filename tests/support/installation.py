"""The functions in this process, installed as the template says, on an emulated AWS and a simulated LivePerson.

Each function is called with its own environment variables and no other function's, under one clock that stands still
until a test moves it. A process's own clock may be off it.
"""

from __future__ import annotations

import json
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from le_auth import browser, observe, wiring
from le_auth.adapters.sealing import Keyring
from le_auth.adapters.token_table import TokenTable
from le_auth.domain.id_token import Identity
from le_auth.domain.secret import Secret
from le_auth.domain.sign_out import SignOut
from le_auth.domain.tokens import Tokens
from le_auth.domain.users import User
from le_auth.settings import Environment
from tests.support.canaries import watch
from tests.support.installed_queues import Queues
from tests.support.invocation import Context
from tests.support.template import FUNCTIONS, Deployed, properties

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pytest

    from le_auth.domain.grants import Grant, Scope
    from le_auth.domain.sign_out import Revocation
    from local.simulator import Simulator
    from tests.support.aws_calls import AwsCalls
    from tests.support.emulator import Emulator

ACCOUNT, OTHER_ACCOUNT = "le12345678", "le87654321"
ADA = User(account_id=ACCOUNT, user_id="1001")
"""Who signs in where nobody is named."""
APP, OTHER_APP = "75588e18-0213-4e33-8174-883acac7e3c4", "0b9a3c6e-5a3c-4c5e-9d0e-2f1a7c4b8d11"
SECRET, OTHER_SECRET = "canary-5d1f0c9a7e3b2846", "canary-b93e60d7c2a5184f"
SEALING_KEY = "canary-sealing-key-" + "k" * 45
BASE_URL = "https://auth.example.com"
CALLBACK_URL = f"{BASE_URL}/callback"
NOON = datetime(2099, 3, 9, 12, tzinfo=UTC)
"""Far ahead: the emulator removes items by the machine's clock, and a test must not lose any that way."""
INTERVAL = timedelta(minutes=30)

type Answer = dict[str, Any]
type Record = dict[str, Any]


@dataclass(kw_only=True)
class Installation(Queues):
    """All that is installed for one test.

    Args:
        clock_is_off: by how much the process's clock is ahead of the true one.
        when_invoked: is told each function whose invocation begins.
    """

    simulator: Simulator
    emulator: Emulator
    calls: AwsCalls
    deployed: Deployed
    monkeypatch: pytest.MonkeyPatch
    clock_is_off: timedelta = timedelta()
    when_invoked: Callable[[str], object] = lambda _: None
    _environment_of: str | None = None
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        tellers = ("authorizer", "refresh_scheduler", "refresh_worker", "access_token")
        for owner in (wiring, browser, *(self.module(name) for name in tellers)):
            self.monkeypatch.setattr(owner, "utc_now", self.utc_now)
        self.monkeypatch.setattr(wiring, "steady_now", self.steady_now)
        self.let_wait(self.go_on)

    @property
    def now(self) -> datetime:
        return self.simulator.clock.now()

    def utc_now(self) -> datetime:
        """Tell the time by the process's clock."""
        return self.now + self.clock_is_off

    def steady_now(self) -> timedelta:
        """Tell the time by the clock that nobody sets."""
        return self.now - NOON

    def go_on(self, time: timedelta) -> None:
        self.simulator.clock.advance(time.total_seconds())

    def let_wait(self, wait: Callable[[timedelta], object]) -> None:
        """Have functions that sleep do this instead; without it, the clock goes on."""
        for owner in (wiring, self.module("access_token")):
            self.monkeypatch.setattr(owner, "sleep", wait)

    def configure(self, **parameters: str) -> None:
        """Deploy with other parameters, named as in the template; every function starts cold."""
        self.deployed = replace(self.deployed, parameters={**self.deployed.parameters, **parameters})
        self.start_cold()

    def start_cold(self) -> None:
        """Forget what the functions keep in their process, but for the clients of AWS."""
        if wiring.the_http_client.cache_info().currsize:
            wiring.the_http_client()._session.close()
        for module in (wiring, browser, observe, *(self.module(name) for name in FUNCTIONS)):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()
        self._environment_of = None

    @staticmethod
    def module(function: str) -> Any:
        return import_module(f"functions.{function}.app")

    def invoke(self, function: str, event: Mapping[str, Any], *, remaining: timedelta | None = None) -> Any:
        """Call a function's handler, with its own environment."""
        declared = timedelta(seconds=properties(FUNCTIONS[function])["Timeout"])
        try:
            with self.invocation(function):
                context = Context(function, remaining or declared, clock=self.utc_now)
                answer = self.module(function).lambda_handler(event, context)
        except BaseException as error:
            watch.emit(f"exception out of {function}", "".join(traceback.format_exception(error)))
            raise
        watch.answered(function, answer)
        return answer

    @contextmanager
    def invocation(self, function: str) -> Iterator[Environment]:
        """Be in an invocation of a function; whatever happens to the clock meanwhile is mended after it."""
        off = self.clock_is_off
        self._enter(function)
        self.when_invoked(function)
        try:
            yield Environment.of_process()
        finally:
            self.clock_is_off = off

    @contextmanager
    def another_process(self, *, clock_is_off: timedelta = timedelta()) -> Iterator[None]:
        """Be in another process for a while, which shares no object with the one that it comes between."""
        function, off = self._environment_of, self.clock_is_off
        self.start_cold()
        self.clock_is_off = clock_is_off
        try:
            yield
        finally:
            self.clock_is_off = off
            self.start_cold()
            if function is not None:
                self._enter(function)

    def enter(self, function: str) -> Environment:
        """Set the environment of a function, for what is called without its handler."""
        self._enter(function)
        return Environment.of_process()

    def _enter(self, function: str) -> None:
        with self._lock:
            if self._environment_of == function:
                return
            environments = {name: self.deployed.environment(logical) for name, logical in FUNCTIONS.items()}
            for name in {name for environment in environments.values() for name in environment}:
                self.monkeypatch.delenv(name, raising=False)
            for name, value in environments[function].items():
                self.monkeypatch.setenv(name, value)
            self._environment_of = function

    # ---- the AppInstall secret ----

    def put_app_install_secret(self, content: object) -> None:
        """Store what the operator would as the default account's AppInstall secret; `content` may be a list."""
        text = json.dumps({APP: content, OTHER_APP: OTHER_SECRET})
        secret_id = self.deployed.resources["AppInstallSecret"]
        self.emulator.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=text)

    def change_app_install_secret(self, secret: str) -> None:
        """Change it here and at LivePerson."""
        self.put_app_install_secret(secret)
        self.simulator.register(APP, secrets=[secret], accounts=[ACCOUNT], redirect_uris=[CALLBACK_URL])

    # ---- the table ----

    @property
    def table(self) -> TokenTable:
        from le_auth.adapters import aws

        return TokenTable(client=aws.dynamodb(), name=self.deployed.resources["TokenTable"])

    def item(self, user: User) -> dict[str, Any]:
        """Read a user's item as DynamoDB has it; fails where there is none."""
        return self.items()[user.pk]

    def items(self) -> dict[str, dict[str, Any]]:
        found = self.emulator.dynamodb.scan(TableName=self.deployed.resources["TokenTable"])["Items"]
        return {item["pk"]["S"]: item for item in found}

    def grant(self, user: User) -> Grant:
        grant = self.table.find(user)
        assert grant is not None
        return grant

    def tokens(self, user: User) -> tuple[str, str]:
        """Open what the table holds: access token and refresh token."""
        sealed = self.grant(user).sealed
        assert sealed is not None
        access_token, refresh_token = self.keyring.open_tokens(sealed, user=user)
        return access_token.reveal(), refresh_token.reveal()

    @property
    def keyring(self) -> Keyring:
        return Keyring(keys={"0": Secret(SEALING_KEY)})

    def sign_in(self, user_id: str = "1001", *, account: str = ACCOUNT) -> User:
        """Have a user signed in now, without the way by the browser."""
        app = APP if account == ACCOUNT else OTHER_APP
        issued = self.simulator.issue_tokens(app_install_id=app, account=account, user_id=user_id)
        user = User(account_id=account, user_id=user_id)
        tokens = Tokens(
            access_token=Secret(issued.access_token),
            refresh_token=Secret(issued.refresh_token),
            received_at=self.now,
            expires_at=None,
        )
        generation = int(self.now.timestamp() * 1000)
        sealed = self.keyring.seal_tokens(tokens, user=user, generation=generation)
        identity = Identity(user=user, is_admin=False, is_lpa=False)
        self.table.save_sign_in(identity, tokens, sealed, session_epoch=generation)
        self.calls.clear()
        return user

    def sign_out(self, user: User, scope: Scope) -> Revocation:
        """Have a user signed out now, without a browser."""
        environment = self.enter("access_token")
        sign_out = SignOut(store=wiring.make_table(environment), channel=wiring.make_back_channel(environment))
        grant = self.table.find(user)
        epoch = 0 if grant is None else grant.session_epoch
        return sign_out.sign_out(user, scope=scope, session_epoch=epoch, now=self.now)
