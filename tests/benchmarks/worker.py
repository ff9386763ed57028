"""The refresh worker on one core, against a bare loop of the same requests: throughput and CPU, by number of threads.

The stubs, on the other core, take 50 ms for a refresh and 5 ms for a write. Both work off batches as large as the
queue delivers them, with a pool of threads for each batch, as a function has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import invocations
from tests.benchmarks.figures import Figure, Plot, Samples, Target
from tests.benchmarks.world import World, stubs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.bench import Bench

SENTINEL_MS, AWS_MS = 50, 5
PLANS = {1: (20, 2), 8: (100, 5), 16: (100, 8), 32: (100, 16), 64: (100, 12)}
"""{threads: (messages of a batch, rounds)}"""
DEPLOYED = 32
THROUGHPUT = Target(at_least=0.90)


def measure(bench: Bench) -> Iterator[Figure | Plot]:
    world = World()
    throughput: dict[str, list[tuple[float | str, float]]] = {"refresh worker": [], "bare loop": []}
    with stubs(bench, world, sentinel_ms=SENTINEL_MS, aws_ms=AWS_MS), bench.progress.step("refreshing"):
        for threads in PLANS:
            figures = at(bench, world, threads)
            yield from figures
            speed = figures[0]
            throughput["refresh worker"].append((threads, speed.measured.median))
            throughput["bare loop"].append((threads, speed.peer.median if speed.peer is not None else 0))
    yield Plot(
        name="refresh-throughput",
        title="Refreshes per second on one core, 50 ms at Sentinel, 5 ms at the table",
        x_label="threads",
        y_label="refreshes per second",
        lines=throughput,
    )


def at(bench: Bench, world: World, threads: int) -> list[Figure]:
    """Measure throughput and CPU with so many threads."""
    size, rounds = PLANS[threads]
    event = bench.event_file("batch", invocations.batch(world, world.users[:size]))
    command = (event, threads, rounds, bench.function("refresh_worker"), bench.layer)
    told = bench.run("refreshing.py", *command, environment=world.environment())
    units = ("per second", "ms CPU")
    (speed, cpu), (bare_speed, bare_cpu) = (
        [Samples(tuple(values), unit) for values, unit in zip(zip(*told[who], strict=True), units, strict=True)]
        for who in ("ours", "bare")
    )
    words = f"{threads} thread{'s' if threads > 1 else ''}"
    target = THROUGHPUT if threads == DEPLOYED else None
    return [
        Figure(
            part="worker",
            what=f"refreshes, {words}",
            measured=speed,
            peer=bare_speed,
            peer_name="bare loop",
            target=target,
        ),
        Figure(part="worker", what=f"CPU of one, {words}", measured=cpu, peer=bare_cpu, peer_name="bare loop"),
    ]
