"""The computation behind docs/scaling.md: right where it can be done by hand, and in step with page and template."""

from __future__ import annotations

import pytest

from functions.refresh_worker import app as worker
from tests.benchmarks import scale
from tests.benchmarks.report import fill
from tests.benchmarks.scale import Load, Prices, costs_of
from tests.benchmarks.scale_page import LIMITS, PAGE, USERS, limit_rows, sections
from tests.support.processed_template import properties

MILLION = Load(1_000_000)


def test_the_page_is_what_the_computation_gives() -> None:
    page = PAGE.read_text()

    assert fill(page, sections()) == page, "python -m tests.benchmarks.scale_page"
    assert all(f"<!-- bench:{key} -->" in page for key in sections())


def test_a_million_users_are_33333_messages_a_minute_and_556_refreshes_a_second() -> None:
    assert round(MILLION.messages_a_minute) == 33_333
    assert round(MILLION.refreshes) == 556
    assert round(MILLION.writes) == 1_111


def test_workers_are_a_power_of_two_that_can_refresh_one_and_a_half_times_what_comes() -> None:
    for users in (1_000, *USERS, 50_000_000):
        load = Load(users)

        assert load.workers.bit_count() == 1
        assert load.refreshes_at_peak >= scale.RESERVE * load.refreshes
        assert load.workers == 2 or load.refreshes_at_peak < 2 * scale.RESERVE * load.refreshes
        assert load.seconds_to_refresh < 60


def test_threads_that_wait_bound_a_worker_until_its_processor_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scale.refreshes_of_a_worker() == pytest.approx(32 / 0.32)

    monkeypatch.setattr(scale, "SENTINEL_SECONDS", 0.02)
    assert scale.refreshes_of_a_worker() == pytest.approx(1024 / 1769 / 0.0023)


def test_writes_cost_what_they_cost_by_hand() -> None:
    refreshes = 1_000_000 * 48 * 365 / 12
    writes = 2 * refreshes + 1_000_000 * 22 * (2 + 8)

    costs = costs_of(MILLION, Prices())

    assert costs["DynamoDB, writes"] == pytest.approx(writes * 0.625 / 1e6)
    assert costs["SQS: send, receive and delete, by ten"] == pytest.approx(refreshes * 0.3 * 0.40 / 1e6)


def test_each_limit_is_reached_by_that_many_users_and_not_by_fewer() -> None:
    for limit in LIMITS:
        users = limit.first_reached_by()

        assert limit.used(Load(users)) > limit.most, limit.what
        assert limit.used(Load(users * 9 // 10)) <= limit.most, limit.what
    assert len(limit_rows()) == len(LIMITS)


def test_what_the_template_sets_is_what_is_computed_with() -> None:
    memory = {
        "RefreshWorkerFunction": scale.WORKER_MB,
        "RefreshSchedulerFunction": scale.SCHEDULER_MB,
        "CallbackFunction": scale.CALLBACK_MB,
        "LaunchFunction": scale.LAUNCH_MB,
        "AccessTokenFunction": scale.VEND_MB,
    }
    assert {name: properties(name)["MemorySize"] for name in memory} == memory
    stage = properties("HttpApiStage")
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100
    assert stage["RouteSettings"]["GET /launch"]["ThrottlingRateLimit"] == 50
    assert worker.the_number_of_threads.__wrapped__() == scale.THREADS
