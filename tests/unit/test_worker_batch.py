"""What one message of a batch must not do to the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.refresh_worker import app
from le_auth.adapters.token_table import TokenTable
from le_auth.domain.refresh import LEASE_TIME
from le_auth.domain.scheduled import Batch, DueToken, Result
from le_auth.domain.users import User
from le_auth.errors import TableUnavailableError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class BuggyFor1001:
    """A refresh that meets a bug with one user."""

    def work(self, due: DueToken, _batch: Batch) -> Result:
        if due.user.user_id == "1001":
            raise ZeroDivisionError("canary in a text")
        return Result(user=due.user, outcome="refreshed", reason="refreshed", token_age=timedelta(minutes=30))


class OutageFor1001(BuggyFor1001):
    """A refresh that fails transiently with one user."""

    def work(self, due: DueToken, batch: Batch) -> Result:
        if due.user.user_id == "1001":
            return Result(user=due.user, outcome="failed", reason="outage", retry_after=timedelta(seconds=5))
        return super().work(due, batch)


class RefusingQueue:
    """A queue that lets nothing be returned."""

    def return_later(self, _pauses: object) -> int:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "ChangeMessageVisibilityBatch")


def record(user_id: str) -> dict[str, Any]:
    due = DueToken(user=User(account_id="le12345678", user_id=user_id), due_at=NOON)
    return {"messageId": f"message-{user_id}", "receiptHandle": f"receipt-{user_id}", "body": due.write()}


def test_a_bug_that_one_message_meets_leaves_the_others_of_its_batch_refreshed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "the_refresh", BuggyFor1001)
    monkeypatch.setattr(app, "the_number_of_threads", lambda: 2)

    results = app.work([record("1001"), record("1002")], Batch(time_left=lambda: LEASE_TIME))

    assert [(result.reason, result.retry_after) for _, result in results] == [
        ("unexpected", LEASE_TIME),
        ("refreshed", None),
    ]
    assert "canary" not in capsys.readouterr().out


def test_messages_that_the_queue_does_not_take_back_are_kept_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "the_queue", lambda _: RefusingQueue())
    monkeypatch.setattr(app, "the_refresh", OutageFor1001)
    monkeypatch.setattr(app, "report", lambda _: None)
    monkeypatch.setattr(app, "the_number_of_threads", lambda: 2)

    unfinished = app.refresh_all([record("1001"), record("1002")], Batch(time_left=lambda: LEASE_TIME))
    app.return_later(unfinished, "REFRESH_QUEUE_URL")

    assert [record["messageId"] for record, _ in unfinished] == ["message-1001"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "ThrottlingException", "KMSError"])
def test_any_failure_of_the_table_may_pass_so_that_a_rotated_token_is_saved_again(code: str) -> None:
    class FailingClient:
        def get_item(self, **_: object) -> None:
            raise ClientError({"Error": {"Code": code}}, "GetItem")

    client: Any = FailingClient()
    with pytest.raises(TableUnavailableError, match=code):
        TokenTable(client=client, name="tokens").find(User(account_id="le12345678", user_id="1001"))
