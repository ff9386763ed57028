from __future__ import annotations

import base64
from typing import Any

import pytest

from le_auth import web
from le_auth.errors import RequestError
from le_auth.forms import is_sent_by_a_page, read_form_token
from tests.support.makers import an_event

FORM = "application/x-www-form-urlencoded"
TOKEN = "A" * 43


def posted(body: object, content_type: str = FORM, **event: Any) -> web.Request:
    return web.Request.read(an_event(method="POST", Content_Type=content_type) | {"body": body, **event})


def token_of(request: web.Request) -> str | None:
    token = read_form_token(request)
    return None if token is None else token.reveal()


@pytest.mark.parametrize("content_type", [FORM, f"{FORM};charset=UTF-8", FORM.upper()])
def test_a_form_token_is_read(content_type: str) -> None:
    assert token_of(posted(f"a=1&form_token={TOKEN}", content_type)) == TOKEN


def test_a_body_that_api_gateway_encoded_is_decoded() -> None:
    body = base64.b64encode(f"form_token={TOKEN}".encode()).decode()

    assert token_of(posted(body, isBase64Encoded=True)) == TOKEN


@pytest.mark.parametrize("body", ["", None, 7, ["form_token=x"], "a=1"])
def test_without_a_token_there_is_none(body: object) -> None:
    assert token_of(posted(body)) is None


def test_without_a_body_its_type_does_not_matter() -> None:
    assert token_of(posted("", "application/json")) is None


@pytest.mark.parametrize(
    ("body", "event", "words"),
    [
        (f"form_token={TOKEN}&x=" + "x" * 4096, {}, "larger than 4096"),
        ("form_token=a&form_token=b", {}, "more than once"),
        ("form_token=", {}, "empty"),
        ("form_token=" + "x" * 65, {}, "longer than 64"),
        ("form_token=%ff", {}, "cannot be read"),
        ("&".join(f"p{number}=1" for number in range(21)), {}, "cannot be read"),
        ("form_token=canary", {"isBase64Encoded": True}, "cannot be read"),
        ("/w==", {"isBase64Encoded": True}, "cannot be read"),
        ("\N{SNOWMAN}", {"isBase64Encoded": True}, "cannot be read"),
    ],
)
def test_point_07_a_body_that_is_no_form_of_ours_is_refused(body: str, event: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words) as refused:
        read_form_token(posted(body, **event))

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_point_07_a_body_of_another_type_is_refused(content_type: str) -> None:
    with pytest.raises(RequestError, match=FORM):
        read_form_token(posted(f"form_token={TOKEN}", content_type))


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("TEXT/HTML", True),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("", False),
    ],
)
def test_what_a_browser_wants_next_is_read_from_accept(accept: str, *, is_page: bool) -> None:
    assert is_sent_by_a_page({"accept": accept}) is is_page


def test_what_is_said_of_no_type_is_a_scripts() -> None:
    assert not is_sent_by_a_page({})


def test_point_28_a_posted_body_is_not_printed() -> None:
    assert "canary" not in repr(posted("form_token=canary"))
