"""The cold start of a whole process, in AWS's runtime interface emulator.

SAM CLI ships the emulator, and `awslambdaric` is the client of the runtime API that Lambda's Python runtimes run. The
emulator starts the process at the first invocation: the time until its answer is interpreter, client, imports and call.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from local.runner.child import Child
from local.runner.places import architecture
from local.runner.ports import LOOPBACK, free_port, is_busy
from tests.benchmarks.bench import ROOT
from tests.benchmarks.figures import Figure, Samples
from tests.benchmarks.invocations import events_of
from tests.benchmarks.world import World, stubs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.bench import Bench

ROUNDS = 7
BASE = "boto3.client in a handler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """A handler `app.lambda_handler` and what it is called with."""

    paths: tuple[Path, ...]
    event: dict[str, Any]


def measure(bench: Bench) -> Iterator[Figure]:
    world = World()
    handlers = {BASE: Handler(paths=(ROOT / "measured" / "boto3_handler",), event={})} | {
        name: Handler(paths=(bench.function(name), bench.layer), event=event)
        for name, event in events_of(world).items()
    }
    times: dict[str, list[float]] = defaultdict(list)
    with stubs(bench, world), bench.progress.step(f"cold starts in the runtime interface emulator, {ROUNDS} rounds"):
        for _ in range(ROUNDS):
            for name, handler in handlers.items():
                times[name].append(first_answer(bench, handler, world.environment()))
    base = Samples(tuple(times[BASE]), "ms")
    for name in handlers:
        if name != BASE:
            measured = Samples(tuple(times[name]), "ms")
            yield Figure(part="whole-process", what=name, measured=measured, peer=base, peer_name=BASE)


def first_answer(bench: Bench, handler: Handler, environment: dict[str, str]) -> float:
    """Start the emulator and give the milliseconds until the first answer.

    Raises:
        RunError: the emulator does not come up.
        ValueError: the function failed.
    """
    web, runtime = free_port(), free_port()
    addresses = [
        f"--runtime-interface-emulator-address={LOOPBACK}:{web}",
        f"--runtime-api-address={LOOPBACK}:{runtime}",
    ]
    client: list[str | Path] = [bench.python, "-B", "-m", "awslambdaric", "app.lambda_handler"]
    command = [emulator(bench), *addresses, *client]
    settings = environment | {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": os.pathsep.join(map(str, handler.paths)),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
    }
    log = bench.places.logs / "emulator.log"
    with Child("the runtime interface emulator", command, env=settings, log=log, cwd=handler.paths[0]) as child:
        child.wait_until(lambda: is_busy(web), seconds=20)
        begun = time.perf_counter()
        answer = requests.post(
            f"http://{LOOPBACK}:{web}/2015-03-31/functions/function/invocations", json=handler.event, timeout=60
        ).json()
        taken = time.perf_counter() - begun
    if "errorMessage" in answer or answer.get("statusCode", 200) >= 400:
        raise ValueError(f"{handler.paths[0].name} failed: {answer}")
    return taken * 1000


def emulator(bench: Bench) -> Path:
    folder = bench.places.tools / "sam" / "lib" / "python3.13" / "site-packages" / "samcli" / "local" / "rapid"
    return folder / f"aws-lambda-rie-{architecture()}"
