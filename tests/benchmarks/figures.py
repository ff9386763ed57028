"""What the benchmark measures: figures beside the floor or peer that they are held against, and plots."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    type Points = Sequence[tuple[float | str, float]]


@dataclass(frozen=True, slots=True)
class Samples:
    """One quantity, measured several times; what alternated with another one has its values in the same order."""

    values: tuple[float, ...]
    unit: str

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float] | None:
        """The middle half of the values; None where there are too few to say."""
        if len(self.values) < 4:
            return None
        first, _, third = quantiles(self.values, n=4, method="inclusive")
        return first, third


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure is to reach: its ratio to the peer where it has one, else its value."""

    at_most: float | None = None
    at_least: float | None = None

    def is_met_by(self, value: float) -> bool:
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A line of the report.

    Args:
        part: the key of its table, as in `PARTS`.
        peer: what it is held against, measured in the same run; None: it stands for itself.
        peer_name: says what that is.
    """

    part: str
    what: str
    measured: Samples
    peer: Samples | None = None
    peer_name: str = ""
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the peer.

        Where both were measured in turns it is the median of each turn's ratio: what slows the machine down for a
        while slows both.
        """
        if self.peer is None:
            return None
        ours, theirs = self.measured.values, self.peer.values
        if len(ours) == len(theirs):
            return median(our / their for our, their in zip(ours, theirs, strict=True))
        return self.measured.median / self.peer.median

    @property
    def judged(self) -> float:
        """What the target speaks of."""
        return self.measured.median if self.ratio is None else self.ratio

    @property
    def is_met(self) -> bool | None:
        return None if self.target is None else self.target.is_met_by(self.judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot, drawn to docs/images/<name>.svg.

    Args:
        lines: {label: points}; bars have one label for all.
        log: axes with a logarithmic scale, such as "xy".
    """

    name: str
    title: str
    x_label: str = ""
    y_label: str = ""
    kind: Literal["lines", "bars"] = "lines"
    log: str = ""
    lines: Mapping[str, Points]
