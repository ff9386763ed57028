"""What goes wrong in a town, and what somebody does meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.support.call_faults import faults_at

OUTAGES = {
    "the table": {"GetItem", "PutItem", "UpdateItem"},
    "writing the table": {"PutItem", "UpdateItem"},
    "RescueQueue": {"SendMessage"},
    "counting RescueQueue": {"GetQueueAttributes"},
    "the secrets": {"GetSecretValue"},
    "the event bus": {"PutEvents"},
    "all of AWS": {
        *("GetItem", "PutItem", "UpdateItem"),
        *("SendMessage", "GetQueueAttributes", "GetSecretValue", "PutEvents"),
    },
    "the way to LivePerson": {"domain", "token-code", "token-refresh", "revoke"},
    "revocation": {"revoke"},
}
LIVEPERSON_ENDPOINTS = ("token-code", "token-refresh", "revoke")
LIVEPERSON_OUTAGES = {"LivePerson answers 503": 503, "LivePerson answers 429": 429}
WRONG_SECRET = "the AppInstall secret is wrong"
EVERY_OUTAGE = [*OUTAGES, *LIVEPERSON_OUTAGES, WRONG_SECRET]


def lasting(call: str, fault: str) -> timedelta:
    """Give how long a caller waits for what never answers: as long as the functions' clients do.

    Source: le_auth.adapters.aws, le_auth.domain.sentinel_api.
    """
    if fault == "times out":
        return timedelta(seconds=1 if call.startswith("PutEvents") else 11)
    return timedelta(seconds=10 if fault.startswith("timed out") else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyFault:
    """One of all faults that there are at a call.

    Args:
        at: the call's number, or the name of all such calls.
    """

    at: int | str
    choice: int

    def fault_at(self, number: int, call: str) -> str | None:
        if self.at not in {number, call}:
            return None
        faults = faults_at(call)
        return faults[self.choice % len(faults)] if faults else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What one process does.

    Args:
        what: name of a method of Deeds.
        whose: number of the person.
        which: of several ways, sessions, messages or rescues; counted around.
    """

    what: str
    whose: int = 0
    which: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What another process does in the midst of a deed.

    Args:
        at: number or name of the call before which it comes.
        deed: its `whose` counts from the person of the deed that it comes into.
        clock_is_off: see Trouble.
    """

    at: int | str
    deed: Deed
    clock_is_off: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong during a deed.

    Args:
        clock_is_off: seconds by which the process's clock is ahead of the true one.
    """

    strikes: tuple[AnyFault, ...] = ()
    meanwhile: Meanwhile | None = None
    clock_is_off: int = 0
