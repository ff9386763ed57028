"""The benchmark's own arithmetic."""

from __future__ import annotations

import pytest

from tests.benchmarks.figures import Figure, Samples, Target


def figure(ours: tuple[float, ...], theirs: tuple[float, ...] | None = None, target: Target | None = None) -> Figure:
    peer = None if theirs is None else Samples(theirs, "ms")
    return Figure(part="warm", what="callback", measured=Samples(ours, "ms"), peer=peer, target=target)


def test_the_spread_is_the_middle_half() -> None:
    samples = Samples((9.0, 1.0, 5.0, 3.0, 7.0), "ms")

    assert samples.median == 5
    assert samples.spread == (3, 7)


def test_three_values_have_no_spread() -> None:
    assert Samples((1.0, 2.0, 3.0), "ms").spread is None


def test_what_slows_one_round_down_does_not_change_a_ratio_that_was_measured_in_turns() -> None:
    assert figure((2.0, 20.0, 2.2), (1.0, 10.0, 1.1)).ratio == pytest.approx(2)


def test_what_was_not_measured_in_turns_is_compared_by_its_medians() -> None:
    assert figure((2.0, 4.0, 100.0), (1.0, 2.0)).ratio == pytest.approx(4 / 1.5)


def test_what_has_no_peer_has_no_ratio() -> None:
    assert figure((2.0,)).ratio is None


def test_a_target_speaks_of_the_ratio_where_there_is_one() -> None:
    target = Target(at_most=1.1)

    assert figure((2.2,), (2.0,), target).is_met is True
    assert figure((2.3,), (2.0,), target).is_met is False


def test_a_target_speaks_of_the_value_where_there_is_no_peer() -> None:
    assert figure((29.0,), target=Target(at_most=30)).is_met is True
    assert figure((31.0,), target=Target(at_most=30)).is_met is False


def test_a_target_may_be_a_lower_bound_or_both() -> None:
    assert figure((0.89,), target=Target(at_least=0.9)).is_met is False
    assert figure((0.91,), target=Target(at_least=0.9)).is_met is True
    assert figure((2.0,), target=Target(at_least=2, at_most=2)).is_met is True


def test_without_a_target_nothing_is_met_or_missed() -> None:
    assert figure((1.0,)).is_met is None
