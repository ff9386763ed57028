from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.domain.secret import Secret
from le_auth.domain.token_answer import read_error_code, read_json_object, read_tokens
from le_auth.errors import OutcomeUnknownError
from tests.support.makers import NOON

if TYPE_CHECKING:
    from le_auth.domain.tokens import Tokens

GOOD = {"access_token": "access-canary", "token_type": "Bearer", "refresh_token": "refresh-canary"}
OLD = Secret("refresh-canary-old")


def read(previous: Secret | None = None, **changes: Any) -> Tokens:
    answer = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return read_tokens(answer, received_at=NOON, previous_refresh_token=previous)


def test_both_tokens_are_read_and_unknown_fields_are_ignored() -> None:
    tokens = read(scope="read", nested={"a": 1})

    assert (tokens.access_token.reveal(), tokens.refresh_token.reveal()) == ("access-canary", "refresh-canary")
    assert tokens.received_at == NOON


def test_point_24_a_new_refresh_token_replaces_the_old() -> None:
    assert read(OLD).refresh_token.reveal() == "refresh-canary"


@pytest.mark.parametrize("value", [..., None, ""])
def test_point_24_without_a_refresh_token_the_old_one_stays(value: object) -> None:
    assert read(OLD, refresh_token=value).refresh_token == OLD


@pytest.mark.parametrize("value", [..., None, ""])
def test_a_first_answer_without_a_refresh_token_is_refused(value: object) -> None:
    with pytest.raises(OutcomeUnknownError, match="no refresh_token"):
        read(refresh_token=value)


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("value", [1, ["canary"], {"canary": 1}, "canary\n", "kanári-canary", "c" * 4097])
def test_a_token_of_another_form_is_refused_by_name_and_not_quoted(name: str, value: object) -> None:
    with pytest.raises(OutcomeUnknownError, match=name) as refused:
        read(OLD, **{name: value})

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("value", [..., None, ""])
def test_an_answer_without_access_token_is_refused(value: object) -> None:
    with pytest.raises(OutcomeUnknownError, match="access_token"):
        read(OLD, access_token=value)


@pytest.mark.parametrize("value", ["Bearer", "bearer", "BEARER"])
def test_the_token_type_is_compared_without_case(value: str) -> None:
    assert read(token_type=value).access_token.reveal() == "access-canary"


@pytest.mark.parametrize("value", [..., None, "", "mac", "DPoP", 1, ["Bearer"]])
def test_point_21_another_token_type_is_refused(value: object) -> None:
    with pytest.raises(OutcomeUnknownError, match="token_type"):
        read(token_type=value)


@pytest.mark.parametrize(("value", "seconds"), [(1, 1), (1800, 1800), ("3600", 3600), (30 * 86_400, 30 * 86_400)])
def test_a_lifetime_counts_from_when_the_answer_came(value: object, seconds: int) -> None:
    assert read(expires_in=value).expires_at == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", [..., None, 0, -1, "0", "-5", "soon", "", " 60", "1e3", "٣٠", 1.5, True, [60], 30 * 86_400 + 1, 10**400]
)
def test_point_21_a_nonsensical_lifetime_is_ignored(value: object) -> None:
    assert read(expires_in=value).expires_at is None


@pytest.mark.parametrize("body", [b"", b"<html>canary</html>", b"\xff\xfe", b'{"a":', b"[" * 100_000, b"1" * 5000])
def test_point_21_a_body_that_is_not_json_is_refused_and_not_quoted(body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError, match="not JSON") as refused:
        read_json_object(body)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_json_other_than_an_object_is_refused(body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError, match="not a JSON object"):
        read_json_object(body)


def test_a_json_object_is_read() -> None:
    assert read_json_object(b'{"a": 1}') == {"a": 1}


def test_the_error_code_of_an_error_answer_is_read() -> None:
    assert read_error_code(b'{"error": "invalid_grant", "error_description": "x"}') == "invalid_grant"


@pytest.mark.parametrize(
    "body",
    [b"", b"oops", b"[]", b"null", b"{}", b'"error"', b"[" * 100_000],
)
def test_an_error_answer_of_another_form_has_no_code(body: bytes) -> None:
    assert read_error_code(body) is None


@pytest.mark.parametrize("value", [None, 1, "", "e" * 65, 'a"b', "a\\b", "a\nb", "é"])
def test_a_code_of_another_form_is_none(value: object) -> None:
    assert read_error_code(json.dumps({"error": value}).encode()) is None
