"""Every error of the project, grouped by what happens next.

LeAuthError
├── StartAgainError               the person goes back to launch
│   ├── RequestError              a parameter is missing, repeated, malformed or not allowed
│   ├── CrossSiteError            a sign-out that no page of ours and no trusted origin sent
│   ├── TransactionExpiredError   the callback does not belong to a fresh launch of this browser
│   ├── ConsentDeniedError        Sentinel sent the person back with an error
│   ├── CodeRefusedError          the token endpoint refused the code
│   └── IdTokenError              the id token does not prove who signed in
├── TryLaterError                 the same may work later
│   ├── SentinelUnavailableError  nothing was processed: no connection, 429, 5xx
│   ├── OutcomeUnknownError       the request was sent; whether it was processed cannot be known
│   ├── DomainApiUnavailableError the host of Sentinel could not be looked up
│   ├── TableUnavailableError     the table could not be read or written
│   ├── SecretsUnavailableError   Secrets Manager could not be read
│   ├── RescueUnavailableError    RescueQueue could not be asked or written
│   ├── RotationUnsavedError      a rotated token could neither be saved nor rescued
│   ├── GraceGivenError           an earlier attempt's token may still land: nothing was sent
│   ├── RescuePendingError        the same, after the grace
│   └── RefreshUnderWayError      somebody else refreshes, and takes long
├── SignInNeededError             this user's authorization is gone
│   ├── NotSignedInError          there is none
│   ├── GrantRevokedError         Sentinel answered invalid_grant
│   ├── RefusedForGoodError       Sentinel refused refreshes three intervals in a row
│   ├── RotationLostError         one of these two after an attempt whose end is unknown
│   └── IdentityMismatchError     a refreshed id token names another user
├── RequestRefusedError           Sentinel refused a refresh by a 4xx that says no more
├── GrantMovedError               the stored grant changed meanwhile: look at it before it counts
└── MisconfiguredError            an operator must act; nobody is signed out
    ├── SettingError              an environment variable is missing or malformed
    ├── SecretError               a secret's content cannot be used
    ├── SealingKeyError           a sealed value cannot be opened with the keys at hand
    ├── SentinelHostError         the Domain API names a host that is not allowed
    ├── ClientRefusedError        Sentinel refused the AppInstall id or secret
    └── UnguardedRouteError       a request came that API Gateway did not authenticate

A message never holds a secret value: it may be logged and shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.grants import Grant


class LeAuthError(Exception):
    """Base of all.

    Attributes:
        reason: slug for logs and metrics.
        account_id, return_to: where a new launch should lead, once the transaction is known to be genuine.
        cookies: Set-Cookie values that the error page carries.
    """

    reason: ClassVar[str] = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.account_id: str | None = None
        self.return_to: str | None = None
        self.cookies: list[str] = []


class StartAgainError(LeAuthError):
    reason = "start_again"


class RequestError(StartAgainError):
    """A parameter is missing, repeated, malformed or not allowed. The message names it."""

    reason = "bad_request"


class CrossSiteError(StartAgainError):
    """A sign-out was sent by no form of ours for this session, and by no script of a trusted origin."""

    reason = "cross_site"


class TransactionExpiredError(StartAgainError):
    """The callback's state was never issued to this browser, was used before, or is older than ten minutes."""

    reason = "transaction_expired"


class ConsentDeniedError(StartAgainError):
    """Sentinel sent the person back with an error (RFC 6749 section 4.1.2.1)."""

    reason = "consent_denied"


class CodeRefusedError(StartAgainError):
    """The token endpoint refused the authorization code."""

    reason = "code_refused"


class IdTokenError(StartAgainError):
    """The id token is malformed, foreign, expired or badly signed. The message names the claim, not its value."""

    reason = "id_token_refused"


class TryLaterError(LeAuthError):
    """The same may work later.

    Attributes:
        failures: failed attempts of this grant in a row, this one included; None where the attempt was not counted.
    """

    reason = "try_later"
    failures: int | None = None


class SentinelUnavailableError(TryLaterError):
    """Sentinel processed nothing: no connection, 429 or 5xx.

    Attributes:
        retry_after: seconds that Sentinel asked to wait, where it did.
        limited: it answered 429.
    """

    reason = "sentinel_unavailable"

    def __init__(self, message: str, *, retry_after: int | None = None, limited: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limited = limited


class OutcomeUnknownError(TryLaterError):
    """The request reached the wire and no answer came that could be read: the token may have been rotated."""

    reason = "outcome_unknown"


class DomainApiUnavailableError(TryLaterError):
    reason = "domain_api_unavailable"


class TableUnavailableError(TryLaterError):
    reason = "table_unavailable"


class SecretsUnavailableError(TryLaterError):
    reason = "secrets_unavailable"


class RescueUnavailableError(TryLaterError):
    reason = "rescue_unavailable"


class RotationUnsavedError(TryLaterError):
    """A rotated token could neither be saved nor rescued while the lease lasted: it is lost."""

    reason = "rotation_lost"


class GraceGivenError(TryLaterError):
    """An earlier attempt's end is not known: its token gets time to land before the old one is sent.

    Attributes:
        until: when the next attempt may begin, aware UTC.
    """

    reason = "grace_given"

    def __init__(self, until: datetime) -> None:
        super().__init__("An earlier attempt's token may still land.")
        self.until = until


class RescuePendingError(TryLaterError):
    """Rescued tokens still wait to be written, or it cannot be told whether any do."""

    reason = "rescue_pending"


class RefreshUnderWayError(TryLaterError):
    """Somebody else held the lease, and brought no newer token while the caller waited.

    Attributes:
        until: when the lease ends; None where it was given back.
    """

    reason = "refresh_under_way"

    def __init__(self, until: datetime | None) -> None:
        super().__init__("Another refresh of this token is under way.")
        self.until = until


class SignInNeededError(LeAuthError):
    """This user's authorization is gone.

    Attributes:
        is_news: this very attempt found and stored it; it had not been known before.
    """

    reason = "sign_in_needed"
    is_news = False


class NotSignedInError(SignInNeededError):
    """Nobody of that account and user id is signed in."""

    reason = "not_signed_in"


class GrantRevokedError(SignInNeededError):
    """Sentinel answered `invalid_grant` (RFC 6749 section 5.2)."""

    reason = "invalid_grant"


class RefusedForGoodError(SignInNeededError):
    """Sentinel refused to refresh three intervals in a row, without an error code, while it refreshed others."""

    reason = "refused_for_good"


class RotationLostError(SignInNeededError):
    """Refused after an attempt whose end is not known: that attempt's token was possibly lost before it was saved."""

    reason = "rotation_lost"


class IdentityMismatchError(SignInNeededError):
    """A refreshed id token names another user (OpenID Connect Core 12.2)."""

    reason = "identity_mismatch"


class RequestRefusedError(LeAuthError):
    """Sentinel refused a refresh by a 4xx without an error code that is known.

    Attributes:
        is_lasting: for three intervals in a row, and no other user of the account fared better.
    """

    reason = "request_refused"
    is_lasting = False


class GrantMovedError(LeAuthError):
    """A conditional write was refused.

    Attributes:
        grant: what the table holds now; None where the item is gone.
        late: what becomes of tokens that came back after a sign-out from LivePerson, where some did.
    """

    reason = "grant_moved"

    def __init__(self, grant: Grant | None) -> None:
        super().__init__("the stored grant changed meanwhile")
        self.grant = grant
        self.late: Literal["revocation_queued", "left_to_lapse"] | None = None


class MisconfiguredError(LeAuthError):
    reason = "misconfigured"


class SettingError(MisconfiguredError):
    """An environment variable (in the template: a parameter) is missing or malformed. The message names it."""

    reason = "setting"


class SecretError(MisconfiguredError):
    """A secret is absent or not of the documented form. The message says what is expected, not what is there."""

    reason = "secret_malformed"


class SealingKeyError(MisconfiguredError):
    """A sealed value does not open: its key is unknown, or it was moved or altered."""

    reason = "sealing_key"


class SentinelHostError(MisconfiguredError):
    """The host that the Domain API names for Sentinel is not allowed; the client secret is not sent there."""

    reason = "sentinel_host"


class ClientRefusedError(MisconfiguredError):
    """Sentinel refused the AppInstall id or every listed secret (RFC 6749: invalid_client, unauthorized_client)."""

    reason = "client_refused"


class UnguardedRouteError(MisconfiguredError):
    """A request for a token came without a caller: the route stands open, without IAM."""

    reason = "unguarded_route"
