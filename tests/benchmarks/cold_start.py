"""Cold starts: import, set-up and first call of each function, over a process that makes a client of DynamoDB.

The rounds alternate: each runs every subject once, one after the other, in a fresh interpreter.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.runner.errors import RunError
from tests.benchmarks.figures import Figure, Plot, Samples, Target
from tests.benchmarks.invocations import events_of
from tests.benchmarks.world import World, stubs
from tests.support.api_events import api_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.benchmarks.bench import Bench

ROUNDS = 13
BASE = "boto3.client"
TARGETS = {
    "launch": Target(at_most=0.30),
    "launch, host looked up": Target(at_most=0.75),
    "callback": Target(at_most=1.20),
}
PEERS = {
    "Slack Bolt's install on Lambda": "Slack Bolt",
    "authlib's authorize URL": "authlib",
    "authlib's login in Flask": "authlib, Flask",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is started: a name of `measured/subjects.py`, its arguments, and its variables."""

    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One cold start, in milliseconds."""

    wall: float
    cpu: float


def measure(bench: Bench) -> Iterator[Figure | Plot]:
    world = World()
    subjects = subjects_of(bench, world)
    starts: dict[str, list[Start]] = defaultdict(list)
    with stubs(bench, world), bench.progress.step(f"cold starts, {ROUNDS} rounds"):
        for name in subjects:
            start(bench, subjects[name])  # reads all files once
        for _ in range(ROUNDS):
            for name, subject in subjects.items():
                starts[name].append(start(bench, subject))
    figures = [figure_of(name, starts[name], starts[BASE]) for name in subjects if name != BASE]
    yield from figures
    yield Plot(
        name="cold-starts",
        title="Import and first call, as a share of making a DynamoDB client",
        kind="bars",
        lines={"ratio": [(figure.what, figure.ratio or 0.0) for figure in figures]},
    )


def figure_of(name: str, starts: Sequence[Start], base: Sequence[Start]) -> Figure:
    return Figure(
        part="cold-start",
        what=name,
        measured=Samples(tuple(start.wall for start in starts), "ms"),
        peer=Samples(tuple(start.wall for start in base), "ms"),
        peer_name=BASE,
        target=TARGETS.get(name),
    )


def subjects_of(bench: Bench, world: World) -> dict[str, Subject]:
    """Give all that is started, the base first."""
    events = events_of(world)
    files = {name: bench.event_file(name, event) for name, event in (events | {"peer": peer_event()}).items()}
    environment = world.environment()

    def function(name: str, environment: Mapping[str, str]) -> Subject:
        command = ["function", str(files[name]), str(bench.function(name)), str(bench.layer)]
        return Subject(command=command, environment=environment)

    def other(subject: str) -> Subject:
        return Subject(command=[subject, str(files["peer"])], environment=environment | slack_settings())

    return {
        BASE: other("boto3"),
        "launch": function("launch", environment),
        "launch, host looked up": function("launch", world.environment(pinned=False)),
        **{name: function(name, environment) for name in events if name != "launch"},
        **{name: other(subject) for name, subject in PEERS.items()},
    }


def peer_event() -> dict[str, Any]:
    return {**api_event("/slack/install"), "queryStringParameters": {}}


def slack_settings() -> dict[str, str]:
    names = ("CLIENT_ID", "CLIENT_SECRET", "SIGNING_SECRET", "STATE_S3_BUCKET_NAME", "INSTALLATION_S3_BUCKET_NAME")
    return {f"SLACK_{name}": name.lower() for name in names} | {"SLACK_SCOPES": "chat:write"}


def start(bench: Bench, subject: Subject) -> Start:
    """Start once.

    Raises:
        RunError: it failed, or did not answer as it should.
    """
    wall, cpu, status = bench.run("cold.py", *subject.command, environment=subject.environment)
    if status >= 400:
        raise RunError(f"{subject.command[0]} answered {status}")
    return Start(wall=wall, cpu=cpu)
