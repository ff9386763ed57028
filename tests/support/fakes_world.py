"""A refresh with everything that it touches, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from le_auth.domain.back_channel import BackChannel
from le_auth.domain.grants import Renewal, Scope
from le_auth.domain.keeping import TokenKeeper
from le_auth.domain.on_demand import OnDemand
from le_auth.domain.refresh import Refresher
from le_auth.domain.rescue import Rescue
from le_auth.domain.scheduled import Batch, DueToken, Result, ScheduledRefresh
from le_auth.domain.sign_out import Revocation, SignOut
from le_auth.errors import SentinelUnavailableError
from tests.support.fakes import (
    FakeClock,
    FakeEndpoint,
    FakeRescues,
    FakeSealer,
    FakeSealers,
    FakeSecrets,
    FakeSentinels,
    until,
)
from tests.support.fakes_table import FakeTable
from tests.support.makers import ADA, APP_INSTALLS, HALF_AN_HOUR, NOON, a_grant, an_answer, an_identity, some_tokens

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.grants import Grant, Lease, LeaseTerms
    from le_auth.domain.tokens import TokenAnswer
    from le_auth.domain.users import User


@dataclass
class World:
    """All that a refresh touches, with Ada's grant in the table."""

    clock: FakeClock = field(default_factory=FakeClock)
    sentinels: FakeSentinels = field(default_factory=FakeSentinels)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    sealers: FakeSealers = field(default_factory=FakeSealers)
    endpoint: FakeEndpoint = field(default_factory=FakeEndpoint)
    table: FakeTable = field(default_factory=FakeTable)
    rescues: FakeRescues = field(default_factory=FakeRescues)
    interval: timedelta = HALF_AN_HOUR
    idle: timedelta | None = timedelta(days=14)

    def __post_init__(self) -> None:
        self.channel = BackChannel(
            app_installs=APP_INSTALLS,
            sentinels=self.sentinels,
            secrets=self.secrets,
            sealers=self.sealers,
            endpoint=self.endpoint,
            clock=self.clock,
        )
        self.refresher = Refresher(
            channel=self.channel,
            store=self.table,
            rescues=self.rescues,
            keeper=TokenKeeper(
                store=self.table,
                sign_outs=self.table,
                rescues=self.rescues,
                pause=self.clock.pause,
            ),
            clock=self.clock,
            steady=self.clock.steady,
            interval=self.interval,
        )
        self.sign_out = SignOut(store=self.table, channel=self.channel)
        self.rescue = Rescue(store=self.table, sign_outs=self.table, sign_out=self.sign_out, clock=self.clock)
        self.tokens = OnDemand(refresher=self.refresher, pause=self.clock.pause)
        self.scheduled = ScheduledRefresh(
            refresher=self.refresher,
            store=self.table,
            sign_out=self.sign_out,
            interval=self.interval,
            idle=self.idle,
        )
        self.have(ADA)

    def have(self, user: User, **changes: object) -> Grant:
        """Put a user's grant into the table, sealed as generation 7."""
        sealed = FakeSealer(["k1"]).seal_tokens(some_tokens("old"), user=user, generation=7)
        self.table.put(a_grant(user, sealed=sealed, **changes))
        return self.table.grants[user]

    @property
    def ada(self) -> Grant:
        return self.table.grants[ADA]

    def tokens_of(self, user: User = ADA) -> tuple[str, str]:
        """Open what the table holds: access token and refresh token."""
        sealed = self.table.grants[user].sealed
        assert sealed is not None
        access_token, refresh_token = FakeSealer(["k1", "k2"]).open_tokens(sealed, user=user)
        return access_token.reveal(), refresh_token.reveal()

    def refresh(self, user: User = ADA, *, terms: LeaseTerms | None = None) -> Lease:
        """Refresh as whoever asks for it would."""
        equipment = self.channel.equip(user.account_id)
        return self.refresher.refresh(user, terms or self.refresher.terms(due_at=self.clock.now), equipment).lease

    def work(self, user: User = ADA, *, due_at: datetime | None = None, batch: Batch | None = None) -> Result:
        """Work a scheduled message off."""
        due = DueToken(user=user, due_at=due_at or self.clock.now)
        return self.scheduled.work(due, batch or self.batch())

    def batch(self) -> Batch:
        """A batch with ten minutes to go."""
        return Batch(time_left=until(self.clock.now + timedelta(minutes=10), by=self.clock))

    def land(self) -> list[str]:
        """Land all that waits to be rescued, in order; gives what became of each."""
        renewals, self.rescues.waiting = self.rescues.waiting, []
        return [str(self.rescue.land(renewal)) for renewal in renewals]

    def fails_with(self, error: Exception, user: User = ADA) -> Result:
        """Work a scheduled message off while the token endpoint fails like this."""
        self.endpoint.order(error)
        return self.work(user)

    def leave(self, user: User = ADA, scope: Scope = Scope.LOCAL) -> Revocation:
        """Sign a user out of the sessions that are in force."""
        grant = self.table.grants.get(user)
        epoch = 0 if grant is None else grant.session_epoch
        return self.sign_out.sign_out(user, scope=scope, session_epoch=epoch, now=self.clock.now)

    def leave_due(self, error: Exception | None = None) -> None:
        """Have Ada signed out from a LivePerson that does not hear of it."""
        self.endpoint.revocation_errors.append(error or SentinelUnavailableError("down"))
        assert self.leave(ADA, Scope.LIVEPERSON) is Revocation.DUE
        self.endpoint.revoked.clear()

    def sign_in_again(self) -> None:
        """Let Ada sign in in another browser, as generation 1000 or, after a sign-out, the next."""
        tokens = some_tokens("signed-in", at=self.clock.now)
        generation = max(1_000, self.ada.generation + 1)
        sealed = FakeSealer(["k1"]).seal_tokens(tokens, user=ADA, generation=generation)
        self.table.save_sign_in(an_identity(), tokens, sealed, session_epoch=5)

    def answer(self, name: str = "new") -> TokenAnswer:
        return an_answer(name, at=self.clock.now)


def a_renewal(name: str = "rescued", *, replaces: int = 7) -> Renewal:
    """Make tokens of Ada's, for an hour, that a refresh brought at noon and the table did not take."""
    sealed = FakeSealer(["k1"]).seal_tokens(some_tokens(name), user=ADA, generation=replaces + 1)
    expires_at = NOON + timedelta(hours=1)
    return Renewal(user=ADA, replaces=replaces, sealed=sealed, received_at=NOON, access_expires_at=expires_at)


def limited(retry_after: int | None) -> SentinelUnavailableError:
    """Make the error that a 429 stands for."""
    return SentinelUnavailableError("429", retry_after=retry_after, limited=True)
