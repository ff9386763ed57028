"""Each test marked `broken_by` runs once as it is and once for each break, under which it must fail.

A break proves something only where the test itself notices it: an error, a function that crashes, or an assertion in
the code that prepares the test does not count.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters.http import HttpClient
from tests.support.canaries import watch
from tests.support.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tests.support.breaks import Break
    from tests.support.browser import Browser
    from tests.support.installation import Installation

_THESE_TESTS = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    breaks: list[Break] = [mark.args[0] for mark in metafunc.definition.iter_markers("broken_by")]
    if breaks:
        ids = ["holds", *(f"broken: {each.what}" for each in reversed(breaks))]
        metafunc.parametrize("broken", [None, *reversed(breaks)], ids=ids, indirect=True)


@pytest.fixture(autouse=True)
def broken(request: pytest.FixtureRequest) -> Break | None:
    """Give the break under which the test runs, which the hook below applies."""
    found: Break | None = getattr(request, "param", None)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    broken: Any = pyfuncitem.funcargs["broken"]
    if broken is None:
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        crashes: list[BaseException] = []
        patch.setattr("le_auth.observe.log_unexpected", crashes.append)
        broken.apply(patch)
        try:
            yield
        except AssertionError as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            if not Path(place.filename).is_relative_to(_THESE_TESTS):
                raise
            if crashes:
                raise crashes[0] from error
            print(f"noticed: {place.line}")  # noqa: T201 - `pytest -rP` shows which assertion it was
            watch.forget()  # what is broken may well let secrets out
            return True
    pytest.fail(f"The test passes although it is broken: {broken.what}", pytrace=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request of ours to LivePerson."""

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """What is sent to LivePerson from now on."""
    requests: list[Sent] = []
    send = HttpClient._send

    def note(self: HttpClient, method: str, url: str, form: Mapping[str, str] | None, deadline: float) -> Any:
        requests.append(Sent(method=method, url=url, form=dict(form or {})))
        return send(self, method, url, form, deadline)

    monkeypatch.setattr(HttpClient, "_send", note)
    return requests


@pytest.fixture
def flow(installation: Installation, browser: Browser, caplog: pytest.LogCaptureFixture) -> Flow:
    caplog.set_level("DEBUG", "le-app-auth")
    caplog.set_level("WARNING")
    return Flow(installation, browser)
