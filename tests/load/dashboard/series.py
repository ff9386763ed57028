"""What a dashboard's widgets show of recorded metrics; standard library only, as it runs where the picture is drawn."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Of CloudWatch's search expressions, the form that template.yaml has.
_SEARCH = re.compile(r"""SEARCH\('\{([^}]+)\} service="([^"]+)" MetricName="([^"]+)"', '\w+', \d+\)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was measured at one moment.

    Args:
        at: epoch seconds.
    """

    at: float
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a graph.

    Args:
        points: (epoch seconds, value), without the steps in which nothing was measured.
    """

    label: str
    points: Sequence[tuple[float, float]]


def read_emf(record: Mapping[str, Any]) -> Iterator[Sample]:
    """Read the metrics of a log record in CloudWatch's embedded metric format."""
    told = record["_aws"]
    for directive in told["CloudWatchMetrics"]:
        for group in directive["Dimensions"]:
            for metric in directive["Metrics"]:
                value = record[metric["Name"]]
                yield Sample(
                    at=told["Timestamp"] / 1000,
                    namespace=directive["Namespace"],
                    name=metric["Name"],
                    dimensions={name: str(record[name]) for name in group},
                    values=value if isinstance(value, list) else [value],
                )


def lines_of(widget: Mapping[str, Any], samples: Sequence[Sample], *, step: float) -> list[Line]:
    """Give the lines of a widget, in its order.

    Args:
        step: seconds for which values are put together, in place of the widget's period.
    """
    properties = widget["properties"]
    lines: list[Line] = []
    for metric in properties["metrics"]:
        if isinstance(metric[0], dict):
            lines += _found_lines(metric[0], samples, stat=properties["stat"], step=step)
        else:
            lines.append(_line(metric, samples, stat=properties["stat"], step=step))
    return lines


def _line(metric: Sequence[Any], samples: Sequence[Sample], *, stat: str, step: float) -> Line:
    namespace, name, *pairs, options = metric
    dimensions = dict(zip(pairs[::2], pairs[1::2], strict=True))
    own = [each for each in samples if (each.namespace, each.name, each.dimensions) == (namespace, name, dimensions)]
    return Line(label=options["label"], points=_points(own, stat, step))


def _found_lines(expression: Mapping[str, str], samples: Sequence[Sample], *, stat: str, step: float) -> list[Line]:
    """Give a line for each combination of dimensions that a search finds, labelled by the one that it is about."""
    found = _SEARCH.fullmatch(expression["expression"])
    if found is None:
        raise ValueError(f"This is no search as template.yaml has them: {expression}")
    schema, service, name = found.groups()
    namespace, *dimensions = schema.split(",")
    told = expression["label"].removeprefix("${PROP('Dim.").removesuffix("')}")
    by_value = defaultdict[str, list[Sample]](list)
    for each in samples:
        fits = (each.namespace, each.name, set(each.dimensions)) == (namespace, name, set(dimensions))
        if fits and each.dimensions["service"] == service:
            by_value[each.dimensions[told]].append(each)
    return [Line(label=value, points=_points(own, stat, step)) for value, own in sorted(by_value.items())]


def _points(samples: Sequence[Sample], stat: str, step: float) -> list[tuple[float, float]]:
    steps = defaultdict[float, list[float]](list)
    for each in samples:
        steps[each.at // step * step].extend(each.values)
    return [(at, _statistic(values, stat)) for at, values in sorted(steps.items())]


def _statistic(values: Sequence[float], stat: str) -> float:
    match stat:
        case "Sum":
            return sum(values)
        case "Maximum":
            return max(values)
        case "p95":
            return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    raise ValueError(f"This statistic is not known: {stat}")
