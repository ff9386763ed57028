"""The schedule, the queue and the worker's concurrency."""

import pytest

from tests.support.processed_template import only_resource_of_type, processed, properties, written


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
    window = only_resource_of_type("AWS::Lambda::EventSourceMapping")["MaximumBatchingWindowInSeconds"]
    time_out = properties("RefreshWorkerFunction")["Timeout"]

    assert properties("RefreshQueue")["VisibilityTimeout"] >= 6 * time_out + window


def test_a_message_is_given_up_after_50_receives_and_lives_long_enough_for_them() -> None:
    queue = properties("RefreshQueue")

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["RefreshDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 50,
    }
    assert queue["MessageRetentionPeriod"] > 50 * queue["VisibilityTimeout"]


def test_dead_letters_are_kept_as_long_as_the_queue_can() -> None:
    assert properties("RefreshDeadLetterQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("queue", ["RefreshQueue", "RefreshDeadLetterQueue"])
def test_queues_are_encrypted(queue: str) -> None:
    assert properties(queue)["SqsManagedSseEnabled"] is True


def test_the_worker_takes_batches_of_100_and_reports_the_failed_messages_only() -> None:
    mapping = only_resource_of_type("AWS::Lambda::EventSourceMapping")

    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["RefreshQueue", "Arn"]}
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


def test_workers_times_threads_are_the_refreshes_at_once_that_were_asked_for() -> None:
    for refreshes, shares in processed()["Mappings"]["RefreshConcurrency"].items():
        assert shares["Workers"] * int(shares["Threads"]) == int(refreshes)


def test_every_number_of_refreshes_that_may_be_asked_for_has_its_shares() -> None:
    allowed = processed()["Parameters"]["MaxConcurrentRefreshes"]["AllowedValues"]

    assert [str(each) for each in allowed] == list(processed()["Mappings"]["RefreshConcurrency"])


def test_shares_keep_to_what_sqs_starts_and_to_the_threads_that_saturate_a_processor() -> None:
    for shares in processed()["Mappings"]["RefreshConcurrency"].values():
        assert 2 <= shares["Workers"] <= 1000
        assert 1 <= int(shares["Threads"]) <= 32
