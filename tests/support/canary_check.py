"""A plugin of pytest: after each test, what came out is searched for the test's secrets, and a find fails the test.

What it listens to, in this process:

- standard output and error, where functions write log lines and metrics, and the operator's tool its answers;
- every log record with its fields and traceback, whoever wrote it;
- every request to AWS: items, messages, events;
- every answer of a function, every exception that leaves one, the text of every error of ours.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from le_auth.domain.secret import Secret
from le_auth.errors import LeAuthError
from local.simulator.grants import Grants
from local.simulator.id_token import IdToken
from tests.support.canaries import HELD, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.canaries import Watch

CHANNELS = "characters by channel"
CANARIES = "canaries by kind"
_SENT_BY_WORKERS = "canaries"


class CanaryCheck:
    """The plugin, with the counts of the whole run."""

    def __init__(self) -> None:
        self.counts = {CHANNELS: Counter[str](), CANARIES: Counter[str](), "tests": Counter[str]()}
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        listen(self._patch)
        logging.getLogger().addHandler(_RECORDS)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        logging.getLogger().removeHandler(_RECORDS)
        self._patch.undo()
        worker: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if worker is not None:
            worker[_SENT_BY_WORKERS] = {name: dict(counter) for name, counter in self.counts.items()}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what one of xdist's workers counted."""
        for name, counter in getattr(node, "workeroutput", {}).get(_SENT_BY_WORKERS, {}).items():
            self.counts[name].update(counter)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        watch.forget()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "teardown":
            self._check(report)
        return report

    def _check(self, report: pytest.TestReport) -> None:
        for name, text in report.sections:
            watch.emit(name.rpartition(" ")[0], text)  # without the phase
        self.count(watch)
        self.counts["tests"]["tests"] += 1
        leaks = watch.leaks()
        if leaks:
            report.outcome = "failed"
            report.longrepr = "Secrets came out: " + "; ".join(leaks)

    def count(self, searched: Watch) -> None:
        """Count what was searched, and for how much, for the end of the run."""
        self.counts[CANARIES].update(searched.canaries)
        self.counts[CHANNELS].update(searched.sizes)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        channels, canaries = self.counts[CHANNELS], self.counts[CANARIES]
        if not channels:
            return
        terminalreporter.section("canaries")
        terminalreporter.write_line(
            f"{channels.total():,} characters of {len(channels)} channels, from {self.counts['tests'].total():,} "
            f"tests, were searched for {canaries.total():,} secrets: "
            + ", ".join(f"{number:,} {kind}" for kind, number in canaries.most_common())
        )


class _Records(logging.Handler):
    """Notes each log record whole: its message, its fields, its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the base class's form
        """Take everything: powertools' logger bids all other handlers pass over its own records."""
        return True

    def emit(self, record: logging.LogRecord) -> None:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        watch.emit("log records", f"{record.getMessage()} {record.__dict__} {trace}")


_RECORDS = _Records()


def listen(patch: pytest.MonkeyPatch) -> None:
    """Have secrets made known and output noted, from now on."""
    for name in ("token_hex", "token_urlsafe"):
        _after(patch, secrets, name, _drawn)
    _after(patch, Grants, "add_code", lambda _, code: watch.keep("code", code))
    for name in ("start", "refresh"):
        _after(patch, Grants, name, _issued)
    _after(patch, IdToken, "encode", lambda _, token: watch.keep("id token", token.rpartition(".")[2]))
    _after(patch, Secret, "__init__", _held)
    _after(patch, LeAuthError, "__init__", lambda args, _: watch.emit("texts of errors", str(args[0])))
    _after(patch, botocore.session.Session, "create_client", _listen_to_client)
    _after(patch, pytest.CaptureFixture, "readouterr", _read)


def _after(patch: pytest.MonkeyPatch, owner: Any, name: str, then: Callable[[tuple[Any, ...], Any], object]) -> None:
    """Have this done after each call, with its arguments and its answer."""
    call = getattr(owner, name)

    def call_and_then(*args: Any, **options: Any) -> Any:
        answer = call(*args, **options)
        then(args, answer)
        return answer

    patch.setattr(owner, name, call_and_then)


def _drawn(_: object, drawn: str) -> None:
    """What is shorter names something, such as an attempt to refresh."""
    if len(drawn) >= 32:
        watch.keep_unknown("code verifier", drawn)


def _issued(_: object, tokens: Any) -> None:
    watch.keep("access token", tokens.access_token)
    watch.keep("refresh token", tokens.refresh_token)


def _held(args: tuple[Any, ...], _: object) -> None:
    """Note what the code holds as a `Secret`; of a document in Secrets Manager the secrets are known already."""
    if not args[1].startswith("{"):
        watch.keep_unknown(HELD, args[1])


def _listen_to_client(_: object, client: Any) -> None:
    client.meta.events.register("before-parameter-build", _asked)


def _asked(params: dict[str, Any], model: Any, **_: object) -> None:
    watch.asked_of_aws(model.name, params)


def _read(_: object, captured: Any) -> None:
    watch.emit("Captured stdout", str(captured.out))
    watch.emit("Captured stderr", str(captured.err))
