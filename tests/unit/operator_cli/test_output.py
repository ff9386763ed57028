"""Tables, ages and progress: with colour and movement on a terminal only."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from operator_cli.errors import OperatorError
from operator_cli.output import Output, age, count_of
from tests.support.operated import NOON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ESCAPE = "\x1b"


@pytest.fixture(autouse=True)
def _no_wish_about_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_an_age_has_the_unit_that_says_enough(seconds: int, told: str) -> None:
    assert age(NOON, now=NOON + timedelta(seconds=seconds)) == told


@pytest.mark.parametrize(
    ("number", "words", "told"),
    [(1, ("user",), "1 user"), (0, ("user",), "0 users"), (1200, ("user waits", "users wait"), "1,200 users wait")],
)
def test_a_number_and_its_noun(number: int, words: Sequence[str], told: str) -> None:
    assert count_of(number, *words) == told


def tell(out: Output) -> None:
    out.table(["USER", "CONDITION"], [["1001", "fresh"]])
    with out.progress("Users read", total=2) as advance:
        advance(2)
    out.fail(OperatorError("It failed.", reason="test", remedy="Mend it."))


def test_a_pipe_gets_plain_text_on_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Output(as_json=False))

    captured = capsys.readouterr()
    assert ESCAPE not in captured.out + captured.err
    assert [line.split() for line in captured.out.splitlines()] == [["USER", "CONDITION"], ["1001", "fresh"]]
    assert captured.err.splitlines() == ["Error: It failed.", "Mend it."]


def test_a_terminal_gets_colour_and_progress() -> None:
    person, aside = io.StringIO(), io.StringIO()
    tell(
        Output(
            as_json=False,
            _person=Console(file=person, force_terminal=True),
            _aside=Console(file=aside, force_terminal=True),
        )
    )

    assert ESCAPE in person.getvalue()
    assert "Users read" in aside.getvalue()
    assert "2/2" in aside.getvalue()


def shown(width: int, tell_it: Callable[[Output], None]) -> list[str]:
    """Give the lines that a terminal of a width shows."""
    screen = io.StringIO()
    tell_it(Output(as_json=False, _person=Console(file=screen, force_terminal=True, width=width, no_color=True)))
    return [re.sub("\x1b\\[[0-9;]*m", "", line).rstrip() for line in screen.getvalue().splitlines()]


HEADS = ["USER", "CONDITION", "SIGNED IN", "LAST ERROR"]


@pytest.mark.parametrize(
    ("width", "last_error", "heads"),
    [
        (80, "client_refused", HEADS),
        (80, "", ["USER", "CONDITION", "SIGNED IN"]),
        (41, "client_refused", ["USER", "CONDITION", "LAST ERROR"]),
        (40, "client_refused", ["USER", "CONDITION"]),
    ],
)
def test_a_terminal_gets_the_columns_that_hold_something_and_fit_none_of_them_cut(
    width: int, last_error: str, heads: list[str]
) -> None:
    row = ["1234567890", "sign-in-again", "3 d", last_error]
    lines = shown(width, lambda out: out.table(HEADS, [row], first_to_go=["SIGNED IN", "LAST ERROR"]))

    assert re.split(r"  +", lines[0]) == heads
    assert re.split(r"  +", lines[1]) == [cell for head, cell in zip(HEADS, row, strict=True) if head in heads]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (
            58,
            [
                "failed queue    Three refreshes wait and nothing takes",
                "                them.",
                "                See the log.",
            ],
        ),
        (30, ["failed queue", "  Three refreshes wait and", "  nothing takes them.", "  See the log."]),
    ],
)
def test_what_stands_beside_a_label_breaks_beneath_itself_or_below_the_label(width: int, lines: list[str]) -> None:
    said = ["Three refreshes wait and nothing takes them.", "See the log."]

    assert shown(width, lambda out: out.entry([("failed", 6), ("queue", 8)], *said)) == lines


def test_a_script_gets_one_json_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Output(as_json=True))

    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"error": "test", "error_description": "It failed.", "remedy": "Mend it."}
    assert captured.err == ""
