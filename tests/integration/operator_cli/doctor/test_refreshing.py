"""Schedule, queues and tokens: whether they are refreshed in time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.findings import examine, says, verdicts
from tests.support.operated import put_dead_letters

if TYPE_CHECKING:
    from tests.integration.operator_cli.conftest import NewStack
    from tests.support.installation import Installation
    from tests.support.operated import Operated


def schedule_of(installation: Installation, stack: str) -> str:
    client = installation.emulator.cloudformation
    [resource] = client.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return resource["PhysicalResourceId"]


def test_a_schedule_that_is_switched_off_or_gone(operate: Operated, working: Installation) -> None:
    scheduler, name = working.emulator.scheduler, schedule_of(working, operate.stack)
    found = scheduler.get_schedule(Name=name)
    scheduler.update_schedule(
        Name=name,
        State="DISABLED",
        ScheduleExpression=found["ScheduleExpression"],
        FlexibleTimeWindow=found["FlexibleTimeWindow"],
        Target=found["Target"],
    )
    assert verdicts(examine(operate), "schedule") == ["failed"]

    scheduler.delete_schedule(Name=name)
    assert "gone" in says(examine(operate), "schedule")


@pytest.mark.parametrize(("minutes", "verdict"), [(5, "ok"), (7, "failed")])
def test_a_scheduler_that_has_stopped(operate: Operated, working: Installation, minutes: int, verdict: str) -> None:
    working.go_on(timedelta(minutes=minutes))

    assert verdicts(examine(operate), "scheduler") == [verdict]


def test_a_scheduler_that_has_never_run(operate: Operated) -> None:
    assert verdicts(examine(operate), "scheduler") == ["failed"]


def send(installation: Installation, queue: str) -> None:
    installation.emulator.sqs.send_message(QueueUrl=installation.deployed.resources[queue], MessageBody="{}")


def test_a_queue_that_nobody_works_off(operate: Operated, working: Installation) -> None:
    send(working, "RefreshQueue")
    pauses: list[timedelta] = []
    operate.pause = pauses.append

    findings = examine(operate)

    assert verdicts(findings, "queue") == ["failed"]
    assert "1 refresh waits" in says(findings, "queue")
    assert sum(pauses, timedelta()) == timedelta(seconds=12)


def test_a_queue_that_is_being_worked_off(operate: Operated, working: Installation) -> None:
    send(working, "RefreshQueue")

    def take(_: timedelta) -> None:
        working.receive()

    operate.pause = take

    assert verdicts(examine(operate), "queue") == ["ok"]


def test_dead_letters(operate: Operated, working: Installation) -> None:
    put_dead_letters(working, "refresh", "{}", "{}")

    findings = examine(operate)

    assert verdicts(findings, "dead-letters") == ["ok", "failed"]
    assert "2 dead letters" in says(findings, "dead-letters")


def test_rescues_that_wait(operate: Operated, working: Installation) -> None:
    send(working, "RescueQueue")

    assert verdicts(examine(operate), "rescues") == ["failed"]


def test_tokens_that_are_overdue(operate: Operated, working: Installation) -> None:
    working.go_on(timedelta(minutes=50))

    findings = examine(operate)

    assert verdicts(findings, "token-age") == ["failed"]
    assert "the oldest 50 min old" in says(findings, "token-age")


def test_a_table_that_is_gone_keeps_no_other_check_from_being_made(new_stack: NewStack) -> None:
    findings = examine(new_stack({"TokenTableName": "not-there"}))

    assert verdicts(findings, "token-age") == verdicts(findings, "scheduler") == ["failed"]
    assert "Could not be checked: AWS answered ResourceNotFoundException" in says(findings, "token-age")
    assert verdicts(findings, "dead-letters") == ["ok", "ok"]
