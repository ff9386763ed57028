"""The checklist as a whole: each point has a test that was seen failing, and the page that lists them is true."""

from __future__ import annotations

from tests.support.checklist import PAGE, proven_tests, rewrite, told_tests

POINTS = set(range(1, 31))


def test_each_point_has_a_test_that_fails_when_the_point_is_broken() -> None:
    assert set(proven_tests()) == POINTS


def test_the_page_names_exactly_these_tests() -> None:
    told = told_tests(PAGE.read_text())

    assert told == proven_tests(), "python -m tests.support.checklist writes the names anew"


def test_the_names_are_written_into_the_table_and_nothing_else_is_changed() -> None:
    page = "before\n| 1 | a point | old name |\nafter\n"

    assert rewrite(page) == f"before\n| 1 | a point | {'<br>'.join(proven_tests()[1])} |\nafter\n"
