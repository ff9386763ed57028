"""What the model remembers of one user: LivePerson's side, the table's item, the queue, and who is at work.

Every value is hashable, so that a state can be recognised. Fields marked "ghost" exist for the checks alone: no step
of the protocol looks at them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

GONE = -1
"""The owner of a lease whose attempt is over: a fresh owner is never met again, so one number serves for all."""

MANY = 4
"""Where the model stops counting `unsettled`: an attempt takes away only the 1 that it added, so 4 stays above 1."""


class Word(StrEnum):
    """An enumeration that is hashed as fast as its text: a search hashes little else."""

    __hash__ = str.__hash__


class Status(Word):
    ACTIVE = "active"
    REAUTHORIZE = "reauthorize"
    SIGNED_OUT = "signed_out"


class Lease(Word):
    """What `lease_until` says, without numbers: it lies in the past, in the future, or beyond a full lease."""

    OVER = "over"
    RUNS = "runs"
    GRACE = "grace"


class Phase(Word):
    """Where an attempt stands; its next step is named after it."""

    READ = "has read the item"
    GIVES_GRACE = "is to give the grace"
    CHECKS_QUEUE = "is to check the rescue queue"
    READS_AGAIN = "is to read the item again"
    READY = "is ready to send"
    SENT = "waits for Sentinel"
    ANSWERED = "holds the new token"
    SETTLED = "failed, nothing rotated"
    UNKNOWN = "does not know the outcome"
    REFUSED = "was told invalid_grant"
    REVOKES = "is to revoke what a refused save brought back"
    DUE = "is to revoke for a sign-out"
    REVOKED = "has revoked for a sign-out"
    RESTS = "is to take an idle item's slot"


class Token(NamedTuple):
    """A refresh token: the number-th of a grant."""

    grant: int
    number: int

    def __str__(self) -> str:
        return f"g{self.grant}.r{self.number}"


class Grant(NamedTuple):
    """A grant at Sentinel.

    Args:
        current: number of the token that Sentinel would accept.
        released: ghost; the user let go of it (signed in anew, signed out locally): nobody need keep its token.
        lost: ghost; the newest token is in nobody's hands, by an event that no rule can mend.
    """

    live: bool = True
    current: int = 0
    released: bool = False
    lost: bool = False


class Item(NamedTuple):
    """The user's item in the table.

    Args:
        refreshed: round of the schedule in which `refreshed_at` lies.
        idle: nobody used the grant for `IdleDays`; used: grows with each use.
        doubts: ghost; attempts at this generation that may have rotated the token or that never ended, less graces.
    """

    token: Token | None = Token(0, 0)
    status: Status = Status.ACTIVE
    generation: int = 0
    epoch: int = 0
    slot: bool = True
    owner: int | None = None
    lease: Lease = Lease.OVER
    unsettled: int = 0
    grace_given: bool = False
    scope: str | None = None
    revoked_generation: int = -1
    refreshed: int = 0
    idle: bool = False
    used: int = 0
    doubts: int = 0


class Attempt(NamedTuple):
    """An attempt to refresh or to revoke.

    Args:
        generation: as leased; token: what is to be sent.
        new: what Sentinel gave, or what is to be revoked.
        earlier: the lease returned `unsettled` above 1; grace: and a grace.
        expired: its own clock says that the lease has ended.
        due: round that a scheduled message asks for; None: on demand.
    """

    phase: Phase
    generation: int = 0
    token: Token | None = None
    new: Token | None = None
    earlier: bool = False
    grace: bool = False
    expired: bool = False
    save_failed: bool = False
    queue_failed: bool = False
    due: int | None = None
    used: int = 0


class Rescue(NamedTuple):
    """A message in RescueQueue: a token, and the generation that it replaces.

    Args:
        counted: the queue's counts know of it; they lag.
    """

    token: Token
    generation: int
    counted: bool = False


class SigningIn(NamedTuple):
    """A sign-in whose tokens are not saved yet, or whose save had no answer: then with the generation it drew."""

    token: Token
    drawn: int | None = None


class SigningOut(NamedTuple):
    """A sign-out by a session of an epoch, before its write."""

    scope: str
    epoch: int


class State(NamedTuple):
    """Everything.

    Args:
        attempts: one place for each worker, then one for the on-demand caller; None: free.
        late: refresh requests that Sentinel may still process, though nobody waits for the answer.
        revoking: the rescue whose token is being revoked since its write was refused.
        round: of the schedule.
        rounds, faults, sign_ins, sign_outs, idle_times, uses: how many may still happen.
        broken: ghost; the first property that a step violated.
    """

    attempts: tuple[Attempt | None, ...]
    item: Item = Item()
    grants: tuple[Grant, ...] = (Grant(),)
    late: tuple[Token, ...] = ()
    rescues: tuple[Rescue, ...] = ()
    revoking: Rescue | None = None
    signing_in: SigningIn | None = None
    signing_out: tuple[SigningOut, ...] = ()
    round: int = 1
    rounds: int = 0
    faults: int = 0
    sign_ins: int = 0
    sign_outs: int = 0
    idle_times: int = 0
    uses: int = 0
    broken: str = ""
