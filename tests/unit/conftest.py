from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from le_auth import observe

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give logger and metrics made anew, under a name of their own: a logger keeps the output that it was made with."""
    name = f"le-app-auth-{next(_numbers)}"
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", name)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "le-app-auth")
    observe.the_logger.cache_clear()
    observe.the_metrics.cache_clear()
    yield name
    observe.the_metrics().clear_metrics()
    observe.the_logger.cache_clear()
    observe.the_metrics.cache_clear()
