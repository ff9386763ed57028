"""Draws the dashboard's widgets as a picture, where they lie and with the metrics that were recorded.

    python -m tests.load.dashboard.draw RECORDED PICTURE

It runs in the environment that has matplotlib. The titles of what was drawn are kept in the picture itself, so that a
test can hold them against the template.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image, PngImagePlugin

from tests.load.dashboard.series import Sample, lines_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TITLES = "Widgets"
"""Key of the picture's text that has the titles of the widgets drawn."""
COLUMNS = 24
"""Of a CloudWatch dashboard's grid."""
STEP_SECONDS = 10.0
"""In place of the widgets' periods of one and five minutes: a recorded run is short."""
_INCHES_A_COLUMN, _INCHES_A_ROW = 0.55, 0.4
_DOTS_AN_INCH = 100
_COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#17becf")
_GREY = "#687078"
_STYLE = {"font.size": 7.5, "axes.titlesize": 9, "axes.edgecolor": "#d5dbdb", "text.color": "#16191f"}


def draw(recorded: Mapping[str, Any]) -> Figure:
    """Draw all widgets of the recorded dashboard."""
    widgets: Sequence[Any] = recorded["dashboard"]["widgets"]
    samples = [Sample(**sample) for sample in recorded["samples"]]
    rows = max(widget["y"] + widget["height"] for widget in widgets)
    figure = Figure(figsize=(COLUMNS * _INCHES_A_COLUMN, rows * _INCHES_A_ROW), dpi=_DOTS_AN_INCH, facecolor="white")
    for widget in widgets:
        _draw_widget(figure, widget, samples, rows=rows, began=recorded["began"], ended=recorded["ended"])
    return figure


def _draw_widget(
    figure: Figure, widget: Mapping[str, Any], samples: Sequence[Sample], *, rows: int, began: float, ended: float
) -> None:
    axes = figure.add_axes(_place(widget, rows))
    axes.set_title(widget["properties"]["title"], loc="left", fontweight="bold", pad=5)
    lines, highest = lines_of(widget, samples, step=STEP_SECONDS), 0.0
    for number, line in enumerate(lines):
        minutes, values = [(at - began) / 60 for at, _ in line.points], [value for _, value in line.points]
        axes.plot(
            minutes,
            values,
            label=line.label,
            color=_COLOURS[number % len(_COLOURS)],
            linewidth=1.2,
            marker="o",
            markersize=2,
        )
        highest = max([highest, *values])
    for mark in widget["properties"].get("annotations", {}).get("horizontal", ()):
        axes.axhline(mark["value"], color=_GREY, linewidth=1, linestyle="--")
        axes.text(0, mark["value"] * 0.98, mark["label"], color=_GREY, va="top")
        highest = max(highest, mark["value"])
    if not any(line.points for line in lines):
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color=_GREY)
    _dress(axes, minutes=(ended - began) / 60, highest=highest)


def _place(widget: Mapping[str, Any], rows: int) -> tuple[float, float, float, float]:
    """Give left, bottom, width and height of a graph, as parts of the picture, with room for what is around it."""
    left, top = widget["x"] / COLUMNS, widget["y"] / rows
    width, height = widget["width"] / COLUMNS, widget["height"] / rows
    return left + 0.035, 1 - top - height + 0.062, width - 0.05, height - 0.098


def _dress(axes: Any, *, minutes: float, highest: float) -> None:
    axes.set_xlim(-0.02 * minutes, minutes)
    axes.set_ylim(0, highest * 1.12 or 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:.0f} min")
    axes.grid(axis="y", color="#eaeded", linewidth=0.8)
    axes.tick_params(colors=_GREY, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(-0.02, -0.12),
            ncols=4,
            frameon=False,
            fontsize=6.8,
            handlelength=1,
            columnspacing=1,
            borderaxespad=0,
        )


def save(figure: Figure, path: Path) -> None:
    """Write a PNG, small by a palette, with the titles of what was drawn in it."""
    figure.savefig(path)
    text = PngImagePlugin.PngInfo()
    text.add_text(TITLES, json.dumps([axes.get_title(loc="left") for axes in figure.axes]))
    with Image.open(path) as drawn:
        drawn.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True, pnginfo=text)


if __name__ == "__main__":
    mpl.rcParams.update(_STYLE)
    save(draw(json.loads(Path(sys.argv[1]).read_text())), Path(sys.argv[2]))
