"""How large functions and layer are, unzipped: what Lambda fetches and unpacks at a cold start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.figures import Figure, Samples, Target
from tests.support.template import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.bench import Bench

_MOST = Target(at_most=30)


def measure(bench: Bench) -> Iterator[Figure]:
    layer, functions = size_of(bench.layer), sum(size_of(bench.function(name)) for name in FUNCTIONS)
    yield _figure("shared layer", layer)
    yield _figure(f"{len(FUNCTIONS)} functions", functions)
    yield _figure("functions and layer", layer + functions, _MOST)


def size_of(folder: Path) -> int:
    """Give the bytes of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _figure(what: str, size: int, target: Target | None = None) -> Figure:
    return Figure(part="size", what=what, measured=Samples((size / 1e6,), "MB"), target=target)
