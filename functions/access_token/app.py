"""A valid access token for the application's back end.

GET /token/{account_id}/{user_id} with IAM and a direct invocation answer the same JSON. The latter sends
`{"account_id", "user_id", "min_valid_seconds"}`, the last one if it likes. Every call leaves one audit line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from le_auth import cold_start, observe, web
from le_auth.announce import announce
from le_auth.domain.events import authorization_lost
from le_auth.domain.on_demand import OnDemand, Vended, retry_after
from le_auth.domain.scheduled import class_of
from le_auth.domain.users import User
from le_auth.errors import (
    GraceGivenError,
    GrantMovedError,
    LeAuthError,
    MisconfiguredError,
    NotSignedInError,
    RefreshUnderWayError,
    RequestError,
    RequestRefusedError,
    RescuePendingError,
    RotationLostError,
    RotationUnsavedError,
    SignInNeededError,
    TryLaterError,
    UnguardedRouteError,
)
from le_auth.settings import Environment
from le_auth.wiring import count_down, make_back_channel, make_refresher, make_table, sleep, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from le_auth.domain.ports import TimeLeft

KEPT_FOR_THE_ANSWER = timedelta(seconds=12)
"""After a refresh: its use is noted."""
LONGEST_MIN_VALID = 86_400
DIRECT = "direct invocation"
_MAPPING = re.compile(r"(/[^/%.][^/%]*)*")
"""What a custom domain name may put before a path. None of its segments is of dots, which may be resolved after IAM."""


@cache
def the_tokens() -> OnDemand:
    environment = Environment.of_process()
    table, channel = make_table(environment), make_back_channel(environment)
    return OnDemand(refresher=make_refresher(environment, channel=channel, table=table), pause=sleep)


def lambda_handler(event: Any, context: LambdaContext) -> dict[str, Any]:
    observe.the_logger().set_correlation_id(context.aws_request_id)
    is_http = isinstance(event, dict) and "requestContext" in event
    time_left = count_down(context, kept=KEPT_FOR_THE_ANSWER)
    try:
        status, content, headers = respond(event, is_http=is_http, time_left=time_left)
    finally:
        observe.flush_metrics()
        cold_start.end()
    return web.json_answer(status, content, headers) if is_http else content


def respond(event: Any, *, is_http: bool, time_left: TimeLeft) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Give status, JSON and headers; no error leaves this function as an exception."""
    caller = DIRECT
    wish: Wish | None = None
    try:
        caller = read_caller(event) if is_http else DIRECT
        wish = Wish.read_http(event) if is_http else Wish.read(event)
        vended = the_tokens().get(wish.user, min_valid=wish.min_valid, time_left=time_left)
    except LeAuthError as error:
        observe.log_error("token not vended", error, caller=caller, **audited(wish))
        count_failure(error)
        if wish is not None and isinstance(error, SignInNeededError) and error.is_news:
            report_lost(wish.user, error)
        return refusal(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no stack trace reaches a caller
        observe.log_unexpected(error)
        observe.log_error("token not vended", MisconfiguredError(), caller=caller, **audited(wish))
        return refusal(MisconfiguredError())
    report(vended, caller=caller)
    return 200, shown(vended), {}


def report_lost(user: User, error: SignInNeededError) -> None:
    """Tell that this call found the user's authorization gone; the calls after it find that stored."""
    observe.count("AuthorizationLost", reason=error.reason)
    if isinstance(error, RotationLostError):
        observe.count("RotationLost")
    announce(authorization_lost(user, reason=error.reason))
    observe.flush_metrics()  # told before it is noted as told
    the_tokens().refresher.note_loss_told(user)


def report(vended: Vended, *, caller: str) -> None:
    """Leave the audit line, and count also what the caller need not know: a refresh that failed."""
    user, refreshed, failure = vended.user, vended.refreshed, vended.failure
    observe.count("TokenVended")
    if refreshed is not None:
        observe.count("TokenRefreshed")
        if not refreshed.is_saved:
            observe.count("RescueQueued")
    fields = {"account_id": user.account_id, "user_id": user.user_id, "was_refreshed": refreshed is not None}
    if failure is not None:
        count_failure(failure)
        fields |= {"reason": failure.reason, "detail": str(failure)}
    observe.the_logger().info("token vended", extra={"caller": caller, **fields})


def count_failure(error: LeAuthError) -> None:
    """Count a refresh that failed, as the worker does. An authorization that is gone is no failure of ours."""
    match error:
        case GrantMovedError(late=str() as late):
            observe.count("LateToken", reason=late)
        case GraceGivenError() | RescuePendingError() | RefreshUnderWayError() | UnguardedRouteError():
            return
        case TryLaterError() | RequestRefusedError() | MisconfiguredError():
            observe.count("RefreshFailed", error_class=class_of(error))
            if isinstance(error, RotationUnsavedError):
                observe.count("RotationLost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whose token a caller wants, and for how long it must be valid yet where that is known."""

    user: User
    min_valid: timedelta

    @classmethod
    def read_http(cls, event: Mapping[str, Any]) -> Self:
        """Read a request. Its path must hold account and user as they are: IAM judged the path as it was written.

        Raises:
            RequestError: it names what is wrong.
        """
        seconds = web.Request.read(event).one("min_valid_seconds", longest=5)
        path = event.get("pathParameters")
        wish = cls.read({**(path if isinstance(path, dict) else {}), "min_valid_seconds": seconds})
        before, _, after = str(event.get("rawPath")).rpartition("/token/")
        if after != f"{wish.user.account_id}/{wish.user.user_id}" or not _MAPPING.fullmatch(before):
            raise RequestError("The account_id and user_id in the path must be written without escapes and dots.")
        return wish

    @classmethod
    def read(cls, wanted: Any) -> Self:
        """Read `{"account_id", "user_id", "min_valid_seconds"}`.

        Raises:
            RequestError: it names what is wrong.
        """
        if not isinstance(wanted, dict):
            raise RequestError("An invocation sends a JSON object with account_id and user_id.")
        account_id, user_id, seconds = (wanted.get(name) for name in ("account_id", "user_id", "min_valid_seconds"))
        if not isinstance(account_id, str) or not isinstance(user_id, str):
            raise RequestError("The account_id and user_id must be given, as text.")
        try:
            user = User.read_pk(f"{account_id}#{user_id}")
        except ValueError as error:
            raise RequestError("The account_id and user_id must be those of a LivePerson user.") from error
        text = "0" if seconds is None else str(seconds)
        if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= LONGEST_MIN_VALID):
            raise RequestError(f"The min_valid_seconds must be a whole number from 0 to {LONGEST_MIN_VALID}.")
        return cls(user=user, min_valid=timedelta(seconds=int(text)))


def read_caller(event: Mapping[str, Any]) -> str:
    """Give the ARN of whom API Gateway authenticated.

    Raises:
        SettingError: the event is no HTTP API's.
        UnguardedRouteError: the route stands open, without IAM.
    """
    match web.read_context(event):
        case {"authorizer": {"iam": {"userArn": str() as arn}}} if arn:
            return arn
        case _:
            raise UnguardedRouteError("The route has no AWS_IAM authorization.")


def audited(wish: Wish | None) -> dict[str, str]:
    return {} if wish is None else {"account_id": wish.user.account_id, "user_id": wish.user.user_id}


def shown(vended: Vended) -> dict[str, Any]:
    return {
        "access_token": vended.access_token.reveal(),
        "token_type": "Bearer",
        "account_id": vended.user.account_id,
        "user_id": vended.user.user_id,
        "issued_at": int(vended.issued_at.timestamp()),
        "refreshed_at": int(vended.refreshed_at.timestamp()),
    }


def refusal(error: LeAuthError) -> tuple[int, dict[str, Any], dict[str, str]]:
    match error:
        case RequestError():
            return 400, {"error": "invalid_request", "error_description": str(error)}, {}
        case NotSignedInError():
            return 404, {"error": "not_signed_in", "error_description": str(error)}, {}
        case SignInNeededError():
            description = "LivePerson no longer accepts this user's authorization. The user must sign in again."
            return 409, {"error": "reauthorization_required", "error_description": description}, {}
        case UnguardedRouteError():
            return 403, {"error": "forbidden", "error_description": "This route answers signed requests only."}, {}
    seconds = retry_after(error, now=utc_now())
    description = "No token that is fresh enough can be had at the moment. Try again."
    content = {"error": "temporarily_unavailable", "error_description": description, "retry_after_seconds": seconds}
    return 503, content, {"Retry-After": str(seconds)}
