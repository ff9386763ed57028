"""The benchmark's tables, and how they get into the pages."""

from __future__ import annotations

import pytest

from tests.benchmarks.figures import Figure, Samples, Target
from tests.benchmarks.report import as_markdown, fill, number, rows_of, shown, shown_target, targets

LAUNCH = Figure(
    part="cold-start",
    what="launch",
    measured=Samples((80.0, 90.0, 100.0, 110.0, 120.0), "ms"),
    peer=Samples((400.0,), "ms"),
    peer_name="boto3",
    target=Target(at_most=0.3),
)
LAYER = Figure(part="size", what="layer", measured=Samples((12.0,), "MB"))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (1.234, "1.23"), (12.34, "12.3"), (1234.4, "1,234"), (2.0, "2"), (100.0, "100")],
)
def test_three_digits_of_a_number_are_written(value: float, text: str) -> None:
    assert number(value) == text


def test_a_quantity_is_written_with_its_unit_and_spread() -> None:
    assert shown(LAUNCH.measured) == "100 ms (90 to 110)"
    assert shown(LAYER.measured) == "12 MB"


def test_a_target_is_written_in_words() -> None:
    assert shown_target(Target(at_most=1.05)) == "at most 1.05"
    assert shown_target(Target(at_least=0.9)) == "at least 0.9"
    assert shown_target(None) == ""


def test_a_row_tells_what_was_measured_against_what_and_whether_the_target_is_met() -> None:
    assert rows_of([LAUNCH]) == [
        ("launch", "100 ms (90 to 110)", "boto3: 400 ms", "0.25", "at most 0.3", "yes"),
    ]


def test_a_table_leaves_out_the_columns_that_say_nothing() -> None:
    assert as_markdown(rows_of([LAYER])) == "| what | measured |\n| --- | --- |\n| layer | 12 MB |"


def test_the_table_of_targets_has_the_figures_with_a_target() -> None:
    assert targets([LAYER, LAUNCH]) == [LAUNCH]


def test_a_section_takes_the_place_of_the_old_one_and_the_rest_stays() -> None:
    page = (
        "before\n<!-- bench:size -->\nold\n<!-- /bench:size -->\nafter\n<!-- bench:warm -->\nkept\n<!-- /bench:warm -->"
    )

    filled = fill(page, {"size": "new", "growth": "of another page"})

    assert filled == page.replace("old", "new")
    assert fill(filled, {"size": "new"}) == filled


def test_a_marker_without_its_other_half_is_told() -> None:
    with pytest.raises(ValueError, match="warm"):
        fill("<!-- bench:warm -->\nold", {"warm": "new"})
