"""The client that all these tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from le_auth.adapters.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client._session.close()
