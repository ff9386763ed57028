"""A table on each engine."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from le_auth.adapters.token_table import TokenTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.emulator import Emulator


_numbers = count(1)


@pytest.fixture(params=["emulator", "dynamodb_local"])
def table(request: pytest.FixtureRequest) -> Iterator[TokenTable]:
    engine: Emulator = request.getfixturevalue(request.param)
    name = engine.make_table(f"table-{next(_numbers)}")
    yield TokenTable(client=engine.dynamodb, name=name)
    engine.dynamodb.delete_table(TableName=name)
