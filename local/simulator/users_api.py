"""The Users API: an example of a LiveEngage service that is called with an access token."""

from local.simulator.errors import RefusedError, invalid_request
from local.simulator.grant import sha256_hex
from local.simulator.web import Answer, Request
from local.simulator.world import World


def get_user(world: World, request: Request, account: str, user_id: str) -> Answer:
    """Describe a user to whoever holds a live access token of the same account."""
    grant_id = _check_access_token(world, request, account)
    if request.parameters.get("v") != "6.0":
        raise invalid_request("v must be 6.0.")
    if not (user_id.isascii() and user_id.isdigit()):
        raise RefusedError(404, "not_found", "No such user.", grant=grant_id)
    user = world.users.get(user_id)
    fields = {
        "id": int(user.user_id),
        "loginName": user.name,
        "fullName": user.name.capitalize(),
        "isEnabled": True,
        "deleted": False,
        "profileIds": [0 if user.is_admin else 1],
    }
    return Answer(fields=fields, grant=grant_id)


def _check_access_token(world: World, request: Request, account: str) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise RefusedError(401, "unauthorized", "A bearer token is needed.", headers={"WWW-Authenticate": "Bearer"})
    found = world.grants.find_token(sha256_hex(token), world.clock.now())
    if found is None or found.kind != "access" or found.state != "live" or found.grant.account != account:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        grant = found.grant.id if found is not None else None
        raise RefusedError(401, "invalid_token", "The token is not valid here.", headers=challenge, grant=grant)
    return found.grant.id
