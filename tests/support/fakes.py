"""The outside world as the rules see it, in memory: a clock, secrets, sealing keys, Sentinel and queues.

The table stands in `fakes_table`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from le_auth.domain.checkpoint import Checkpoint
from le_auth.domain.grants import Sealed
from le_auth.domain.secret import Secret
from le_auth.errors import RescueUnavailableError, SealingKeyError, SecretsUnavailableError
from tests.support.makers import NOON, SENTINEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from le_auth.domain.checkpoint import Cursor
    from le_auth.domain.grants import Renewal
    from le_auth.domain.ports import Clock, TimeLeft
    from le_auth.domain.scheduled import DueToken
    from le_auth.domain.sentinel_api import Sentinel
    from le_auth.domain.tokens import TokenAnswer, Tokens
    from le_auth.domain.users import Client, User


@dataclass(slots=True)
class FakeClock:
    """Stands still until it is told to go on; `pause` goes on by the time that would be slept.

    Args:
        is_off: by how much the wall clock, which may be set, is ahead of the true one.
    """

    now: datetime = NOON
    is_off: timedelta = timedelta()
    pauses: list[timedelta] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now + self.is_off

    def steady(self) -> timedelta:
        """Tell the time by a clock that nobody sets."""
        return self.now - NOON

    def go_on(self, time: timedelta) -> None:
        self.now += time

    def pause(self, time: timedelta) -> None:
        self.pauses.append(time)
        self.go_on(time)


def until(moment: datetime, *, by: Clock) -> TimeLeft:
    """Tell by a clock what is left until a moment."""
    return lambda: moment - by()


@dataclass(slots=True)
class FakeSentinels:
    """Finds one Sentinel for all accounts, or fails; each look-up takes `takes` of the clock."""

    error: Exception | None = None
    clock: FakeClock | None = None
    takes: timedelta = timedelta()
    asked: list[str] = field(default_factory=list)

    def find(self, account_id: str, *, now: datetime) -> Sentinel:  # noqa: ARG002 - the port's form
        self.asked.append(account_id)
        if self.clock is not None:
            self.clock.go_on(self.takes)
        if self.error is not None:
            raise self.error
        return SENTINEL


@dataclass(slots=True)
class FakeSecrets:
    """AppInstall secrets: those known, and those that reading them afresh would bring.

    Args:
        afresh: None: the same as known.
    """

    known: Sequence[str] = ("secret-canary",)
    afresh: Sequence[str] | None = None
    error: Exception | None = None
    reads_afresh: int = 0
    preferred: list[str] = field(default_factory=list)

    def get(self, client_id: str, *, now: datetime) -> Sequence[Secret]:  # noqa: ARG002 - the port's form
        if self.error is not None:
            raise self.error
        return [Secret(value) for value in self.known]

    def get_afresh(self, client_id: str, *, now: datetime) -> Sequence[Secret]:  # noqa: ARG002
        self.reads_afresh += 1
        return [Secret(value) for value in (self.known if self.afresh is None else self.afresh)]

    def prefer(self, client_id: str, secret: Secret) -> None:  # noqa: ARG002
        self.preferred.append(secret.reveal())


_nonces = count()


@dataclass(frozen=True, slots=True)
class FakeSealer:
    """Seals nothing, but opens only what was sealed for this user and generation with a key that it has."""

    key_ids: Sequence[str]

    def seal_tokens(self, tokens: Tokens, *, user: User, generation: int) -> Sealed:
        parts = (user.pk, str(generation), tokens.access_token.reveal(), tokens.refresh_token.reveal())
        data = "|".join((*parts, str(next(_nonces)))).encode()  # as with random nonces, no two are alike
        return Sealed(key_id=self.key_ids[0], generation=generation, data=data)

    def open_tokens(self, sealed: Sealed, *, user: User) -> tuple[Secret, Secret]:
        pk, generation, access_token, refresh_token, _ = sealed.data.decode().split("|")
        if sealed.key_id not in self.key_ids or (pk, generation) != (user.pk, str(sealed.generation)):
            raise SealingKeyError("does not open")
        return Secret(access_token), Secret(refresh_token)

    def seal_cookie(self, content: bytes) -> str:
        return f"{self.key_ids[0]}.{content.hex()}"

    def open_cookie(self, value: str) -> bytes:
        key_id, _, content = value.partition(".")
        if key_id not in self.key_ids:
            raise SealingKeyError("does not open")
        return bytes.fromhex(content)

    def form_key(self, cookie: str) -> bytes:
        key_id, _, _ = cookie.partition(".")
        if key_id not in self.key_ids:
            raise SealingKeyError("is not listed")
        return f"form key {key_id}".encode()


@dataclass(slots=True)
class FakeSealers:
    """Sealing keys: those known, and those that reading them afresh would bring. Without a known one it is down."""

    known: Sequence[str] = ("k1",)
    afresh: Sequence[str] = ("k1",)
    reads_afresh: int = 0

    def get(self, *, now: datetime) -> FakeSealer:  # noqa: ARG002 - the port's form
        if not self.known:
            raise SecretsUnavailableError("no sealing keys")
        return FakeSealer(self.known)

    def get_afresh(self, *, now: datetime) -> FakeSealer:  # noqa: ARG002
        self.reads_afresh += 1
        return FakeSealer(self.afresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the token endpoint was sent."""

    client: Client
    refresh_token: str | None = None
    code: str | None = None
    redirect_uri: str | None = None
    code_verifier: str | None = None


@dataclass(slots=True)
class FakeEndpoint:
    """Sentinel's token endpoint: gives the ordered answers in turn, and remembers what it was sent.

    Args:
        answers: each an answer, an error to raise, or a function of the request that gives either.
    """

    answers: deque[TokenAnswer | Exception | Callable[[Request], TokenAnswer]] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    revocation_errors: deque[Exception] = field(default_factory=deque)

    def order(self, *answers: TokenAnswer | Exception | Callable[[Request], TokenAnswer]) -> None:
        self.answers.extend(answers)

    def exchange(
        self,
        sentinel: Sentinel,  # noqa: ARG002 - the port's form
        client: Client,
        *,
        code: Secret,
        redirect_uri: str,
        code_verifier: Secret | None,
    ) -> TokenAnswer:
        verifier = None if code_verifier is None else code_verifier.reveal()
        return self._answer(
            Request(client=client, code=code.reveal(), redirect_uri=redirect_uri, code_verifier=verifier)
        )

    def refresh(self, sentinel: Sentinel, client: Client, *, refresh_token: Secret) -> TokenAnswer:  # noqa: ARG002
        return self._answer(Request(client=client, refresh_token=refresh_token.reveal()))

    def revoke(self, sentinel: Sentinel, client: Client, *, refresh_token: Secret) -> None:  # noqa: ARG002
        self.revoked.append(refresh_token.reveal())
        if self.revocation_errors:
            raise self.revocation_errors.popleft()

    def _answer(self, request: Request) -> TokenAnswer:
        self.requests.append(request)
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    @property
    def secrets_tried(self) -> list[str]:
        return [request.client.client_secret.reveal() for request in self.requests]


@dataclass(slots=True)
class FakeRescues:
    """RescueQueue: what waits there, and failures in turn.

    Args:
        before_count: what happens before the queue is counted; before_send: before it is sent to.
    """

    waiting: list[Renewal] = field(default_factory=list)
    outages: int = 0
    sends: int = 0
    counts: int = 0
    before_count: Callable[[], object] = lambda: None
    before_send: Callable[[], object] = lambda: None

    def send(self, renewal: Renewal) -> None:
        self.sends += 1
        self.before_send()
        self._meet_outage()
        self.waiting.append(renewal)

    def is_empty(self) -> bool:
        self.counts += 1
        self.before_count()
        self._meet_outage()
        return not self.waiting

    def _meet_outage(self) -> None:
        if self.outages:
            self.outages -= 1
            raise RescueUnavailableError("no queue")


@dataclass(slots=True)
class FakeSchedule:
    """The table as the scheduler sees it: pages of keys in slots, and the checkpoint.

    Args:
        pages: {slot: pages of keys, in their order}.
        rival: a minute that another invocation has finished by the time that this one writes.
    """

    pages: Mapping[int, Sequence[Sequence[str]]] = field(default_factory=dict)
    finished: int | None = None
    cursor: Cursor | None = None
    interval: int | None = None
    rival: int | None = None
    slots_read: list[int] = field(default_factory=list)

    def find_checkpoint(self) -> Checkpoint | None:
        if self.finished is None:
            return None
        return Checkpoint(finished_minute=self.finished, interval=self.interval, cursor=self.cursor)

    def finish_minute(self, minute: int, *, interval: int) -> bool:
        return self._move(minute, interval, finished=minute, cursor=None) or self.finished == minute

    def pause_minute(self, minute: int, cursor: Cursor, *, interval: int) -> None:
        self._move(minute, interval, finished=minute - 1, cursor=cursor)

    def due(self, slot: int, *, after: str | None = None) -> Iterator[Sequence[str]]:
        self.slots_read.append(slot)
        for page in self.pages.get(slot, ()):
            yield [pk for pk in page if after is None or pk > after]

    def _move(self, minute: int, interval: int, *, finished: int, cursor: Cursor | None) -> bool:
        if self.rival is not None:
            self.finished, self.cursor, self.rival = self.rival, None, None
        if self.finished is not None and self.finished >= minute and self.interval in {None, interval}:
            return False
        self.finished, self.cursor, self.interval = finished, cursor, interval
        return True


@dataclass(slots=True)
class FakeQueue:
    """Takes messages, or refuses them; each sending takes `takes` of the clock."""

    error: Exception | None = None
    clock: FakeClock | None = None
    takes: timedelta = timedelta()
    sent: list[DueToken] = field(default_factory=list)

    def send(self, messages: Sequence[DueToken]) -> None:
        if self.error is not None:
            raise self.error
        if self.clock is not None:
            self.clock.go_on(self.takes)
        self.sent.extend(messages)
