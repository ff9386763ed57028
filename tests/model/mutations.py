"""Each rule taken away, with the property that falls then and the smallest bounds in which it does.

Some rules are each other's second line: they fall together only.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.model import scenarios as within
from tests.model.rules import Property, Rules, Scenario, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """Rules taken away.

    Args:
        without: names of fields of `Rules`.
        then: the property that is violated.
        within: bounds in which a search finds that.
    """

    without: tuple[str, ...]
    then: Property
    within: Scenario

    @property
    def name(self) -> str:
        return f"{'+'.join(self.without) or 'nothing'} -> {self.then.name.lower()}"

    @property
    def setting(self) -> Setting:
        rules = Rules(**dict.fromkeys(self.without, False))
        return Setting(scenario=self.within, rules=rules, properties=frozenset({self.then}))


def _one(rule: str, then: Property, within: Scenario) -> Mutation:
    return Mutation(without=(rule,), then=then, within=within)


ONE_IN_FLIGHT = (
    _one("lease_is_taken", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("lease_needs_active", Property.COMES_BACK, within.PEOPLE),
    _one("lease_waits_for_lease_until", Property.TWO_IN_FLIGHT, within.TWO_FAULTS),
    _one("lease_needs_stale", Property.REPEATED, within.CALLER),
    _one("lease_needs_generation_as_read", Property.TOO_NEW, within.CALM),
    _one("lease_counts_unsettled", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("lease_counts_unsettled", Property.OLD_SENT, within.ONE_FAULT),
    _one("lease_counts_unsettled", Property.SILENT, within.ONE_FAULT),
    _one("lease_clears_grace", Property.TWO_IN_FLIGHT, within.TWO_FAULTS),
    _one("lease_clears_grace", Property.OLD_SENT, within.TWO_FAULTS),
    _one("lease_owner_is_fresh", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("own_lease_is_recognised", Property.OWN_LEASE, within.ONE_FAULT),
    _one("lost_lease_answer_means_no_grace", Property.TWO_IN_FLIGHT, within.TWO_FAULTS),
    _one("lost_lease_answer_means_no_grace", Property.OLD_SENT, within.TWO_FAULTS),
    _one("post_starts_only_with_time_left", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("post_ends_by_its_deadline", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
)

KNOWS_WHAT_IT_REPLACES = (
    _one("save_needs_generation", Property.OVERWRITES, within.PEOPLE),
    _one("save_needs_generation", Property.COMES_BACK, within.PEOPLE),
    _one("rescue_needs_generation", Property.OVERWRITES, within.PEOPLE),
    _one("rescue_needs_generation", Property.COMES_BACK, within.PEOPLE),
    _one("failure_write_needs_owner", Property.TWO_IN_FLIGHT, within.TWO_FAULTS),
    _one("new_generation_clears_attempt", Property.NEEDLESS_GRACE, within.CALLER),
    _one("known_failure_settles", Property.NEEDLESS_GRACE, within.ONE_FAULT),
    _one("known_failure_puts_grace_back", Property.NEEDLESS_GRACE, within.TWO_FAULTS),
    _one("unknown_outcome_stays_unsettled", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("unknown_outcome_stays_unsettled", Property.SILENT, within.ONE_FAULT),
    _one("unknown_outcome_keeps_grace_cleared", Property.TWO_IN_FLIGHT, within.TWO_FAULTS),
    _one("idle_rest_needs_last_use", Property.NO_SLOT, within.IDLE),
)

SURVIVES_A_FAILED_SAVE = (
    _one("save_ends_with_lease", Property.OLD_SENT, within.TWO_FAULTS),
    _one("failed_save_is_queued", Property.NOWHERE, within.ONE_FAULT),
    _one("queued_attempt_stays_unsettled", Property.OLD_SENT, within.ONE_FAULT),
    _one("reauthorize_keeps_generation", Property.NOWHERE, within.BLIND),
    _one("rescue_sets_slot", Property.NO_SLOT, within.BLIND),
    _one("own_save_is_recognised", Property.MISREPORTED, within.ONE_FAULT),
    _one("own_save_is_told_by_its_token", Property.NOWHERE, within.PEOPLE),
    _one("grace_is_given", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("grace_is_given", Property.OLD_SENT, within.ONE_FAULT),
    _one("grace_is_remembered", Property.STUCK, within.ONE_FAULT),
    _one("grace_outlasts_what_is_late", Property.TWO_IN_FLIGHT, within.ONE_FAULT),
    _one("grace_outlasts_what_is_late", Property.OLD_SENT, within.ONE_FAULT),
    _one("queue_is_checked", Property.OLD_SENT, within.ONE_FAULT),
    _one("queue_check_sees_messages_in_flight", Property.OLD_SENT, within.ONE_FAULT),
    _one("item_is_read_again", Property.OLD_SENT, within.ONE_FAULT),
    _one("item_is_read_after_the_queue", Property.OLD_SENT, within.ONE_FAULT),
    _one("loss_is_told_by_unsettled", Property.SILENT, within.ONE_FAULT),
)

LOOKS_AT_A_REFUSAL = (
    _one("refused_save_is_revoked", Property.NOWHERE, within.PEOPLE),
    _one("refused_rescue_is_revoked", Property.NOWHERE, within.PEOPLE),
    _one("refused_generation_is_the_replaced_one", Property.NOWHERE, within.PEOPLE),
    _one("new_sign_in_is_spared", Property.ENDS_SIGN_IN, within.PEOPLE),
    _one("sign_out_is_remembered_after_revoking", Property.NOWHERE, within.PEOPLE),
    _one("sign_out_keeps_token", Property.NOWHERE, within.PEOPLE),
)

BEYOND_THE_DESIGN = (
    _one("revoked_is_removed_by_generation", Property.NOWHERE, within.PEOPLE),
    _one("failed_revocation_is_queued", Property.NOWHERE, within.PEOPLE),
    _one("sign_out_knows_its_epoch", Property.NOWHERE, within.LEAVING),
    _one("sign_out_knows_its_epoch", Property.ENDS_SIGN_IN, within.LEAVING),
    _one("sign_out_keeps_unsettled", Property.SILENT_SIGN_OUT, within.PEOPLE),
    _one("sign_in_knows_itself", Property.OVERWRITES, within.PEOPLE_LATER),
)
"""Rules that the design's words leave open."""

MUTATIONS = (
    *ONE_IN_FLIGHT,
    *KNOWS_WHAT_IT_REPLACES,
    *SURVIVES_A_FAILED_SAVE,
    *LOOKS_AT_A_REFUSAL,
    *BEYOND_THE_DESIGN,
)

SECOND_LINES = (
    Mutation(
        without=("failure_write_needs_generation", "failure_write_needs_owner"),
        then=Property.ERASES,
        within=within.PEOPLE,
    ),
    Mutation(
        without=("failure_write_needs_generation", "new_generation_clears_attempt"),
        then=Property.ERASES,
        within=within.PEOPLE,
    ),
)
"""Rules that fall together only."""

ASSUMPTIONS = (
    Mutation(without=(), then=Property.SILENT, within=within.HIDDEN),
    Mutation(without=(), then=Property.OLD_SENT, within=within.BLIND_STRICT),
)
"""What no rule protects from: the world does what the design takes for impossible."""
