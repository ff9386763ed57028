"""What shows that a test of the security checklist can fail: the check that it is about, taken out of the code."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters.http import HttpClient
from tests.support import processed_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One way to break a point.

    Args:
        what: in words, as it stands in the test's id.
        replaced: {dotted name of a module's or class's attribute: what stands there instead}.
    """

    what: str
    replaced: Callable[[], Mapping[str, object]]

    def apply(self, patch: pytest.MonkeyPatch) -> None:
        for target, replacement in self.replaced().items():
            patch.setattr(target, replacement)


def broken_by(what: str, replaced: Mapping[str, object]) -> pytest.MarkDecorator:
    """Mark a test that must fail, by an assertion of its own, once these attributes are replaced."""
    return pytest.mark.broken_by(Break(what=what, replaced=lambda: replaced))


def broken_by_template(what: str, change: Callable[[dict[str, Any]], object]) -> pytest.MarkDecorator:
    """Mark a test that must fail once the processed template is changed so."""

    def replaced() -> Mapping[str, object]:
        written, processed = copy.deepcopy(processed_template._both())
        change(processed["Resources"])
        return {"tests.support.processed_template._both": lambda: (written, processed)}

    return pytest.mark.broken_by(Break(what=what, replaced=replaced))


def broken_by_session(what: str, change: Callable[[requests.Session], object]) -> pytest.MarkDecorator:
    """Mark a test that must fail once the HTTP session to LivePerson is made so."""
    make = HttpClient.__init__

    def make_changed(self: HttpClient) -> None:
        make(self)
        change(self._session)

    return broken_by(what, {"le_auth.adapters.http.HttpClient.__init__": make_changed})
