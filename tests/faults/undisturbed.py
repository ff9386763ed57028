"""What must be so after a deed that nothing disturbed: no fault, no outage and nobody else; clocks may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.grants import Status
from tests.faults.doings import comes_after
from tests.faults.seconds import YOUNG

if TYPE_CHECKING:
    from tests.faults.doings import Doing
    from tests.faults.view import View


def no_attempt_stays_open_without_cause(view: View) -> str | None:
    """Whoever finds an attempt of unknown end waits for a grace; a deed that nothing disturbed leaves none."""
    if view.struck or view.outages or view.found is None:
        return None
    if view.is_now(Status.SIGNED_OUT) and comes_after(view.steps, "UpdateItem lease", later="UpdateItem sign out"):
        return None  # kept until it is revoked: what the item holds may not be the newest token
    before = 0 if view.history.found is None else view.history.found.unsettled
    return f"{before} unsettled became {view.found.unsettled}" if view.found.unsettled > before else None


def undisturbed_deeds_succeed(view: View) -> str | None:
    if view.struck or view.outages or view.is_in_trouble or len(view.doings) != 1:
        return None
    [doing] = view.doings
    match doing.what:
        case "sign_in":
            return None if doing.signed_in else f"a sign-in was answered {doing.answer}"
        case "sign_out_locally" | "sign_out_of_liveperson" if doing.answer is not None:
            return _wrong_with_sign_out(doing)
        case "vend" if doing.statuses[0] is Status.ACTIVE:
            return _wrong_with_vend(doing, view)
        case _:
            return None


def _wrong_with_sign_out(doing: Doing) -> str | None:
    expected = 200 if doing.is_in_force else 401
    return None if doing.answer == expected else f"a sign-out was answered {doing.answer} in place of {expected}"


def _wrong_with_vend(doing: Doing, view: View) -> str | None:
    """Name why a user who is signed in has no token; that LivePerson ended the authorization is judged elsewhere."""
    [answer] = doing.vended
    if answer.get("error") != "temporarily_unavailable" or _must_wait(doing, view):
        return None
    return "no token was given"


def _must_wait(doing: Doing, view: View) -> bool:
    """Tell whether an earlier attempt holds this one up, and what is stored is too old to be given meanwhile.

    That attempt's lease holds, its grace has yet to be given, or its tokens may wait in RescueQueue.
    """
    found = view.history.found
    assert found is not None
    is_held = found.lease_until is not None and found.lease_until >= doing.now.replace(microsecond=0)
    waits = is_held or (found.unsettled > 0 and (not found.grace_given or view.rescues_wait))
    return waits and view.now + doing.clock_is_off - found.refreshed_at >= YOUNG
