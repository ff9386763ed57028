"""The schedule, the queue and the worker's concurrency."""

from datetime import timedelta
from typing import Any

import pytest

from functions.refresh_worker import app
from le_auth.domain.on_demand import LONGEST_WAIT
from le_auth.domain.refresh import LONGEST
from le_auth.domain.rescue import rescue_pause
from tests.support.processed_template import only_resource_of_type, processed, properties, resources_of_type, written


def test_the_scheduler_runs_at_every_minute() -> None:
    schedule = only_resource_of_type("AWS::Scheduler::Schedule")

    assert schedule["ScheduleExpression"] == "cron(* * * * ? *)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": ["RefreshSchedulerFunction", "Arn"]}
    assert schedule["Target"]["RoleArn"] == {"Fn::GetAtt": ["ScheduleRole", "Arn"]}


def test_a_missed_minute_is_retried_neither_by_the_schedule_nor_by_the_function() -> None:
    target = only_resource_of_type("AWS::Scheduler::Schedule")["Target"]
    invocation = only_resource_of_type("AWS::Lambda::EventInvokeConfig")

    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert invocation["MaximumRetryAttempts"] == 0
    assert invocation["FunctionName"] == {"Ref": "RefreshSchedulerFunction"}


def test_the_schedules_event_is_the_usual_one_whose_time_the_scheduler_reads() -> None:
    assert "Input" not in only_resource_of_type("AWS::Scheduler::Schedule")["Target"]


def test_a_message_stays_hidden_for_six_times_the_workers_time_out_and_the_batching_window() -> None:
    window = mapping_of("RefreshQueue")["MaximumBatchingWindowInSeconds"]
    time_out = properties("RefreshWorkerFunction")["Timeout"]

    assert properties("RefreshQueue")["VisibilityTimeout"] >= 6 * time_out + window
    assert properties("RescueQueue")["VisibilityTimeout"] >= 6 * time_out


def mapping_of(queue: str) -> dict[str, Any]:
    (mapping,) = [
        each["Properties"]
        for each in resources_of_type("AWS::Lambda::EventSourceMapping").values()
        if each["Properties"]["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    ]
    found: dict[str, Any] = mapping
    return found


def test_rescues_are_tried_as_often_and_kept_as_long_as_a_queue_can() -> None:
    queue = properties("RescueQueue")

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["RescueDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 1000,
    }
    tried_for = sum((rescue_pause(receives) for receives in range(1, 1001)), timedelta())
    assert timedelta(days=2.5) < tried_for
    assert queue["MessageRetentionPeriod"] > tried_for.total_seconds()


@pytest.mark.parametrize("queue", ["RescueQueue", "RescueDeadLetterQueue"])
def test_rescued_tokens_outlive_their_stack(queue: str) -> None:
    assert processed()["Resources"][queue]["DeletionPolicy"] == "Retain"
    assert processed()["Resources"][queue]["UpdateReplacePolicy"] == "Retain"
    assert properties(queue)["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_the_worker_lands_rescues_and_reports_the_failed_ones_only() -> None:
    mapping = mapping_of("RescueQueue")

    assert mapping["FunctionName"] == {"Ref": "RefreshWorkerFunction"}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_an_on_demand_refresh_that_is_begun_can_be_finished() -> None:
    assert properties("AccessTokenFunction")["Timeout"] > (LONGEST + LONGEST_WAIT).total_seconds()


def test_a_message_is_given_up_after_50_receives_and_lives_long_enough_for_them() -> None:
    queue = properties("RefreshQueue")

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["RefreshDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 50,
    }
    assert queue["MessageRetentionPeriod"] > 50 * queue["VisibilityTimeout"]


def test_dead_letters_are_kept_as_long_as_the_queue_can() -> None:
    assert properties("RefreshDeadLetterQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("queue", ["RefreshQueue", "RefreshDeadLetterQueue", "RescueQueue", "RescueDeadLetterQueue"])
def test_queues_are_encrypted(queue: str) -> None:
    assert properties(queue)["SqsManagedSseEnabled"] is True


def test_the_worker_takes_batches_of_100_and_reports_the_failed_messages_only() -> None:
    mapping = mapping_of("RefreshQueue")

    assert mapping["FunctionName"] == {"Ref": "RefreshWorkerFunction"}
    assert mapping["BatchSize"] == 100
    assert mapping["MaximumBatchingWindowInSeconds"] == 1
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_queue_starts_as_many_workers_as_the_mapping_says() -> None:
    events = written()["Resources"]["RefreshWorkerFunction"]["Properties"]["Events"]

    assert events["RefreshQueue"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] == {
        "Fn::FindInMap": ["RefreshConcurrency", {"Ref": "MaxConcurrentRefreshes"}, "Workers"]
    }
    assert "ReservedConcurrentExecutions" not in properties("RefreshWorkerFunction")


def shares() -> list[tuple[int, int]]:
    """Give each number of refreshes at once that may be asked for, and the workers that it makes."""
    mapping = processed()["Mappings"]["RefreshConcurrency"]
    return [(int(refreshes), each["Workers"]) for refreshes, each in mapping.items()]


@pytest.mark.parametrize(("refreshes", "workers"), shares())
def test_workers_times_threads_are_the_refreshes_at_once_that_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, refreshes: int, workers: int
) -> None:
    monkeypatch.setenv("MAX_CONCURRENT_REFRESHES", str(refreshes))

    threads = app.the_number_of_threads.__wrapped__()

    assert workers * threads == refreshes
    assert threads <= 32, "more do not make a worker faster"


def test_without_a_number_a_worker_has_the_threads_of_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAX_CONCURRENT_REFRESHES", raising=False)
    default = processed()["Parameters"]["MaxConcurrentRefreshes"]["Default"]

    assert app.the_number_of_threads.__wrapped__() * dict(shares())[default] == default


def test_every_number_of_refreshes_that_may_be_asked_for_has_its_shares() -> None:
    allowed = processed()["Parameters"]["MaxConcurrentRefreshes"]["AllowedValues"]

    assert allowed == [refreshes for refreshes, _ in shares()]


def test_sqs_starts_at_least_two_and_at_most_a_thousand_workers() -> None:
    assert all(2 <= workers <= 1000 for _, workers in shares())


def test_the_scheduler_has_a_whole_processor() -> None:
    """Lambda gives one at 1,769 MB; with less, a minute is too short for millions of users (docs/scaling.md)."""
    assert properties("RefreshSchedulerFunction")["MemorySize"] == 1769
