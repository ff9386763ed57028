"""What keeps the tokens fresh: schedule, scheduler, worker, queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from operator_cli.checks.finding import failed, ok, warning
from operator_cli.dead_letters import DeadLetterQueue, count_messages
from operator_cli.output import age, count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from le_auth.domain.checkpoint import Checkpoint
    from operator_cli.checks.examination import Examination
    from operator_cli.checks.finding import Finding
    from operator_cli.dead_letters import QueueCounts

_SCHEDULE = "RefreshSchedulerFunctionEveryMinute"
_SOURCES = {"RefreshQueue": "RefreshWorkerFunctionRefreshQueue", "RescueQueue": "RefreshWorkerFunctionRescueQueue"}
_DEPLOY_ANEW = "Deploy the stack anew: make deploy"
_MISSES_AFTER = timedelta(minutes=5)
_LOOKS, _LOOKS_EVERY = 4, timedelta(seconds=3)


def check_schedule(examination: Examination) -> Iterator[Finding]:
    """Look whether EventBridge Scheduler calls the scheduler."""
    name = examination.resources.get(_SCHEDULE)
    state = None
    if name is not None:
        try:
            state = str(examination.run.clients.scheduler.get_schedule(Name=name)["State"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                raise
    yield judge_schedule(state)


def judge_schedule(state: str | None) -> Finding:
    if state is None:
        return failed("schedule", "The schedule is gone: no token is refreshed.", _DEPLOY_ANEW)
    if state != "ENABLED":
        return failed(
            "schedule",
            "The schedule is switched off: no token is refreshed.",
            "Enable it in EventBridge Scheduler, or deploy the stack anew.",
        )
    return ok("schedule", "The schedule is enabled.")


def check_scheduler(examination: Examination) -> Iterator[Finding]:
    """Look at the minute that was worked off last."""
    yield judge_checkpoint(examination.run.table.find_checkpoint(), now=examination.run.now)


def judge_checkpoint(checkpoint: Checkpoint | None, *, now: datetime) -> Finding:
    remedy = "See the log of refresh_scheduler and docs/runbook.md#tokens-due-missing."
    if checkpoint is None:
        return failed("scheduler", "The scheduler has not finished a minute yet.", f"Just deployed? Wait. {remedy}")
    finished_at = datetime.fromtimestamp((checkpoint.finished_minute + 1) * 60, UTC)
    if now - finished_at > _MISSES_AFTER:
        return failed("scheduler", f"The scheduler finished its last minute {age(finished_at, now=now)} ago.", remedy)
    return ok("scheduler", "The scheduler runs every minute.")


def check_worker(examination: Examination) -> Iterator[Finding]:
    """Look whether the worker is given what the queues hold."""
    for queue, logical_id in _SOURCES.items():
        state = None
        uuid = examination.resources.get(logical_id)
        if uuid is not None:
            try:
                state = examination.run.clients.functions.get_event_source_mapping(UUID=uuid)["State"]
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
                    raise
        yield judge_source(queue, state)


def judge_source(queue: str, state: str | None) -> Finding:
    if state == "Enabled":
        return ok("worker", f"The worker takes what {queue} holds.")
    if state in {"Creating", "Enabling", "Updating"}:
        return warning("worker", f"The worker is being attached to {queue}.", "Run this again in a minute.")
    found = "is gone" if state is None else f"is {state.lower()}"
    return failed(
        "worker",
        f"The worker gets nothing of {queue}: its event source {found}.",
        f"Enable it in Lambda. {_DEPLOY_ANEW}" if state is None else "Enable the trigger of refresh_worker in Lambda.",
    )


def check_queue(examination: Examination) -> Iterator[Finding]:
    """Look some seconds long whether RefreshQueue is worked off."""
    run, url = examination.run, examination.stack.output("RefreshQueueUrl")
    first = later = count_messages(run.clients.sqs, url)
    for _ in range(_LOOKS):
        if not is_stuck(first, later):
            break
        run.surroundings.pause(_LOOKS_EVERY)
        later = count_messages(run.clients.sqs, url)
    yield judge_queue(first, later)


def is_stuck(first: QueueCounts, later: QueueCounts) -> bool:
    """Tell whether messages wait that nobody takes."""
    return 0 < first.visible <= later.visible and later.in_flight <= first.in_flight


def judge_queue(first: QueueCounts, later: QueueCounts) -> Finding:
    if is_stuck(first, later):
        return failed(
            "queue",
            f"{count_of(later.visible, 'refresh waits', 'refreshes wait')} and nothing takes them.",
            "See the log of refresh_worker and docs/runbook.md#refresh-queue-age.",
        )
    return ok("queue", f"The queue drains; {count_of(later.in_flight, 'message')} in work or awaiting another try.")


def check_dead_letters(examination: Examination) -> Iterator[Finding]:
    """Look for messages that were given up."""
    for name, queue in (("rescue", "RescueQueue"), ("refresh", "RefreshQueue")):
        dead = DeadLetterQueue.of(examination.run.clients.sqs, examination.stack.output(f"{queue}Url"))
        yield judge_dead_letters(name, queue, dead.count())


def judge_dead_letters(name: str, queue: str, number: int) -> Finding:
    if not number:
        return ok("dead-letters", f"{queue} has no dead letters.")
    return failed(
        "dead-letters",
        f"{queue} has {count_of(number, 'dead letter')}.",
        f"Read docs/runbook.md#{name}-dead-letters, mend the reason, then move them back: le-app-auth replay {name}",
    )


def check_rescues(examination: Examination) -> Iterator[Finding]:
    """Look for rotated tokens that wait to be saved."""
    yield judge_rescues(count_messages(examination.run.clients.sqs, examination.stack.output("RescueQueueUrl")).total)


def judge_rescues(number: int) -> Finding:
    if not number:
        return ok("rescues", "No rotated token waits to be saved.")
    return failed(
        "rescues",
        f"{count_of(number, 'rotated token waits', 'rotated tokens wait')} in RescueQueue: the table did not take "
        f"{'it' if number == 1 else 'them'}.",
        "The worker keeps trying. docs/runbook.md#rescues-waiting says why a table refuses. Do not purge the queue.",
    )
