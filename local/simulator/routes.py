"""Which endpoint a request is for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from local.simulator.authorize import authorize
from local.simulator.domain_api import look_up
from local.simulator.errors import RefusedError, invalid_request
from local.simulator.grant import sha256_hex
from local.simulator.login import carry_on, login
from local.simulator.token_endpoint import revoke, token
from local.simulator.users_api import get_user
from local.simulator.web import Answer, Request
from local.simulator.world import World

type Respond = Callable[[World, Request, str], Answer]

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_DOMAIN = re.compile(r"/api/account/(?P<account>[^/]+)/service(?:/(?P<service>[^/]+))?/baseURI\.json")
_USERS = re.compile(r"/api/account/(?P<account>[^/]+)/configuration/le-users/users/(?P<user_id>[^/]+)")
_SENTINEL = re.compile(r"/sentinel/api/account/(?P<account>[^/]+)/(?P<rest>.+)")

_SENTINEL_ROUTES: dict[str, tuple[str, tuple[str, ...], Respond]] = {
    "authorize": ("authorize", ("GET",), authorize),
    "authorize/continue": ("login", ("GET",), carry_on),
    "login": ("login", ("GET", "POST"), login),
    "token": ("token", ("POST",), token),
    "token/revoke": ("revoke", ("POST",), revoke),
}
# Which parameter of the body holds a code or token.
_PRESENTED = {"token-code": "code", "token-refresh": "refresh_token", "revoke": "token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a request goes.

    Args:
        endpoint: as faults and journal name it.
        account: as the path has it, well-formed or not.
        presented: SHA-256 of the code or token in the body.
    """

    endpoint: str
    account: str
    methods: tuple[str, ...]
    respond: Respond
    presented: str | None = None

    @property
    def account_id(self) -> str | None:
        """The account where it is well-formed."""
        return self.account if _ACCOUNT_ID.fullmatch(self.account) else None

    @property
    def is_for_people(self) -> bool:
        """Whether errors are pages instead of JSON."""
        return self.endpoint in {"authorize", "login"}

    def answer(self, world: World, request: Request) -> Answer:
        """Let the endpoint answer.

        Raises:
            RefusedError: it refuses.
        """
        if request.method not in self.methods:
            allow = {"Allow": ", ".join(self.methods)}
            raise RefusedError(405, "method_not_allowed", "This method is not supported here.", headers=allow)
        if self.account_id is None:
            raise invalid_request("The account id is malformed.")
        return self.respond(world, request, self.account)


def find_route(request: Request) -> Route | None:
    """Find the endpoint of a path; None: there is none."""
    if found := _SENTINEL.fullmatch(request.path):
        return _sentinel_route(request, found["account"], found["rest"])
    if found := _DOMAIN.fullmatch(request.path):
        respond: Respond = partial(_call_with, look_up, found["service"])
        return Route(endpoint="domain", account=found["account"], methods=("GET",), respond=respond)
    if found := _USERS.fullmatch(request.path):
        respond = partial(_call_with, get_user, found["user_id"])
        return Route(endpoint="users", account=found["account"], methods=("GET",), respond=respond)
    return None


def _sentinel_route(request: Request, account: str, rest: str) -> Route | None:
    if rest not in _SENTINEL_ROUTES:
        return None
    endpoint, methods, respond = _SENTINEL_ROUTES[rest]
    form = _peek(request) if endpoint in {"token", "revoke"} else {}
    if endpoint == "token":
        kinds = {"authorization_code": "token-code", "refresh_token": "token-refresh"}
        endpoint = kinds.get(form.get("grant_type", ""), "token")
    value = form.get(_PRESENTED.get(endpoint, ""))
    presented = None if value is None else sha256_hex(value)
    return Route(endpoint=endpoint, account=account, methods=methods, respond=respond, presented=presented)


def _peek(request: Request) -> dict[str, str]:
    """Read the form where it can be read; the endpoint itself refuses it where not."""
    try:
        return request.form
    except RefusedError:
        return {}


def _call_with[T](
    respond: Callable[[World, Request, str, T], Answer], last: T, world: World, request: Request, account: str
) -> Answer:
    return respond(world, request, account, last)
