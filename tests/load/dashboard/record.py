"""Records what the dashboard shows, from a short load of the local stack with faults.

    python -m tests.load.dashboard.record FILE

Our own metrics come from the functions' logs, in the embedded metric format; durations from the lines that Lambda adds
there. The emulator has no metrics of its own for queues, so they are looked at every two seconds; the age of a queue's
oldest message is taken from when the queue was last seen empty.
"""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from rich.console import Console

from local.runner.log_lines import short_name
from local.runner.logs import LogTail
from local.runner.options import SIMULATED_ACCOUNT, Options
from local.runner.places import PROJECT, Places
from local.runner.ports import free_port
from local.runner.progress import Told
from local.runner.signals import stopping_on_signals
from local.runner.stack import Stack, running_stack
from tests.load.dashboard.series import Sample, read_emf
from tests.load.livepersons_side import LivePersonsSide
from tests.load.person import Person
from tests.load.traffic import Traffic, make_users
from tests.support.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from le_auth.domain.users import User

WAVES, USERS_IN_A_WAVE = 14, 4
_BETWEEN_WAVES = 15.0
_LOOKS_EVERY = 2.0
_QUEUES = ("RefreshQueue", "RescueQueue", "RefreshDeadLetterQueue", "RescueDeadLetterQueue")
_DURATION = re.compile(r"REPORT RequestId: .*?\tDuration: ([0-9.]+) ms")
_FAILED = re.compile(r"\[ERROR\]|.* Task timed out after ")


@dataclass
class Recorder:
    """Looks at one stack."""

    stack: Stack
    samples: list[Sample] = field(default_factory=list)
    _empty_at: dict[str, float] = field(default_factory=dict)

    @cached_property
    def emulator(self) -> Emulator:
        return Emulator(self.stack.aws.endpoint)

    def dashboard(self) -> dict[str, Any]:
        """Give the body of the dashboard as it was deployed."""
        name = self.stack.deployed.outputs["DashboardUrl"].rpartition("/")[2]
        body: dict[str, Any] = json.loads(self.emulator.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
        return body

    @contextmanager
    def watching_queues(self) -> Iterator[None]:
        """Look at the queues in the background."""
        urls = self._queue_urls()
        ended = Event()

        def watch() -> None:
            while not ended.wait(_LOOKS_EVERY):
                self.samples += [sample for url in urls for sample in self._look_at(url)]

        watcher = Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def _queue_urls(self) -> list[str]:
        listed = self.emulator.cloudformation.describe_stack_resources(StackName="le-app-auth")["StackResources"]
        return [each["PhysicalResourceId"] for each in listed if each["LogicalResourceId"] in _QUEUES]

    def _look_at(self, url: str) -> Iterator[Sample]:
        told = self.emulator.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting, now = int(told["ApproximateNumberOfMessages"]), time.time()
        if not waiting:
            self._empty_at[url] = now
        age = now - self._empty_at.setdefault(url, now)
        for name, value in (("ApproximateNumberOfMessagesVisible", waiting), ("ApproximateAgeOfOldestMessage", age)):
            dimensions = {"QueueName": url.rpartition("/")[2]}
            yield Sample(at=now, namespace="AWS/SQS", name=name, dimensions=dimensions, values=[value])

    def read_logs(self) -> None:
        functions = {short_name(logical): name for logical, name in self.stack.deployed.functions.items()}
        for event in LogTail(self.stack.aws, self.stack.deployed.functions).read_new():
            self.samples += read_event(functions[event.name], event.at_ms / 1000, event.message)


def read_event(function: str, at: float, message: str) -> Iterator[Sample]:
    """Read the metrics that a line of a function's log stands for."""
    if message.startswith("{") and '"_aws"' in message:
        yield from read_emf(json.loads(message))
        return
    duration = _DURATION.match(message)
    measured = {"Duration": float(duration[1]), "Errors": 0.0} if duration else {}
    if _FAILED.match(message):
        measured = {"Errors": 1.0}
    for name, value in measured.items():
        yield Sample(at=at, namespace="AWS/Lambda", name=name, dimensions={"FunctionName": function}, values=[value])


def warm_up(stack: Stack, liveperson: LivePersonsSide) -> None:
    """Let every function start once: how long that takes is this machine's, not Lambda's."""
    [user] = make_users(1)
    traffic = Traffic(stack=stack, liveperson=liveperson, users=[user])
    traffic.sign_everybody_in()
    visit(stack, name=user.user_id)
    vend(stack, [user])
    traffic.send_for_everybody()
    traffic.settle()


def load(stack: Stack, liveperson: LivePersonsSide) -> None:
    """Sign people in, wave by wave, refresh everybody's tokens, vend some; every so often LivePerson fails."""
    users = make_users(WAVES * USERS_IN_A_WAVE)
    everybody = Traffic(stack=stack, liveperson=liveperson, users=users)
    liveperson.order_faults("token-code", 8, every=8)
    liveperson.order_faults("token-refresh", 16, every=25)
    for wave in range(WAVES):
        newcomers = users[wave * USERS_IN_A_WAVE :][:USERS_IN_A_WAVE]
        replace(everybody, users=newcomers).sign_everybody_in()
        visit(stack, name=str(7_000_000 + wave))
        vend(stack, newcomers)
        replace(everybody, users=users[: (wave + 1) * USERS_IN_A_WAVE]).send_for_everybody()
        time.sleep(_BETWEEN_WAVES)
    everybody.settle()


def visit(stack: Stack, *, name: str) -> None:
    """Sign in and look at the landing page, the session and the example route."""
    person = Person(base_url=stack.base_url, name=name)
    if person.sign_in():
        for path in ("/", "/session", "/example/me"):
            person.visit(path)


def vend(stack: Stack, users: list[User]) -> None:
    function = stack.deployed.outputs["AccessTokenFunctionArn"]
    for user in users:
        event = {"account_id": SIMULATED_ACCOUNT, "user_id": user.user_id}
        stack.aws.functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())


def main(path: Path) -> None:
    progress = Told(Console(highlight=False, soft_wrap=True))
    places = Places(state=PROJECT / ".local" / "dashboard")
    with stopping_on_signals(), running_stack(Options(port=free_port()), places, progress) as stack:
        recorder, liveperson = Recorder(stack), LivePersonsSide(stack.simulator_url or "")
        with progress.step("Warming the functions up"):
            warm_up(stack, liveperson)
        began = time.time()
        with progress.step("Loading the stack, until the last retry is over"), recorder.watching_queues():
            load(stack, liveperson)
        recorder.read_logs()
        document = {
            "began": began,
            "ended": time.time(),
            "dashboard": recorder.dashboard(),
            "samples": [asdict(sample) for sample in recorder.samples if sample.at >= began],
        }
    path.write_text(json.dumps(document))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
