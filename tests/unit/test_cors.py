from __future__ import annotations

import pytest

from le_auth import cors, web

FRONT_END = "https://app.example.com"
TRUSTED = frozenset({FRONT_END, "https://other.example.com"})
ANSWER = web.json_answer(200, {}, cookies=["a=1"])


def shared_with(origin: str | None) -> dict[str, str]:
    headers = {} if origin is None else {"origin": origin}
    answer = cors.share(ANSWER, headers, trusted=TRUSTED)
    assert answer == {**ANSWER, "headers": answer["headers"]}
    return {name: value for name, value in answer["headers"].items() if name not in ANSWER["headers"]}


def test_a_trusted_origin_is_echoed_exactly_and_may_send_cookies() -> None:
    assert shared_with(FRONT_END) == {
        "Access-Control-Allow-Origin": FRONT_END,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }


@pytest.mark.parametrize(
    "origin", [None, "", "null", "*", "https://evil.example", "https://app.example.com.evil.example", FRONT_END.upper()]
)
def test_nobody_else_may_read_the_answer_and_a_cache_is_told_that_it_differs(origin: str | None) -> None:
    assert shared_with(origin) == {"Vary": "Origin"}


def test_the_answer_that_is_shared_is_not_changed_itself() -> None:
    before = dict(ANSWER["headers"])

    cors.share(ANSWER, {"origin": FRONT_END}, trusted=TRUSTED)

    assert ANSWER["headers"] == before
