"""`make bench`: measures all parts, prints their tables and writes them to docs/, with plots.

    make bench [PARTS="size warm"]

With PARTS, only those are measured, and nothing is written.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from local.runner.errors import RunError
from local.runner.places import PROJECT, architecture
from local.runner.progress import Told
from local.runner.signals import StopAskedError, stopping_on_signals
from tests.benchmarks import cold_start, growth, hour, report, sending, size, units, warm, whole_process, worker
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure, Plot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    type Measure = Callable[[Bench], Iterator[Figure | Plot]]

PARTS: dict[str, tuple[str, Measure]] = {
    "cold-start": ("Cold start", cold_start.measure),
    "whole-process": ("Cold starts of whole processes", whole_process.measure),
    "warm": ("Warm", warm.measure),
    "worker": ("Refresh worker, one core", worker.measure),
    "sending": ("The scheduler sends", sending.measure),
    "growth": ("Growth", growth.measure),
    "hour": ("An hour of a million users", hour.measure),
    "units": ("Units and bytes", units.measure),
    "size": ("Size, unzipped", size.measure),
}
PAGES = [PROJECT / "docs" / "performance.md", PROJECT / "docs" / "scaling.md"]
IMAGES = PROJECT / "docs" / "images"


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    chosen = os.environ.get("PARTS", "").split() or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        console.print(f"PARTS may name {', '.join(PARTS)}; not {', '.join(sorted(unknown))}")
        return 1
    try:
        with suppress(StopAskedError), stopping_on_signals():
            run(console, chosen)
            return 0
    except RunError as error:
        console.print(str(error), markup=False)
    return 1


def run(console: Console, chosen: Sequence[str]) -> None:
    bench = Bench.build(Told(console))
    figures: list[Figure] = []
    plots: list[Plot] = []
    for part in chosen:
        title, measure = PARTS[part]
        for found in measure(bench):
            (figures if isinstance(found, Figure) else plots).append(found)  # type: ignore[arg-type]
        tell(console, title, [figure for figure in figures if figure.part == part])
    tell(console, "Targets", targets(figures))
    if list(chosen) == list(PARTS):
        write(bench, figures, plots)


def targets(figures: Sequence[Figure]) -> list[Figure]:
    return report.targets(figures, {part: title for part, (title, _) in PARTS.items()})


def tell(console: Console, title: str, figures: Sequence[Figure]) -> None:
    table = Table(*report.HEAD, title=title, title_justify="left")
    for row in report.rows_of(figures):
        table.add_row(*row)
    console.print(table)


def write(bench: Bench, figures: Sequence[Figure], plots: Sequence[Plot]) -> None:
    sections = {part: report.rows_of(figure for figure in figures if figure.part == part) for part in PARTS}
    sections["targets"] = report.rows_of(targets(figures))
    filled = {key: report.as_markdown(rows) for key, rows in sections.items()} | {"conditions": conditions()}
    for page in PAGES:
        if page.exists():
            page.write_text(report.fill(page.read_text(), filled))
    draw(bench, plots)


def draw(bench: Bench, plots: Sequence[Plot]) -> None:
    subprocess.run(  # noqa: S603 - our own module, in the environment that has matplotlib
        [bench.python, "-m", "tests.benchmarks.plots", IMAGES],
        input=json.dumps([asdict(plot) for plot in plots]),
        cwd=PROJECT,
        text=True,
        check=True,
    )


def conditions() -> str:
    """Say when, on what kind of machine and with which versions it was measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("boto3", "requests", "aws-lambda-powertools"))
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, on {os.cpu_count()} cores of {architecture()}, "
        f"with Python {platform.python_version()}, {packages}."
    )


if __name__ == "__main__":
    sys.exit(main())
