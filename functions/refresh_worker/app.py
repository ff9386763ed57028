"""Works off RefreshQueue (due tokens) and RescueQueue (rotated tokens that the table did not take), batch by batch.

All threads of a batch have ended when the handler returns: a frozen thread would go on in a later invocation.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from le_auth import cold_start, observe
from le_auth.adapters import aws
from le_auth.adapters.refresh_queue import RefreshQueue
from le_auth.announce import announce
from le_auth.domain.events import authorizations_lost
from le_auth.domain.rescue import Landing, Rescue, read_rescue, rescue_pause
from le_auth.domain.scheduled import Batch, DueToken, Result, ScheduledRefresh, unexpected
from le_auth.domain.sign_out import SignOut
from le_auth.errors import LeAuthError
from le_auth.settings import Environment, read_idle, read_interval
from le_auth.wiring import count_down, make_back_channel, make_refresher, make_table, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

    type Record = Mapping[str, Any]
    type Unfinished = list[tuple[Record, timedelta]]

KEPT_FOR_THE_QUEUE = timedelta(seconds=5)


@cache
def the_refresh() -> ScheduledRefresh:
    environment = Environment.of_process()
    table, channel = make_table(environment), make_back_channel(environment)
    return ScheduledRefresh(
        refresher=make_refresher(environment, channel=channel, table=table),
        store=table,
        sign_out=SignOut(store=table, channel=channel),
        interval=read_interval(environment),
        idle=read_idle(environment),
    )


@cache
def the_rescue() -> Rescue:
    environment = Environment.of_process()
    table = make_table(environment)
    sign_out = SignOut(store=table, channel=make_back_channel(environment))
    return Rescue(store=table, sign_outs=table, sign_out=sign_out, clock=utc_now)


@cache
def the_queue(name: str) -> RefreshQueue:
    return RefreshQueue(client=aws.sqs(), url=Environment.of_process().text(name))


@cache
def the_number_of_threads() -> int:
    """Give a worker's share of the refreshes at once: the queue starts two workers at least, of up to 32 threads."""
    return min(32, Environment.of_process().number("MAX_CONCURRENT_REFRESHES", 64, least=2, most=16384) // 2)


def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
    observe.the_logger().set_correlation_id(context.aws_request_id)
    time_left = count_down(context, kept=KEPT_FOR_THE_QUEUE)
    try:
        records = event["Records"]
        if are_rescues(records):
            unfinished, queue = land_all(records), "RESCUE_QUEUE_URL"
        else:
            unfinished, queue = refresh_all(records, Batch(time_left=time_left)), "REFRESH_QUEUE_URL"
        return_later(unfinished, queue)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record, _ in unfinished]}
    finally:
        observe.flush_metrics()
        cold_start.end()


def are_rescues(records: Sequence[Record]) -> bool:
    """Tell which queue a batch comes from; Lambda never mixes two."""
    queue = Environment.of_process().text("RESCUE_QUEUE_URL").rpartition("/")[2]
    return bool(records) and str(records[0].get("eventSourceARN", "")).endswith(f":{queue}")


def refresh_all(records: Sequence[Record], batch: Batch) -> Unfinished:
    results = work(records, batch)
    for _, result in results:
        report(result)
    announce(*authorizations_lost(result for _, result in results))
    observe.flush_metrics()  # told before it is noted as told
    for _, result in results:
        if result.error_class == "permanent":
            the_refresh().refresher.note_loss_told(result.user)
    return [(record, pause) for record, result in results if (pause := result.retry_after) is not None]


def work(records: Sequence[Record], batch: Batch) -> list[tuple[Record, Result]]:
    """Refresh what the messages ask for; what is no scheduled message is logged and dropped."""
    due = [(record, token) for record in records if (token := read(record)) is not None]
    refresh = the_refresh()
    with ThreadPoolExecutor(the_number_of_threads()) as threads:
        results = threads.map(lambda token: attempt(refresh, token, batch), [token for _, token in due])
        return [(record, result) for (record, _), result in zip(due, results, strict=True)]


def attempt(refresh: ScheduledRefresh, token: DueToken, batch: Batch) -> Result:
    """Refresh one; a bug that one message meets does not take the others of its batch along."""
    try:
        return refresh.work(token, batch)
    except Exception as error:  # noqa: BLE001 - as above; it is logged
        observe.log_unexpected(error)
        return unexpected(token)


def read(record: Record) -> DueToken | None:
    try:
        return DueToken.read(record["body"])
    except ValueError:
        observe.the_logger().error("dropped what is no scheduled message", extra={"message_id": record["messageId"]})
        return None


def land_all(records: Sequence[Record]) -> Unfinished:
    """Write rescued tokens; those that cannot be written yet come back."""
    rescue = the_rescue()
    with ThreadPoolExecutor(the_number_of_threads()) as threads:
        landed = list(zip(records, threads.map(lambda record: land(rescue, record), records), strict=True))
    for record, landing in landed:  # not in the threads: metrics are not made for several at once
        if landing is not None:
            observe.count("TokenRescued" if landing is Landing.RESCUED else "RescueSettled", reason=landing)
            observe.the_logger().info("rescue settled", extra={"reason": landing, "message_id": record["messageId"]})
    return [(record, pause_of(record)) for record, landing in landed if landing is None]


def land(rescue: Rescue, record: Record) -> Landing | None:
    """Write one; None where it has to come back. Nothing is ever dropped for a failure."""
    try:
        return rescue.land(read_rescue(record["body"]))
    except LeAuthError as error:
        observe.log_error("rescue not written yet", error, message_id=record["messageId"])
    except Exception as error:  # noqa: BLE001 - it is logged, and one message does not take the others along
        observe.log_unexpected(error)
    return None


def pause_of(record: Record) -> timedelta:
    return rescue_pause(int(record["attributes"]["ApproximateReceiveCount"]))


def return_later(unfinished: Unfinished, queue: str) -> None:
    """Let unfinished messages come back when it is their time."""
    try:
        refused = the_queue(queue).return_later({record["receiptHandle"]: pause for record, pause in unfinished})
    except Exception as error:  # noqa: BLE001 - what was done is done all the same
        observe.log_unexpected(error)
        refused = len(unfinished)
    if refused:
        observe.the_logger().warning("messages come back late", extra={"messages": refused})


def report(result: Result) -> None:
    fields = {"account_id": result.user.account_id, "user_id": result.user.user_id, "reason": result.reason}
    logger = observe.the_logger()
    match result.outcome:
        case "refreshed":
            observe.count("TokenRefreshed")
            if result.reason == "rescue_queued":
                observe.count("RescueQueued")
            if result.token_age is not None:
                observe.record_seconds("TokenAgeAtRefreshSeconds", result.token_age.total_seconds())
            logger.info("refreshed", extra=fields)
        case "failed":
            observe.count("RefreshFailed", error_class=result.error_class or "transient")
            if result.error_class == "permanent":
                observe.count("AuthorizationLost", reason=result.reason)
            if result.reason == "rotation_lost":
                observe.count("RotationLost")
            level = logger.error if result.error_class in {"permanent", "configuration"} else logger.warning
            level("refresh failed", extra={**fields, "error_class": result.error_class, **_pause(result)})
        case "revoked":
            logger.info("revoked at LivePerson", extra=fields)
        case "left":
            if result.reason in {"revocation_queued", "left_to_lapse"}:
                observe.count("LateToken", reason=result.reason)
            logger.info("left alone", extra={**fields, **_pause(result)})


def _pause(result: Result) -> dict[str, int]:
    return {} if result.retry_after is None else {"retry_after_seconds": int(result.retry_after.total_seconds())}
