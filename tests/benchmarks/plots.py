"""Draws plots to SVG. Runs in the environment that is measured, which has matplotlib: plots as JSON come by stdin.

python -m tests.benchmarks.plots FOLDER <plots.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    # Letters stay text: small files, and the reader's own font.
    "svg.fonttype": "none",
    # The same plots give the same file.
    "svg.hashsalt": "le-app-auth",
    # White also where the page around it is dark.
    "savefig.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.prop_cycle": mpl.cycler(color=["#1f5fa8", "#c2571a", "#3c7d3c", "#7a4a9e"]),
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        for plot in json.load(sys.stdin):
            draw(plot, folder / f"{plot['name']}.svg")


def draw(plot: dict[str, Any], path: Path) -> None:
    bars = plot["kind"] == "bars"
    longest = max(len(points) for points in plot["lines"].values())
    figure, axes = plt.subplots(figsize=(7, 0.7 + 0.34 * longest if bars else 3.6), layout="constrained")
    (draw_bars if bars else draw_lines)(axes, plot)
    axes.set_title(plot["title"], loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel(plot["x_label"])
    axes.set_ylabel(plot["y_label"])
    for axis in plot["log"]:
        getattr(axes, f"set_{axis}scale")("log")
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


def draw_bars(axes: Any, plot: dict[str, Any]) -> None:
    """One bar for each name, the first on top, its value beside it."""
    ((_, points),) = plot["lines"].items()
    bars = axes.barh([name for name, _ in points], [value for _, value in points], height=0.65)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.grid(axis="x", color="#dddddd")


def draw_lines(axes: Any, plot: dict[str, Any]) -> None:
    for label, points in plot["lines"].items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", markersize=4, label=label)
    axes.grid(color="#dddddd")
    axes.set_ylim(bottom=None if "y" in plot["log"] else 0)
    if len(plot["lines"]) > 1:
        axes.legend(frameon=False)


if __name__ == "__main__":
    main()
