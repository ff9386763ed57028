"""The security checklist: its table in docs/security.md, and the tests that are seen failing when a point is broken.

`python -m tests.support.checklist` writes the names of the tests into the table.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

_TESTS = Path(__file__).parents[1]
PAGE = _TESTS.parent / "docs" / "security.md"
_ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
_BETWEEN = "<br>"


def proven_tests() -> dict[int, list[str]]:
    """Give, for each point, the names of the tests that have breaks, as sentences and in their order."""
    found: dict[int, list[str]] = {}
    for path in sorted(_TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            named = isinstance(node, ast.FunctionDef) and re.fullmatch(r"test_point_(\d\d)_(\w+)", node.name)
            if named and _is_broken_somehow(node):
                found.setdefault(int(named[1]), []).append(named[2].replace("_", " "))
    return found


def _is_broken_somehow(node: ast.stmt) -> bool:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(ast.unparse(decorator).startswith("broken_by") for decorator in decorators)


def told_tests(page: str) -> dict[int, list[str]]:
    """Give the tests that the table names, by point."""
    return {int(number): names.split(_BETWEEN) for number, _, names in _ROW.findall(page)}


def rewrite(page: str) -> str:
    """Write the tests' names into the table."""
    proven = proven_tests()

    def row(found: re.Match[str]) -> str:
        return f"| {found[1]} | {found[2]} | {_BETWEEN.join(proven.get(int(found[1]), []))} |"

    return _ROW.sub(row, page)


if __name__ == "__main__":
    PAGE.write_text(rewrite(PAGE.read_text()))
