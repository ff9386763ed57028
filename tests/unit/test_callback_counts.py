"""What the callback counts of sign-ins that come to nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.callback import app
from le_auth import browser
from le_auth.errors import CodeRefusedError
from tests.support.makers import an_event

if TYPE_CHECKING:
    from collections.abc import Iterator

QUERY = f"code=code-canary&state={'s' * 43}"


@pytest.fixture(autouse=True)
def _fresh_settings(service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    assert service
    monkeypatch.delenv("PUBLIC_BASE_URL", raising=False)
    browser.the_web_settings.cache_clear()
    yield
    browser.the_web_settings.cache_clear()


def counted(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str | None]]:
    """Give what was counted, with its reason; None: the count in all."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ("SignInFailed", "SignInSucceeded")
    return [(name, line.get("reason")) for line in lines if "_aws" in line for name in names if name in line]


def fail_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(app, "finish", fail)


def test_a_bug_that_the_callback_meets_is_counted_as_unexpected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(ZeroDivisionError("canary"), monkeypatch)

    answer = app.lambda_handler(an_event(query=QUERY), None)

    assert answer["statusCode"] == 500
    assert counted(capsys) == [("SignInFailed", "unexpected"), ("SignInFailed", None)]


def test_an_error_of_ours_is_counted_by_its_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(CodeRefusedError("refused"), monkeypatch)

    app.lambda_handler(an_event(query=QUERY), None)

    assert counted(capsys) == [("SignInFailed", CodeRefusedError.reason), ("SignInFailed", None)]
