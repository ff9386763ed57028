"""Hostile bytes at everything that reads what others wrote: answers, id tokens, cookies, sealed values, messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.fuzz.nearly_right import hostile
from tests.security.fuzz.parsers import PARSERS

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_a_parser_reads_or_refuses(name: str, count: Callable[[], None], data: st.DataObject) -> None:
    count()
    PARSERS[name](data.draw(hostile(name)))
