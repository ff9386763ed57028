"""What the load test calls lost."""

from __future__ import annotations

import pytest

from tests.load.verdict import Standing, judge


def standing(status: str | None = "active", reason: str | None = None, *, is_live: bool = True) -> Standing:
    return Standing(user_id="7", status=status, reason=reason, is_live=is_live)


def test_who_has_a_live_token_has_lost_nothing() -> None:
    verdict = judge([standing(), standing(reason="sentinel_unavailable")], answers_lost=set())

    assert (verdict.live, verdict.reported, verdict.lost) == (2, [], [])


def test_a_lost_answer_that_was_reported_is_told_apart() -> None:
    verdict = judge([standing("reauthorize", "rotation_lost", is_live=False)], answers_lost={"7"})

    assert (verdict.live, verdict.reported, verdict.lost) == (0, ["7"], [])


@pytest.mark.parametrize(
    ("found", "answers_lost"),
    [
        (standing(is_live=False), set()),
        (standing(is_live=False), {"7"}),
        (standing("reauthorize", "rotation_lost", is_live=False), set()),
        (standing("reauthorize", "invalid_grant", is_live=False), {"7"}),
        (standing("signed_out", is_live=False), set()),
        (standing(None, is_live=False), set()),
    ],
)
def test_all_else_is_lost(found: Standing, answers_lost: set[str]) -> None:
    verdict = judge([found], answers_lost=answers_lost)

    assert (verdict.live, verdict.reported, len(verdict.lost)) == (0, [], 1)
