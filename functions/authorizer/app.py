"""Lambda authorizer of an HTTP API: lets the request of a signed-in person through, and says who they are.

For payload format 2.0 with simple responses. `isAuthorized: false` becomes 403. What cannot be told now is raised and
becomes 500: a front end that meets 403 sends the person to sign in, and an outage must not sign anybody out.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from le_auth import cold_start, observe, web
from le_auth.domain.sessions import COOKIE, Sessions
from le_auth.errors import LeAuthError, MisconfiguredError
from le_auth.settings import Environment
from le_auth.wiring import make_sessions, utc_now

if TYPE_CHECKING:
    from le_auth.domain.grants import Grant

    type Verdict = dict[str, Any]


@cache
def the_sessions() -> Sessions:
    return make_sessions(Environment.of_process())


def lambda_handler(event: web.Event, _context: object) -> Verdict:
    try:
        return verdict(find_grant(event))
    except LeAuthError as error:
        observe.log_error("cannot tell who is signed in", error)
        raise
    except Exception as error:  # noqa: BLE001 - as the last line says, its text must not come out
        observe.log_unexpected(error)
        raise MisconfiguredError("unexpected error") from None  # Lambda logs the text of what is raised
    finally:
        cold_start.end()


def find_grant(event: web.Event) -> Grant | None:
    context = web.read_context(event)
    observe.the_logger().set_correlation_id(str(context.get("requestId", "")))
    return the_sessions().find(web.read_cookies(event).get(COOKIE), now=utc_now())


def verdict(grant: Grant | None) -> Verdict:
    """Tell API Gateway; the context reaches the route's function as `requestContext.authorizer.lambda`."""
    if grant is None:
        return {"isAuthorized": False}
    context = {
        "account_id": grant.user.account_id,
        "user_id": grant.user.user_id,
        "is_admin": grant.is_admin,
        "is_lpa": grant.is_lpa,
    }
    return {"isAuthorized": True, "context": context}
