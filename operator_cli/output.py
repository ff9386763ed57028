"""What a command tells: to a person, with tables, colour and progress where there is a terminal; to a script, JSON."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from operator_cli.errors import OperatorError

_AS_WIDE_AS_NEEDED = 10_000
_NARROWEST_TEXT = 40

type Cell = str | Text
type Advance = Callable[[int], None]


def _to_person() -> Console:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _AS_WIDE_AS_NEEDED  # what reads a pipe cuts lines itself
    return console


def _aside() -> Console:
    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a command tells what it did.

    Args:
        as_json: one JSON document on standard output and nothing else there.
    """

    as_json: bool
    _person: Console = field(default_factory=_to_person)
    _aside: Console = field(default_factory=_aside)

    def say(self, text: Cell) -> None:
        """Tell a person something."""
        if not self.as_json:
            self._person.print(text)

    def warn(self, text: str) -> None:
        """Tell a person something beside the result, on standard error."""
        if not self.as_json:
            self._aside.print(text)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, first_to_go: Sequence[str] = ()) -> None:
        """Print rows; a pipe gets all columns, a terminal those that hold something and for which there is room.

        Args:
            first_to_go: heads of the columns that a narrow terminal does without, the least needed first.
        """
        if self.as_json:
            return
        columns = dict(zip(heads, zip(*rows, strict=True), strict=True))
        if self._person.is_terminal:
            columns = {head: cells for head, cells in columns.items() if any(map(str, cells))}
            for head in first_to_go:
                if _width(columns) > self._person.width:
                    columns.pop(head, None)
        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in columns:
            table.add_column(head, no_wrap=True, overflow="ignore")
        for row in zip(*columns.values(), strict=True):
            table.add_row(*row)
        self._person.print(table)

    def entry(self, labels: Sequence[tuple[Cell, int]], *paragraphs: str) -> None:
        """Tell a person some paragraphs: beside their labels, or below them where the terminal is narrow.

        Args:
            labels: each with its width.
        """
        if self.as_json:
            return
        grid = Table.grid(padding=(0, 1, 0, 0))
        labels_width = sum(width + 1 for _, width in labels)
        is_narrow = self._person.width < labels_width + _NARROWEST_TEXT
        if is_narrow:
            self._person.print(*(label for label, _ in labels))
            grid.add_column(width=1)
        else:
            for _, width in labels:
                grid.add_column(width=width, no_wrap=True)
        grid.add_column(overflow="fold", no_wrap=not self._person.is_terminal)
        beside: Sequence[Cell] = [""] if is_narrow else [label for label, _ in labels]
        for paragraph in paragraphs:
            grid.add_row(*beside, paragraph)
            beside = [""] * len(beside)
        self._person.print(grid, soft_wrap=False)

    def document(self, content: object) -> None:
        """Give a script the whole result."""
        if self.as_json:
            self.write(content)

    def write(self, content: object) -> None:
        """Write JSON, for a person too: what is to be handed on."""
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def fail(self, error: OperatorError) -> None:
        """Tell that something could not be done."""
        self.document({"error": error.reason, "error_description": str(error), "remedy": error.remedy})
        if not self.as_json:
            self._aside.print(Text("Error: ", style="bold red").append(str(error), style="not bold default"))
            if error.remedy:
                self._aside.print(error.remedy)

    @contextmanager
    def progress(self, what: str, *, total: int | None = None) -> Iterator[Advance]:
        """Show how far a long work is, on a terminal only.

        Args:
            total: steps in all; None: not known.
        """
        counted = TextColumn("{task.completed:,}") if total is None else MofNCompleteColumn()
        shown = not self.as_json and self._aside.is_terminal
        with Progress(
            TextColumn("{task.description}"),
            SpinnerColumn() if total is None else BarColumn(),
            counted,
            TimeElapsedColumn(),
            console=self._aside,
            transient=True,
            disable=not shown,
        ) as progress:
            task = progress.add_task(what, total=total)
            yield lambda steps: progress.advance(task, steps)


def _width(columns: Mapping[str, Sequence[Cell]]) -> int:
    return sum(max(len(str(cell)) for cell in (head, *cells)) + 2 for head, cells in columns.items()) - 2


def count_of(number: int, one: str, many: str | None = None) -> str:
    """Put a number and its noun together: 1 user, 1,200 users."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def age(since: datetime, *, now: datetime) -> str:
    """Give an age in the largest unit that says enough: 40 s, 12 min, 5 h, 3 d."""
    seconds = max(int((now - since).total_seconds()), 0)
    for unit, length, most in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds < most * length:
            return f"{seconds // length} {unit}"
    return f"{seconds // 86_400} d"


def day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def epoch(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
