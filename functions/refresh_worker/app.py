"""Works off RefreshQueue: a batch of due tokens, refreshed in threads that have all ended when the handler returns."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from le_auth import observe
from le_auth.adapters import aws
from le_auth.adapters.refresh_queue import RefreshQueue
from le_auth.domain.refresh import Refresher
from le_auth.domain.scheduled import Batch, DueToken, Result, ScheduledRefresh, unexpected
from le_auth.settings import Environment, read_app_installs, read_idle, read_interval
from le_auth.wiring import (
    make_app_install_secrets,
    make_sealing_keys,
    make_sentinels,
    make_table,
    make_token_endpoint,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_lambda_powertools.utilities.typing import LambdaContext

    type Record = Mapping[str, Any]

KEPT_FOR_THE_QUEUE = timedelta(seconds=5)


@cache
def the_refresh() -> ScheduledRefresh:
    environment = Environment.of_process()
    table = make_table(environment)
    interval = read_interval(environment)
    refresher = Refresher(
        app_installs=read_app_installs(environment),
        sentinels=make_sentinels(environment),
        secrets=make_app_install_secrets(environment),
        sealers=make_sealing_keys(environment),
        endpoint=make_token_endpoint(environment),
        store=table,
        clock=utc_now,
        pause=lambda pause: time.sleep(pause.total_seconds()),
        interval=interval,
    )
    return ScheduledRefresh(refresher=refresher, store=table, interval=interval, idle=read_idle(environment))


@cache
def the_queue() -> RefreshQueue:
    return RefreshQueue(client=aws.sqs(), url=Environment.of_process().text("REFRESH_QUEUE_URL"))


@cache
def the_number_of_threads() -> int:
    return Environment.of_process().number("WORKER_THREADS", 32, least=1, most=64)


def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, object]:
    observe.the_logger().set_correlation_id(context.aws_request_id)
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    try:
        results = work(event["Records"], Batch(ends_at=utc_now() + remaining - KEPT_FOR_THE_QUEUE))
        for _, result in results:
            report(result)
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in return_unfinished(results)]}
    finally:
        observe.flush_metrics()


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


def return_unfinished(results: Sequence[tuple[Record, Result]]) -> list[str]:
    """Let unfinished messages come back when it is their time; gives their ids, so that Lambda does not delete them."""
    unfinished = [(record, pause) for record, result in results if (pause := result.retry_after) is not None]
    try:
        refused = the_queue().return_later({record["receiptHandle"]: pause for record, pause in unfinished})
    except Exception as error:  # noqa: BLE001 - what was refreshed is done all the same
        observe.log_unexpected(error)
        refused = len(unfinished)
    if refused:
        observe.the_logger().warning("messages come back late", extra={"messages": refused})
    return [record["messageId"] for record, _ in unfinished]


def report(result: Result) -> None:
    fields = {"account_id": result.user.account_id, "user_id": result.user.user_id, "reason": result.reason}
    logger = observe.the_logger()
    match result.outcome:
        case "refreshed":
            observe.count("TokenRefreshed")
            if result.token_age is not None:
                observe.record_seconds("TokenAgeAtRefreshSeconds", result.token_age.total_seconds())
            logger.info("refreshed", extra=fields)
        case "failed":
            observe.count("RefreshFailed", error_class=result.error_class or "transient")
            if result.error_class == "permanent":
                observe.count("RotationLost" if result.reason == "rotation_lost" else "AuthorizationLost")
            level = logger.error if result.error_class in {"permanent", "configuration"} else logger.warning
            level("refresh failed", extra={**fields, "error_class": result.error_class, **_pause(result)})
        case "left":
            logger.info("left alone", extra={**fields, **_pause(result)})


def _pause(result: Result) -> dict[str, int]:
    return {} if result.retry_after is None else {"retry_after_seconds": int(result.retry_after.total_seconds())}
