"""How fast the scheduler sends: messages a second from one process, over a bare loop of the same requests."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

import boto3

from le_auth.adapters import aws
from le_auth.adapters.refresh_queue import BATCH, RefreshQueue
from le_auth.adapters.token_table import PAGE, TokenTable
from le_auth.domain.scheduled import DueToken
from le_auth.domain.scheduler import Scheduler
from le_auth.domain.users import User
from local.runner.aws import CREDENTIALS, REGION
from local.runner.ports import LOOPBACK
from tests.benchmarks.figures import Figure, Samples
from tests.benchmarks.world import World, stubs
from tests.support.installation import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient

    from tests.benchmarks.bench import Bench

INTERVAL = 30
MISSED = 5
"""Minutes that are caught up: two pages each."""
MESSAGES = 2 * PAGE * MISSED
THREADS = (16, 32, 64)
ROUNDS = 4
AWS_MS = 10


@dataclass(frozen=True, kw_only=True)
class FullSlots(World):
    """A page of users in each slot, and some minutes missed."""

    def answers(self) -> dict[str, Any]:
        finished = {"N": str(int(self.now.timestamp()) // 60 - MISSED)}
        due = [User(account_id=ACCOUNT, user_id=str(number)).pk for number in range(PAGE)]
        return super().answers() | {"due": due, "items": {"#scheduler": {"finished_minute": finished}}}


def measure(bench: Bench) -> Iterator[Figure]:
    world = FullSlots()
    with stubs(bench, world, aws_ms=AWS_MS):
        client = client_of("sqs", world)
        table = TokenTable(client=client_of("dynamodb", world), name="tokens")
        for threads in THREADS:
            with bench.progress.step(f"the scheduler sends {MESSAGES:,} messages, {threads} requests at once"):
                yield from figures_of(world, table, client, threads)


def figures_of(world: World, table: TokenTable, client: SQSClient, threads: int) -> Iterator[Figure]:
    ours, bare, busy = [], [], []
    for _ in range(ROUNDS):
        seconds, processor = taken(lambda: schedule(world, table, client, threads))
        ours.append(MESSAGES / seconds)
        busy.append(processor / MESSAGES * 1e6)
        seconds, _ = taken(lambda: send_bare(world, client, threads))
        bare.append(MESSAGES / seconds)
    name = f"{threads} requests at once"
    yield Figure(
        part="sending",
        what=f"the scheduler, {name}",
        measured=Samples(tuple(ours), "messages/s"),
        peer=Samples(tuple(bare), "messages/s"),
        peer_name="the same requests alone",
    )
    yield Figure(part="sending", what=f"processor time for a message, {name}", measured=Samples(tuple(busy), "µs"))


def url_of(world: World) -> str:
    return f"http://{LOOPBACK}:{world.port}"


def client_of(service: str, world: World) -> Any:
    keys = {name.lower(): value for name, value in CREDENTIALS.items()}
    make: Any = boto3.client
    return make(service, region_name=REGION, endpoint_url=url_of(world), config=aws._config(), **keys)


def taken(work: Any) -> tuple[float, float]:
    """Do it; gives the seconds by the clock, and those of this process's processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def schedule(world: World, table: TokenTable, client: SQSClient, threads: int) -> None:
    queue = RefreshQueue(client=client, url=url_of(world), at_once=threads)
    scheduler = Scheduler(schedule=table, queue=queue, interval=INTERVAL, clock=lambda: world.now)
    done = scheduler.run(event_time=world.now, time_left=lambda: timedelta(minutes=1))
    assert done.due == MESSAGES, done


def send_bare(world: World, client: SQSClient, threads: int) -> None:
    """Send as many messages in the same requests, their text being there already."""
    user = User(account_id=ACCOUNT, user_id="1")
    body = DueToken(user=user, due_at=world.now).write()
    entries: list[Any] = [{"Id": str(number), "MessageBody": body} for number in range(BATCH)]
    with ThreadPoolExecutor(threads) as pool:
        sent = [
            pool.submit(client.send_message_batch, QueueUrl=url_of(world), Entries=entries)
            for _ in batched(range(MESSAGES), BATCH, strict=True)
        ]
    for answer in sent:
        answer.result()
