from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from le_auth.domain.secret import Secret
from le_auth.domain.tokens import pack_tokens, unpack_tokens

TOKENS = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=4096),
    st.binary(min_size=1, max_size=2048).map(bytes.hex),
)


@given(TOKENS, TOKENS)
def test_packed_tokens_are_read_back_as_they_were(access_token: str, refresh_token: str) -> None:
    packed = pack_tokens(Secret(access_token), Secret(refresh_token))

    access, refresh = unpack_tokens(packed)

    assert (access.reveal(), refresh.reveal()) == (access_token, refresh_token)


def test_lower_case_hex_takes_half_the_room() -> None:
    assert len(pack_tokens(Secret("ab" * 32), Secret("cd" * 350))) == 6 + 32 + 350


@pytest.mark.parametrize("token", ["abc", "AB", "0g", "ab\n"])
def test_what_is_not_even_lower_case_hex_is_kept_as_text(token: str) -> None:
    access, _ = unpack_tokens(pack_tokens(Secret(token), Secret("ff")))

    assert access.reveal() == token


PACKED = pack_tokens(Secret("ab12"), Secret("refresh-canary"))


@pytest.mark.parametrize(
    "packed",
    [b"", PACKED[:5], PACKED[:-1], PACKED + b"x", b"\x02" + PACKED[1:], b"\x01\x00\x00\x01\x00\x00\xff"],
    ids=["empty", "header cut", "body cut", "too long", "other version", "no text"],
)
def test_what_was_not_packed_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"packed|decode"):
        unpack_tokens(packed)
