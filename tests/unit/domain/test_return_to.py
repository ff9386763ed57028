from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from le_auth.domain.return_to import LONGEST, ReturnRule, origin_of
from le_auth.errors import RequestError

RULE = ReturnRule(
    origin="https://auth.example.com",
    allowed_origins=frozenset({"https://app.example.com", "http://localhost:3000"}),
)
ORIGINS = {RULE.origin, *RULE.allowed_origins}


@pytest.mark.parametrize("path", ["/", "/a/b?c=d#e", "/a//b", "/?x=https://evil.example", "/%0d%0aX", "/@evil.example"])
def test_a_path_leads_to_our_own_origin(path: str) -> None:
    assert RULE.resolve(path) == "https://auth.example.com" + path


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example.com",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/a?b=c#d",
        "https://app.example.com?b=c",
        "https://app.example.com#d",
        "http://localhost:3000/x",
    ],
)
def test_a_url_of_an_allowed_origin_is_taken_as_it_is(url: str) -> None:
    assert RULE.resolve(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://app.example.com.evil.example/",
        "https://app.example.com@evil.example/",
        "https://app.example.com:443@evil.example/",
        "https://app.example.com:8443/",
        "https://app.example.com:/",
        "https://auth.example.com.",
        "http://app.example.com/",
        "HTTPS://app.example.com/",
        "https://APP.example.com/",
        "https:///app.example.com/",
        "https:app.example.com",
        "https://[app.example.com/",
        "//app.example.com/",
        "///evil.example",
        "javascript:alert(1)",
        "javascript://app.example.com/%0aalert(1)",
        "data:text/html,x",
        "app.example.com",
        "evil.example/https://app.example.com/",
        "?x",
        "#x",
        "a/b",
    ],
)
def test_point_14_whatever_leads_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="return_to"):
        RULE.resolve(url)


@pytest.mark.parametrize(
    "character", ["\\", " ", "\t", "\r", "\n", "\x00", '"', "<", "{", "|", "^", "`", "é", "\uff0f", "\u202e"]
)
def test_point_14_a_character_that_no_url_holds_is_refused_wherever_it_stands(character: str) -> None:
    for value in (
        f"{character}/a",
        f"/{character}/evil.example",
        f"/a{character}",
        f"https://app.example.com/{character}",
    ):
        with pytest.raises(RequestError, match="percent-encode"):
            RULE.resolve(value)


def test_an_origin_is_written_as_browsers_write_it() -> None:
    assert origin_of("HTTPS://App.Example.com:8443/Path?x#y") == "https://app.example.com:8443"


def test_an_empty_value_is_refused() -> None:
    with pytest.raises(RequestError):
        RULE.resolve("")


def test_512_characters_are_the_most() -> None:
    assert RULE.resolve("/" + "a" * (LONGEST - 1)).endswith("a")
    with pytest.raises(RequestError, match="longer than 512"):
        RULE.resolve("/" + "a" * LONGEST)


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *ORIGINS,
                "/",
                "//",
                "\\",
                ":",
                "@",
                ".",
                "?",
                "#",
                "%2f",
                "%5c",
                "https:",
                "evil.example",
                "[::1]",
                "\t",
                " ",
            ]
        ),
        st.characters(),
    ),
    max_size=8,
).map("".join)


@given(PIECES)
@example("https://app.example.com@evil.example")
@example("/\\evil.example")
def test_point_14_whatever_resolves_leads_to_an_allowed_origin(value: str) -> None:
    try:
        resolved = RULE.resolve(value)
    except RequestError:
        return
    parts = urlsplit(resolved)
    assert f"{parts.scheme}://{parts.netloc}" in ORIGINS
    assert (parts.username, parts.password) == (None, None)
    assert not any(character in resolved for character in "\\\t\r\n \x00")


@given(st.text(st.sampled_from("abc/?#@:.%[]"), max_size=20))
def test_point_14_a_path_whatever_follows_leads_to_us(rest: str) -> None:
    value = "/a" + rest

    assert origin_of(RULE.resolve(value)) == RULE.origin
