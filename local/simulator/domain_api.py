"""The Domain API: which host serves a service for an account."""

from local.simulator.errors import RefusedError, invalid_request, invalid_site
from local.simulator.web import Answer, Request
from local.simulator.world import World

# Names are case sensitive.
SERVICES = ("sentinel", "accountConfigReadOnly")


def look_up(world: World, request: Request, account: str, service: str | None) -> Answer:
    """Name one service's host, or all of them where none is asked for."""
    if request.parameters.get("version") != "1.0":
        raise invalid_request("version must be 1.0.")
    if not (world.knows_account(account) or account in world.settings.sentinel_hosts):
        raise invalid_site()
    if service is None:
        return Answer(fields={"baseURIs": [_entry(world, account, name) for name in SERVICES]})
    if service not in SERVICES:
        raise RefusedError(404, "not_found", "No such service.")
    return Answer(fields=_entry(world, account, service))


def _entry(world: World, account: str, service: str) -> dict[str, object]:
    host = world.settings.sentinel_hosts.get(account, world.host)
    return {"service": service, "account": account, "baseURI": host}
