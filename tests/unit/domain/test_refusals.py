from __future__ import annotations

import json

import pytest

from le_auth.domain.refusals import read_refusal
from le_auth.errors import (
    ClientRefusedError,
    GrantRevokedError,
    LeAuthError,
    OutcomeUnknownError,
    RequestRefusedError,
    SentinelUnavailableError,
)


def refusal(status: int, error: str | None = None, **headers: str) -> LeAuthError:
    body = b"<html>canary</html>" if error is None else json.dumps({"error": error}).encode()
    return read_refusal(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, "invalid_grant", GrantRevokedError),
        (403, "invalid_grant", GrantRevokedError),
        (400, "invalid_client", ClientRefusedError),
        (400, "unauthorized_client", ClientRefusedError),
        (401, None, ClientRefusedError),
        (401, "invalid_grant", GrantRevokedError),
        (400, None, RequestRefusedError),
        (400, "invalid_request", RequestRefusedError),
        (404, None, RequestRefusedError),
        (499, None, RequestRefusedError),
        (429, None, SentinelUnavailableError),
        (429, "invalid_grant", SentinelUnavailableError),
        (500, None, SentinelUnavailableError),
        (502, None, OutcomeUnknownError),
        (504, "invalid_grant", OutcomeUnknownError),
        (503, "invalid_grant", SentinelUnavailableError),
        (201, None, OutcomeUnknownError),
        (302, None, OutcomeUnknownError),
    ],
)
def test_each_answer_has_its_class(status: int, error: str | None, expected: type[LeAuthError]) -> None:
    assert type(refusal(status, error)) is expected


@pytest.mark.parametrize("status", [201, 302, 400, 401, 404, 429, 500])
def test_no_answer_is_quoted(status: int) -> None:
    assert "canary" not in str(refusal(status))
    assert "canary" not in str(refusal(status, "canary"))


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), (" 120 ", 120), ("0", 0), ("9" * 30, 86_400)])
def test_the_seconds_of_retry_after_are_read(header: str, seconds: int) -> None:
    error = refusal(429, Retry_After=header)

    assert isinstance(error, SentinelUnavailableError)
    assert (error.retry_after, error.limited) == (seconds, True)


@pytest.mark.parametrize("header", ["Wed, 21 Oct 2026 07:28:00 GMT", "", "-1", "1.5", "٣", "soon"])
def test_another_form_of_retry_after_is_as_good_as_none(header: str) -> None:
    error = refusal(429, Retry_After=header)

    assert isinstance(error, SentinelUnavailableError)
    assert (error.retry_after, error.limited) == (None, True)


def test_a_server_error_is_no_limit_whatever_it_asks() -> None:
    error = refusal(503, Retry_After="7")

    assert isinstance(error, SentinelUnavailableError)
    assert (error.retry_after, error.limited) == (None, False)
