"""A callback with everything that it touches, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from le_auth.domain import transactions
from le_auth.domain.return_to import ReturnRule
from le_auth.domain.secret import Secret
from le_auth.domain.sessions import Session, find_session
from le_auth.domain.sign_in import CallbackQuery, SignedIn, SignIn
from le_auth.domain.transactions import Transaction
from tests.support.fakes import FakeEndpoint, FakeSealers, FakeSecrets, FakeSentinels
from tests.support.fakes_table import FakeTable
from tests.support.makers import (
    ACCOUNT,
    ADA,
    APP_INSTALLS,
    BASE_URL,
    NOON,
    REDIRECT_URI,
    an_answer,
    an_identity,
)

STATE = Secret("state-canary".ljust(43, "s"))
VERIFIER = Secret("verifier-canary".ljust(43, "v"))
BY_THE_CLOCK = 1_773_057_600_000
TRANSACTION = Transaction(
    state_hash=transactions.hash_state(STATE),
    account_id=ACCOUNT,
    return_to="/there",
    issued_at=NOON - timedelta(minutes=1),
    code_verifier=VERIFIER,
)
QUERY = CallbackQuery(state=STATE, code=Secret("code-canary"), error=None, error_description=None, iss=None)


@dataclass
class Callback:
    """A browser comes back with the transaction's cookie; Sentinel knows Ada."""

    sentinels: FakeSentinels = field(default_factory=FakeSentinels)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    sealers: FakeSealers = field(default_factory=FakeSealers)
    endpoint: FakeEndpoint = field(default_factory=FakeEndpoint)
    table: FakeTable = field(default_factory=FakeTable)
    transaction: Transaction = TRANSACTION

    def __post_init__(self) -> None:
        self.endpoint.order(an_answer("ada", identity=an_identity(ADA, is_admin=True)))

    def fails_with(self, error: Exception) -> None:
        self.endpoint.answers.clear()
        self.endpoint.order(error)

    def finish(self, query: CallbackQuery = QUERY) -> SignedIn:
        sign_in = SignIn(
            app_installs=APP_INSTALLS,
            sentinels=self.sentinels,
            secrets=self.secrets,
            sealers=self.sealers,
            endpoint=self.endpoint,
            store=self.table,
        )
        return sign_in.finish(
            query,
            {self.transaction.cookie_name: self.transaction.write()},
            return_rule=ReturnRule(origin=BASE_URL, allowed_origins=frozenset()),
            redirect_uri=REDIRECT_URI,
            now=NOON,
        )

    def session(self, signed_in: SignedIn) -> Session | None:
        cookie = signed_in.session_cookie.reveal()
        return find_session(cookie, self.sealers, lifetime=timedelta(hours=1), now=NOON)
