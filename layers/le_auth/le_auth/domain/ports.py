"""What the rules need of the outside world; `le_auth.adapters` provides it, tests provide fakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from le_auth.domain.grants import Grant, Lease, LeaseTerms, Renewal, Sealed
    from le_auth.domain.id_token import Identity
    from le_auth.domain.secret import Secret
    from le_auth.domain.sentinel_api import Sentinel
    from le_auth.domain.tokens import TokenAnswer, Tokens
    from le_auth.domain.users import Client, User

type Clock = Callable[[], datetime]
"""Gives the time, aware UTC."""

type SteadyClock = Callable[[], timedelta]
"""Gives the time since any moment, by a clock that nobody sets."""

type TimeLeft = Callable[[], timedelta]
"""Gives what is left of an invocation for its work, or of a lease, however the wall clock is set meanwhile."""


class SentinelFinder(Protocol):
    """Finds an account's Sentinel."""

    def find(self, account_id: str, *, now: datetime) -> Sentinel:
        """Raises: DomainApiUnavailableError, SentinelHostError."""


class ClientSecrets(Protocol):
    """The AppInstall secrets."""

    def get(self, client_id: str, *, now: datetime) -> Sequence[Secret]:
        """Give an AppInstall's secrets, the one to try first in front. Raises: SecretError, SecretsUnavailableError."""

    def get_afresh(self, client_id: str, *, now: datetime) -> Sequence[Secret]:
        """The same, read anew: for when Sentinel refused all that were known."""

    def prefer(self, client_id: str, secret: Secret) -> None:
        """Remember which secret Sentinel accepted, to try it first next time."""


class Sealer(Protocol):
    """Encrypts and decrypts; its keys are in memory."""

    def seal_tokens(self, tokens: Tokens, *, user: User, generation: int) -> Sealed: ...

    def open_tokens(self, sealed: Sealed, *, user: User) -> tuple[Secret, Secret]:
        """Give access token and refresh token. Raises: SealingKeyError."""

    def seal_cookie(self, content: bytes) -> str: ...

    def open_cookie(self, value: str) -> bytes:
        """Raises: SealingKeyError."""

    def form_key(self, cookie: str) -> bytes:
        """Give the key for the tokens of our forms, of the same master key that sealed a cookie.

        Raises: SealingKeyError.
        """


class SealerSource(Protocol):
    """Gets the sealing keys into memory before they are needed."""

    def get(self, *, now: datetime) -> Sealer:
        """Raises: SecretError, SecretsUnavailableError."""

    def get_afresh(self, *, now: datetime) -> Sealer:
        """The same, read anew: for when a value does not open."""


class TokenEndpoint(Protocol):
    """Sentinel's token endpoint. One call sends one request and never repeats it."""

    def exchange(
        self, sentinel: Sentinel, client: Client, *, code: Secret, redirect_uri: str, code_verifier: Secret | None
    ) -> TokenAnswer:
        """Raises: SentinelUnavailableError, OutcomeUnknownError, ClientRefusedError, CodeRefusedError, IdTokenError."""

    def refresh(self, sentinel: Sentinel, client: Client, *, refresh_token: Secret) -> TokenAnswer:
        """Raises: as exchange, but GrantRevokedError, RequestRefusedError in place of the last two."""

    def revoke(self, sentinel: Sentinel, client: Client, *, refresh_token: Secret) -> None:
        """End the user's session in all LivePerson applications. Raises: as refresh."""


class GrantFinder(Protocol):
    """The table, as a session needs it."""

    def find(self, user: User) -> Grant | None:
        """Give a user's grant as it is now. Raises: TableUnavailableError."""


class SignInStore(Protocol):
    """The table, as sign-in needs it. All raise TableUnavailableError."""

    def consume_state(self, state_hash: str, *, now: datetime) -> None:
        """Mark a state as used. Raises: TransactionExpiredError where it already was."""

    def save_sign_in(self, identity: Identity, tokens: Tokens, sealed: Sealed, *, session_epoch: int) -> int:
        """Store a sign-in under `sealed.generation` and give the session epoch now in force.

        Args:
            session_epoch: taken where the user has none yet; a stored one stays, and with it the other sessions.

        Raises: GrantMovedError where the stored generation is not smaller.
        """


class GrantStore(Protocol):
    """The table, as a refresh needs it.

    All raise TableUnavailableError, and GrantMovedError where the item is not as the caller knew it.
    """

    def find(self, user: User) -> Grant | None:
        """Read consistently."""

    def lease(self, user: User, terms: LeaseTerms) -> Lease: ...

    def give_grace(self, lease: Lease, *, until: datetime) -> None:
        """Hold the lease longer and send nothing; the next lease finds `grace_given`."""

    def still_holds(self, lease: Lease) -> bool:
        """Tell by a consistent read whether the lease is the one in force."""

    def save_refresh(self, renewal: Renewal) -> None: ...

    def give_back(
        self, lease: Lease, *, settled: bool, failures: int, last_error: str, refused_since: datetime | None = None
    ) -> None:
        """End a lease after a failed attempt. `settled`: the refresh token is known not to have been rotated."""

    def end_grant(self, lease: Lease, *, reason: str) -> None:
        """The user must sign in again, which is yet to be told."""

    def note_loss_told(self, user: User) -> None:
        """Whoever has to know has been told that the user must sign in again."""

    def rest_idle(self, grant: Grant) -> None:
        """Stop refreshing a grant that nobody has used."""

    def note_use(self, grant: Grant, *, now: datetime) -> None:
        """The tokens are used: keep refreshing them."""


class SignOutStore(Protocol):
    """The table, as sign-out needs it.

    All raise TableUnavailableError, and GrantMovedError where the item is not as the caller knew it.
    """

    def sign_out_locally(self, user: User, *, number: int, session_epoch: int, now: datetime) -> None:
        """End the sessions of an epoch and drop the tokens. `number`: the new generation and session epoch."""

    def sign_out_of_liveperson(self, user: User, *, number: int, session_epoch: int) -> Grant:
        """End the sessions and keep the sealed tokens until they are revoked; gives the grant as it is now."""

    def remember_revocation(self, grant: Grant, renewal: Renewal) -> Grant:
        """Keep, on a signed-out grant, tokens that came back late, until they are revoked; gives it as it is now."""

    def finish_revocation(self, grant: Grant, *, now: datetime) -> None:
        """Drop the revoked tokens."""


class Rescues(Protocol):
    """Where rotated tokens wait that could not be saved. All raise RescueUnavailableError."""

    def send(self, renewal: Renewal) -> None: ...

    def is_empty(self) -> bool:
        """Tell whether nothing waits there: neither visible nor in flight nor delayed."""
