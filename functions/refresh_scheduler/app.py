"""Every minute: sends a message for each token whose slot is due. Wakes no user and spends no token itself."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from le_auth import cold_start, observe
from le_auth.adapters import aws
from le_auth.adapters.refresh_queue import RefreshQueue
from le_auth.domain.scheduler import Round, Scheduler
from le_auth.settings import Environment, read_interval
from le_auth.wiring import count_down, make_table, utc_now

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def the_scheduler() -> Scheduler:
    environment = Environment.of_process()
    return Scheduler(
        schedule=make_table(environment),
        queue=RefreshQueue(client=aws.sqs(), url=environment.text("REFRESH_QUEUE_URL")),
        interval=int(read_interval(environment).total_seconds()) // 60,
        clock=utc_now,
    )


def lambda_handler(event: object, context: LambdaContext) -> dict[str, object]:
    logger = observe.the_logger()
    logger.set_correlation_id(context.aws_request_id)
    time_left = count_down(context)
    try:
        done = the_scheduler().run(event_time=read_time(event), time_left=time_left)
        report(done)
    finally:
        observe.flush_metrics()
        cold_start.end()
    return {"minutes": done.minutes, "due": done.due, "complete": done.complete}


def read_time(event: object) -> datetime:
    """Give when the schedule fired; where the event does not say, it is now."""
    text = event.get("time") if isinstance(event, dict) else None
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        observe.the_logger().error("the event has no time; the clock's is taken")
        return utc_now()
    return time


def report(done: Round) -> None:
    observe.count("TokensDue", done.due)
    if done.skipped:
        observe.count("KeysSkipped", done.skipped)
        observe.the_logger().error("skipped what is no user's key in the index", extra={"keys": done.skipped})
    fields = {"minutes": done.minutes, "due": done.due}
    if done.complete:
        observe.the_logger().info("sent what is due", extra=fields)
    else:
        observe.the_logger().warning("time ran out; the next minute goes on", extra=fields)
