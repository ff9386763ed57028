"""What a run counts, printed at its end: cases tried, bytes searched. Processes of pytest-xdist are added up."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest


class Tallies:
    """Counters, each with its title; a plugin of pytest."""

    def __init__(self) -> None:
        self._counters: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def of(self, title: str) -> Counter[str]:
        """Give the counter that is printed below a title."""
        return self._counters[title]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the counts on, where this is one of several processes."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["tallies"] = {title: dict(one) for title, one in self._counters.items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add what another process has counted; one that died has told nothing."""
        for title, counted in getattr(node, "workeroutput", {}).get("tallies", {}).items():
            self._counters[title].update(counted)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for title, counter in sorted(self._counters.items()):
            terminalreporter.section(title)
            for line, number in sorted(counter.items()):
                terminalreporter.write_line(f"{number:9,} {line}")
            terminalreporter.write_line(f"{counter.total():9,} in all")
