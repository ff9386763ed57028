"""What a run counts and measures, printed at its end. What processes of pytest-xdist counted is added up."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

_KEY = pytest.StashKey["Tallies"]()


class Tallies:
    """Counters and figures, each with its title; a plugin of pytest."""

    def __init__(self) -> None:
        self._counters: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._figures: defaultdict[str, dict[str, str]] = defaultdict(dict)

    @classmethod
    def of_run(cls, config: pytest.Config) -> Tallies:
        """Give the one that all tests of a run share; it is made when it is asked for first."""
        if _KEY not in config.stash:
            config.stash[_KEY] = cls()
            config.pluginmanager.register(config.stash[_KEY])
        return config.stash[_KEY]

    def of(self, title: str) -> Counter[str]:
        """Give the counter that is printed below a title."""
        return self._counters[title]

    def figures(self, title: str) -> dict[str, str]:
        """Give what is told below a title, by name."""
        return self._figures[title]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the counts on, where this is one of several processes."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["tallies"] = {title: dict(one) for title, one in self._counters.items()}
            session.config.workeroutput["figures"] = dict(self._figures)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add what another process has counted; one that died has told nothing."""
        brought = getattr(node, "workeroutput", {})
        for title, counted in brought.get("tallies", {}).items():
            self._counters[title].update(counted)
        for title, figures in brought.get("figures", {}).items():
            self._figures[title].update(figures)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for title, counter in sorted(self._counters.items()):
            if not counter:
                continue
            terminalreporter.section(title)
            for line, number in sorted(counter.items()):
                terminalreporter.write_line(f"{number:9,} {line}")
            terminalreporter.write_line(f"{counter.total():9,} in all")
        for title, figures in sorted(self._figures.items()):
            terminalreporter.section(title)
            for name, figure in sorted(figures.items()):
                terminalreporter.write_line(f"{name}: {figure}")
