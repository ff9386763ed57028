"""The rules of the design, each of which can be taken away; what may go wrong; what must hold; a search's bounds.

Source: design, refresh invariants 1, 3, 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the protocol keeps to. The name of each says what is true while it is in force."""

    # Invariant 1: one refresh in flight per grant.
    lease_is_taken: bool = True
    lease_needs_active: bool = True
    lease_waits_for_lease_until: bool = True
    lease_needs_stale: bool = True
    lease_needs_generation_as_read: bool = True
    lease_counts_unsettled: bool = True
    lease_clears_grace: bool = True
    lease_owner_is_fresh: bool = True
    own_lease_is_recognised: bool = True
    lost_lease_answer_means_no_grace: bool = True
    post_starts_only_with_time_left: bool = True
    post_ends_by_its_deadline: bool = True

    # Invariant 3: every write knows what it replaces.
    save_needs_generation: bool = True
    rescue_needs_generation: bool = True
    failure_write_needs_generation: bool = True
    failure_write_needs_owner: bool = True
    new_generation_clears_attempt: bool = True
    known_failure_settles: bool = True
    known_failure_puts_grace_back: bool = True
    unknown_outcome_stays_unsettled: bool = True
    unknown_outcome_keeps_grace_cleared: bool = True
    idle_rest_needs_last_use: bool = True

    # Invariant 4: a rotated token survives a failed save.
    save_ends_with_lease: bool = True
    failed_save_is_queued: bool = True
    queued_attempt_stays_unsettled: bool = True
    reauthorize_keeps_generation: bool = True
    rescue_sets_slot: bool = True
    own_save_is_recognised: bool = True
    own_save_is_told_by_its_token: bool = True
    grace_is_given: bool = True
    grace_is_remembered: bool = True
    grace_outlasts_what_is_late: bool = True
    queue_is_checked: bool = True
    queue_check_sees_messages_in_flight: bool = True
    item_is_read_again: bool = True
    item_is_read_after_the_queue: bool = True
    loss_is_told_by_unsettled: bool = True

    # Invariant 5: a refused write is looked at before it counts.
    refused_save_is_revoked: bool = True
    refused_rescue_is_revoked: bool = True
    refused_generation_is_the_replaced_one: bool = True
    new_sign_in_is_spared: bool = True
    sign_out_is_remembered_after_revoking: bool = True
    sign_out_keeps_token: bool = True

    # What the model asks for beyond the design's words.
    revoked_is_removed_by_generation: bool = True
    failed_revocation_is_queued: bool = True
    sign_out_knows_its_epoch: bool = True
    sign_out_keeps_unsettled: bool = True
    sign_in_knows_itself: bool = True


class Fault(StrEnum):
    """What may go wrong."""

    TABLE = "the table does not take a write"
    ANSWER = "the table takes a write, its answer is lost"
    QUEUE = "the rescue queue does not take a message"
    QUEUE_ANSWER = "the rescue queue takes a message, its answer is lost"
    LATE = "Sentinel's answer is not waited for; the request is processed later or never"
    ERROR = "Sentinel does not process a request, and says so"
    HIDDEN = "Sentinel rotates, and answers 5xx"
    ENDED = "LivePerson ends the grant"
    REVOKE = "LivePerson does not take a revocation"
    TWICE = "a rescue is delivered twice"
    DEATH = "a process dies"
    SLOW = "a process stalls until its lease has ended, and goes on"
    BLIND = "the rescue queue's counts miss a message for longer than a grace"


class Property(StrEnum):
    """What must hold: each is named by what its violation means."""

    NOWHERE = "the live refresh token is in nobody's hands"
    OLD_SENT = "an old refresh token is sent though its successor is safe"
    TWO_IN_FLIGHT = "two refresh requests of one grant are under way"
    COMES_BACK = "a signed-out user becomes active without signing in"
    OVERWRITES = "an older token overwrites a newer one"
    ERASES = "a late invalid_grant erases newer tokens"
    ENDS_SIGN_IN = "a sign-out or revocation meant for an earlier sign-in ends a newer one"
    SILENT = "a lost rotation is reported as an ordinary refusal"
    SILENT_SIGN_OUT = "a revocation that cannot have reached the live token counts as done"
    NO_SLOT = "an active user has no slot and is never refreshed again"
    STUCK = "without further faults the user is never refreshed, asked to sign in or signed out"
    REPEATED = "a repeated message refreshes once more"
    TOO_NEW = "a caller refreshes what is newer than what it read"
    OWN_LEASE = "an attempt waits for a lease of its own"
    MISREPORTED = "a refresh that is stored is reported as failed"
    NEEDLESS_GRACE = "a grace is given though no earlier attempt needs it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Bounds of a search. Messages come as often as a search likes: at once, late, repeated.

    Args:
        faults: how many of `kinds` may happen in one run.
        rotations: how often a grant's token may be refreshed.
        rounds: further rounds of the schedule.
        demand: an application's back end refreshes too.
        strict: an old refresh token ends the grant; else it is merely refused.
    """

    name: str
    faults: int = 0
    kinds: frozenset[Fault] = frozenset()
    workers: int = 2
    demand: bool = False
    rotations: int = 1
    rounds: int = 0
    sign_ins: int = 0
    sign_outs: int = 0
    scopes: tuple[str, ...] = ("local", "liveperson")
    idle_times: int = 0
    uses: int = 0
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a search is run with: only the properties named are looked at."""

    scenario: Scenario
    rules: Rules = field(default_factory=Rules)
    properties: frozenset[Property] = frozenset(Property)
