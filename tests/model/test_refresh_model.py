"""The refresh protocol, as the design words it, explored state by state; see README.md here."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import pytest

from tests.model import scenarios as within
from tests.model.mutations import ASSUMPTIONS, MUTATIONS, SECOND_LINES, Mutation
from tests.model.report import describe
from tests.model.rules import Fault, Property, Rules, Scenario, Setting
from tests.model.search import explore, start, steps
from tests.model.state import Phase


def name_of(case: Scenario | Mutation) -> str:
    return case.name


@pytest.mark.parametrize("scenario", within.SOUND, ids=name_of)
def test_every_property_holds_in_every_state_within_these_bounds(scenario: Scenario) -> None:
    found = explore(Setting(scenario=scenario))

    assert not found.violation, [label for label, _ in found.trace]


@pytest.mark.parametrize("mutation", [*MUTATIONS, *SECOND_LINES], ids=name_of)
def test_a_property_falls_with_its_rule(mutation: Mutation) -> None:
    assert explore(mutation.setting).violation == mutation.then


@pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=name_of)
def test_where_the_world_breaks_what_is_assumed_no_rule_helps(assumption: Mutation) -> None:
    assert explore(assumption.setting).violation == assumption.then


@pytest.mark.parametrize("second_line", SECOND_LINES, ids=name_of)
def test_rules_that_back_each_other_up_fall_together_only(second_line: Mutation) -> None:
    for rule in second_line.without:
        alone = replace(second_line, without=(rule,))

        assert not explore(alone.setting).violation


def test_every_rule_is_taken_away_once() -> None:
    tried = {rule for mutation in (*MUTATIONS, *SECOND_LINES) for rule in mutation.without}

    assert tried == {field.name for field in fields(Rules)}


def test_every_property_is_seen_to_fall() -> None:
    assert {mutation.then for mutation in MUTATIONS + SECOND_LINES} == set(Property)


def test_every_phase_of_an_attempt_is_met() -> None:
    searched = (within.CALLER, within.PEOPLE, within.IDLE)
    met = [state for scenario in searched for state in explore(Setting(scenario=scenario)).met]

    assert {attempt.phase for state in met for attempt in state.attempts if attempt is not None} == set(Phase)


@pytest.mark.parametrize("fault", Fault)
def test_every_kind_of_fault_leads_where_nothing_else_leads(fault: Fault) -> None:
    """The queue is met only after the table was out, so that fault is always among them."""
    kinds = frozenset({Fault.TABLE, fault})
    scenario = replace(within.TWO_FAULTS, kinds=kinds, sign_outs=1, scopes=("liveperson",), strict=False)
    without = replace(scenario, kinds=frozenset({Fault.TABLE} - {fault}))
    met, met_without = (explore(Setting(scenario=each, properties=frozenset())).met for each in (scenario, without))

    assert not set(met) <= set(met_without)


def test_a_trace_is_a_walk_from_the_start_of_which_each_step_is_possible() -> None:
    setting = next(each for each in MUTATIONS if each.without == ("queue_is_checked",)).setting
    trace = explore(setting).trace

    assert trace[0][1] == start(setting)
    assert all(after in set(steps(setting, before)) for (_, before), after in pairwise(trace))


def test_a_trace_reads_as_a_story() -> None:
    mutation = next(each for each in MUTATIONS if each.without == ("item_is_read_after_the_queue",))

    story = describe(mutation, explore(mutation.setting)).splitlines()

    assert "worker 1: sends g0.r0" in story[-1]
    assert any("rescue: saves g0.r1" in line and "Sentinel" not in line for line in story)
