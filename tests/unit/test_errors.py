from __future__ import annotations

import inspect
import re

from le_auth import errors
from le_auth.errors import LeAuthError, RotationUnsavedError, SentinelUnavailableError

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, LeAuthError)]
DEPTH = 4
"""Characters by which each generation of the drawn tree is set off."""


def drawn_parents() -> dict[str, str]:
    """Read {class: its parent} from the tree in the module's docstring."""
    ancestors: list[str] = []
    parents: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)(\w+Error)\b", line):
            depth = len(found[1]) // DEPTH
            ancestors[depth:] = [found[2]]
            parents[found[2]] = ancestors[depth - 1] if depth else "Exception"
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    assert drawn_parents() == {found.__name__: found.__base__.__name__ for found in CLASSES if found.__base__}


def test_each_error_has_a_reason_of_its_own_that_may_name_a_metric() -> None:
    # Lost before it was saved, or found to have been: one thing to whoever reads the log.
    reasons = [found.reason for found in CLASSES if found is not RotationUnsavedError]

    assert len(set(reasons)) == len(reasons)
    assert all(re.fullmatch(r"[a-z_]{4,32}", reason) for reason in reasons)


def test_two_errors_share_no_cookies() -> None:
    first, second = SentinelUnavailableError("a"), SentinelUnavailableError("b")
    first.cookies.append("x")

    assert second.cookies == []
