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
    from tests.support.tallies import Tallies


class CanaryCheck:
    """The plugin; what it searched, and for how much, is told at the end of the run."""

    def __init__(self, tallies: Tallies) -> None:
        self._searched = tallies.of("characters searched for secrets, by channel")
        self._canaries = tallies.of("secrets searched for, by kind")
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        listen(self._patch)
        logging.getLogger().addHandler(_RECORDS)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        logging.getLogger().removeHandler(_RECORDS)
        self._patch.undo()

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
        leaks = watch.leaks()
        if leaks:
            report.outcome = "failed"
            report.longrepr = "Secrets came out: " + "; ".join(leaks)

    def count(self, searched: Watch) -> None:
        """Count what was searched, and for how much."""
        self._canaries.update(searched.canaries)
        self._searched.update(searched.sizes)


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
