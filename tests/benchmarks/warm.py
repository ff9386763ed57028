"""Warm calls: redirects against the peers', callback and vend against the same requests without anything around them."""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.benchmarks import invocations
from tests.benchmarks.cold_start import PEERS, peer_event, slack_settings
from tests.benchmarks.figures import Figure, Samples, Target
from tests.benchmarks.world import World, stubs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.bench import Bench

CALLS = 300
ROUNDS = 5
CALLBACK = Target(at_most=1.10)


def measure(bench: Bench) -> Iterator[Figure]:
    world = World()
    with stubs(bench, world), bench.progress.step("warm calls"):
        yield from redirects(bench, world)
        events = [invocations.callback(world) for _ in range(CALLS + 20)]
        yield paired(
            bench,
            world,
            "callback",
            events,
            peer_name="its POST and two writes, bare",
            target=CALLBACK,
            what="callback",
        )
        vend = invocations.events_of(world)["access_token"]
        yield paired(
            bench, world, "access_token", [vend] * (CALLS + 20), peer_name="one consistent read, bare", what="vend"
        )


def redirects(bench: Bench, world: World) -> Iterator[Figure]:
    """Call launch and the peers in processes of their own, which take turns."""
    launch = bench.event_file("launch", invocations.events_of(world)["launch"])
    peer = bench.event_file("peer", peer_event())
    commands: dict[str, tuple[object, ...]] = {
        "launch": ("function", launch, CALLS, bench.function("launch"), bench.layer),
        **{name: (subject, peer, CALLS) for name, subject in PEERS.items()},
    }
    environment = world.environment() | slack_settings()
    medians: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, command in commands.items():
            medians[name].append(median(bench.run("again.py", *command, environment=environment)))
    ours = Samples(tuple(medians["launch"]), "ms")
    for name in PEERS:
        theirs = Samples(tuple(medians[name]), "ms")
        yield Figure(part="warm", what="launch", measured=ours, peer=theirs, peer_name=name)


def paired(
    bench: Bench,
    world: World,
    function: str,
    events: list[dict[str, Any]],
    *,
    what: str,
    peer_name: str,
    target: Target | None = None,
) -> Figure:
    file = bench.event_file(f"{function}-many", events)
    command = (function, file, CALLS, bench.function(function), bench.layer)
    times = bench.run("paired.py", *command, environment=world.environment())
    ours, bare = (Samples(tuple(times[name]), "ms") for name in ("ours", "bare"))
    return Figure(part="warm", what=what, measured=ours, peer=bare, peer_name=peer_name, target=target)
