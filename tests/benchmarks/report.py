"""The report: a table for each part, on the terminal and between the markers of the pages under docs/.

A page says `<!-- bench:KEY -->` where a table begins and `<!-- /bench:KEY -->` where it ends; what stands around them
is written by people.
"""

from __future__ import annotations

import re
from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.benchmarks.figures import Figure, Samples, Target

    type Rows = list[tuple[str, ...]]

HEAD = ("what", "measured", "against", "ratio", "target", "met")


def rows_of(figures: Iterable[Figure]) -> Rows:
    return [
        (
            figure.what,
            shown(figure.measured),
            f"{figure.peer_name}: {shown(figure.peer)}" if figure.peer is not None else "",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            shown_target(figure.target),
            "" if figure.is_met is None else "yes" if figure.is_met else "no",
        )
        for figure in figures
    ]


def targets(figures: Iterable[Figure]) -> list[Figure]:
    return [figure for figure in figures if figure.target is not None]


def shown(samples: Samples) -> str:
    """Write a median and the middle half: `12.3 ms (11.9 to 12.8)`."""
    text = f"{number(samples.median)} {samples.unit}".rstrip()
    if samples.spread is None:
        return text
    low, high = samples.spread
    return f"{text} ({number(low)} to {number(high)})"


def shown_target(target: Target | None) -> str:
    if target is None:
        return ""
    bounds = [("at most", target.at_most), ("at least", target.at_least)]
    return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


def number(value: float) -> str:
    """Write a number with three digits that count, or all before the point: 0.0123, 1.23, 12.3, 1,234."""
    if value == 0:
        return "0"
    digits = max(0, 2 - floor(log10(abs(value))))
    return f"{value:,.{0 if float(value).is_integer() else digits}f}"


def as_markdown(rows: Sequence[Sequence[str]], *, head: Sequence[str] = HEAD) -> str:
    """Write a table, without the columns that are empty in all rows."""
    kept = [n for n in range(len(head)) if n == 0 or any(row[n] for row in rows)]
    lines = [[head[n] for n in kept], ["---" for _ in kept], *([row[n] for n in kept] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fill(page: str, sections: Mapping[str, str]) -> str:
    """Put each section between its markers, where the page has them.

    Raises:
        ValueError: a marker is not closed.
    """

    def put(match: re.Match[str]) -> str:
        key = match["key"]
        content = sections[key] if key in sections else match["old"].strip()
        return f"<!-- bench:{key} -->\n{content}\n<!-- /bench:{key} -->"

    opened = set(re.findall(r"<!-- bench:([a-z-]+) -->", page))
    closed = set(re.findall(r"<!-- /bench:([a-z-]+) -->", page))
    if opened != closed:
        raise ValueError(f"markers without their other half: {sorted(opened ^ closed)}")
    return re.sub(r"<!-- bench:(?P<key>[a-z-]+) -->(?P<old>.*?)<!-- /bench:(?P=key) -->", put, page, flags=re.DOTALL)
