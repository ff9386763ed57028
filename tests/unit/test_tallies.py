from types import SimpleNamespace
from typing import Any, cast

from tests.support.tallies import Tallies


def count(*, title: str, **lines: int) -> Tallies:
    tallies = Tallies()
    tallies.of(title).update(lines)
    return tallies


def printed(tallies: Tallies) -> list[str]:
    lines: list[str] = []
    reporter = SimpleNamespace(section=lines.append, write_line=lambda line: lines.append(line.strip()))
    tallies.pytest_terminal_summary(cast("Any", reporter))
    return lines


def test_counts_are_printed_below_their_title_with_their_sum() -> None:
    assert printed(count(title="cases", sign_in=1200, refresh=34)) == [
        "cases",
        "34 refresh",
        "1,200 sign_in",
        "1,234 in all",
    ]


def test_a_title_below_which_nothing_was_counted_is_not_printed() -> None:
    assert printed(count(title="cases")) == []


def test_what_several_processes_counted_is_added_up() -> None:
    here = count(title="cases", sign_in=1)
    other = SimpleNamespace(config=SimpleNamespace(workeroutput={}))
    count(title="cases", sign_in=2).pytest_sessionfinish(cast("Any", other))

    here.pytest_testnodedown(SimpleNamespace(workeroutput=other.config.workeroutput))

    assert here.of("cases")["sign_in"] == 3


def test_what_was_measured_is_told_by_name_whichever_process_measured_it() -> None:
    here = count(title="cases", sign_in=1)
    other = SimpleNamespace(config=SimpleNamespace(workeroutput={}))
    elsewhere = Tallies()
    elsewhere.figures("an outage")["503"] = "over in 7 s"
    elsewhere.pytest_sessionfinish(cast("Any", other))

    here.pytest_testnodedown(SimpleNamespace(workeroutput=other.config.workeroutput))

    assert printed(here)[-2:] == ["an outage", "503: over in 7 s"]


def test_a_process_that_died_adds_nothing() -> None:
    here = count(title="cases", sign_in=1)

    here.pytest_testnodedown(SimpleNamespace())

    assert here.of("cases")["sign_in"] == 1
