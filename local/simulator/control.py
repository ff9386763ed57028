"""The control surface over HTTP, for tests of which the simulator is another process."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from local.simulator.errors import RefusedError, invalid_request
from local.simulator.id_token import public_key_pem
from local.simulator.journal import Entry
from local.simulator.users import User
from local.simulator.web import Answer, Request, refusal
from local.simulator.world import World

type Action = Callable[[World, Request], Answer]


def control(world: World, request: Request) -> Answer:
    """Do what is asked under /_simulator/."""
    path = request.path.removeprefix("/_simulator/")
    try:
        for method, pattern, action in _ACTIONS:
            if request.method == method and re.fullmatch(pattern, path):
                return action(world, request)
    except RefusedError as error:
        return refusal(error)
    except KeyError as error:
        return refusal(invalid_request(f"{error.args[0]} is missing or not known."))
    except (TypeError, ValueError) as error:
        return refusal(invalid_request(str(error)))
    return refusal(RefusedError(404, "not_found", "No such control."))


def _health(world: World, _request: Request) -> Answer:
    return Answer(fields={"base_url": f"http://{world.host}"})


def _order_fault(world: World, request: Request) -> Answer:
    order = request.json
    if "until" in order:
        raise invalid_request("until is for tests in the same process.")
    ordered = world.faults.order(order.pop("endpoint"), order.pop("kind"), **order)
    return Answer(status=201, fields={"id": ordered.id})


def _list_faults(world: World, _request: Request) -> Answer:
    faults = [
        {"id": one.id, "endpoint": one.fault.endpoint, "kind": one.fault.kind, "fired": one.fired}
        for one in world.faults.all()
    ]
    return Answer(fields={"faults": faults})


def _clear_faults(world: World, _request: Request) -> Answer:
    world.faults.clear()
    return Answer(fields={})


def _cancel_fault(world: World, request: Request) -> Answer:
    world.faults.cancel(int(_last_segment(request)))
    return Answer(fields={})


def _read_journal(world: World, request: Request) -> Answer:
    wanted = request.parameters
    entries = world.journal.entries(wanted.get("endpoint"), wanted.get("account"))
    return Answer(
        fields={
            "entries": [_entry_json(entry) for entry in entries],
            "counts": world.journal.counts(),
            "reuses": world.journal.reuses,
            "peak_token_concurrency": world.journal.peak_token_concurrency,
            "peak_by_grant": world.journal.peak_by_grant,
        }
    )


def _clear_journal(world: World, _request: Request) -> Answer:
    world.journal.clear()
    return Answer(fields={})


def _list_grants(world: World, request: Request) -> Answer:
    grants = world.grants.all(request.parameters.get("account"), request.parameters.get("user_id"))
    listed = [{**dataclasses.asdict(grant), "refreshes": grant.refreshes, "live": grant.live} for grant in grants]
    return Answer(fields={"grants": listed})


def _end_grants(world: World, request: Request) -> Answer:
    ended = world.grants.end_user(request.json["account"], request.json["user_id"])
    return Answer(fields={"ended": ended})


def _find_token(world: World, request: Request) -> Answer:
    token = world.grants.find_token(_last_segment(request), world.clock.now())
    if token is None:
        raise RefusedError(404, "not_found", "No such token.")
    return Answer(
        fields={
            "kind": token.kind,
            "state": token.state,
            "grant": token.grant.id,
            "generation": token.generation,
        }
    )


def _register(world: World, request: Request) -> Answer:
    install = request.json
    world.installs.register(
        install["app_install_id"],
        secrets=_strings(install["secrets"]),
        accounts=_strings(install["accounts"]),
        redirect_uris=_strings(install["redirect_uris"]),
    )
    return Answer(status=201, fields={})


def _add_redirect_uri(world: World, request: Request) -> Answer:
    world.installs.add_redirect_uri(request.json["app_install_id"], request.json["redirect_uri"])
    return Answer(status=201, fields={})


def _add_user(world: World, request: Request) -> Answer:
    world.users.add(User(**request.json))
    return Answer(status=201, fields={})


def _read_settings(world: World, _request: Request) -> Answer:
    return Answer(fields=world.settings.as_json())


def _change_settings(world: World, request: Request) -> Answer:
    world.settings.change(request.json)
    return Answer(fields=world.settings.as_json())


def _read_clock(world: World, _request: Request) -> Answer:
    return Answer(fields={"now": world.clock.now().isoformat()})


def _advance_clock(world: World, request: Request) -> Answer:
    world.clock.advance(float(request.json["advance_seconds"]))
    return _read_clock(world, request)


def _public_key(_world: World, _request: Request) -> Answer:
    return Answer(fields={"pem": public_key_pem()})


def _reset(world: World, request: Request) -> Answer:
    _ = request.json
    world.reset()
    return Answer(fields={})


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {**dataclasses.asdict(entry), "at": entry.at.isoformat()}


def _last_segment(request: Request) -> str:
    return request.path.rpartition("/")[2]


def _strings(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_request("A list of strings is meant.")
    return value


_ACTIONS: tuple[tuple[str, str, Action], ...] = (
    ("GET", "health", _health),
    ("POST", "faults", _order_fault),
    ("GET", "faults", _list_faults),
    ("DELETE", "faults", _clear_faults),
    ("DELETE", "faults/[0-9]+", _cancel_fault),
    ("GET", "journal", _read_journal),
    ("DELETE", "journal", _clear_journal),
    ("GET", "grants", _list_grants),
    ("POST", "grants/end", _end_grants),
    ("GET", "tokens/[0-9a-f]{64}", _find_token),
    ("POST", "installs", _register),
    ("POST", "redirect-uris", _add_redirect_uri),
    ("POST", "users", _add_user),
    ("GET", "settings", _read_settings),
    ("PATCH", "settings", _change_settings),
    ("GET", "clock", _read_clock),
    ("POST", "clock", _advance_clock),
    ("GET", "public-key", _public_key),
    ("POST", "reset", _reset),
)
