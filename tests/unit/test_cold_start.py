"""What a function does not spend its cold start on, and what it must not make there: SnapStart would keep it."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.modules import PACKAGE, ROOT, run_python
from tests.support.template import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OURS = sorted(set(FUNCTIONS) - {"example"})
CODE = [path for folder in (ROOT / "functions", PACKAGE) for path in folder.rglob("*.py")]
CHANGING = re.compile(r"(^|\.)(random|secrets|uuid\d?|urandom|now|utc_now|today|time|monotonic|token_\w+)(\.|$)")
REFRESHING = ("domain.refresh", "adapters.token_table", "adapters.refresh_writes", "adapters.sign_out_writes")
CALLBACK = {
    "APP_INSTALLS": "13099967=75588e18-0213-4e33-8174-883acac7e3c4",
    "APP_INSTALL_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app",
    "SEALING_KEY_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:key",
    "TOKEN_TABLE_NAME": "tokens",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
IMPORT = """
import gc, importlib, sys
importlib.import_module("functions.{name}.app")
from le_auth import cold_start
seen = [gc.isenabled(), gc.get_freeze_count() > 0]
cold_start.end()
import json
print(json.dumps(seen + [gc.isenabled(), gc.get_freeze_count() > 0]))
"""
ORDER = """
import sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "aws_lambda_powertools" and "le_auth.cold_start" not in sys.modules:
            raise SystemExit("powertools came first")
sys.meta_path.insert(0, Watch())
import importlib
importlib.import_module("functions.{name}.app")
print("null")
"""


def run(code: str, **variables: str) -> object:
    return json.loads(run_python(code, **variables))


@pytest.mark.parametrize("name", OURS)
def test_no_garbage_is_looked_for_until_the_first_answer(name: str) -> None:
    assert run(IMPORT.replace("{name}", name)) == [False, False, True, True]


@pytest.mark.parametrize("name", OURS)
def test_the_cold_start_begins_before_anything_large_is_imported(name: str) -> None:
    assert run(ORDER.replace("{name}", name)) is None


def test_a_sign_in_loads_nothing_that_only_refreshing_needs() -> None:
    code = """
import json, sys
from functions.callback import app
app.the_sign_in()
print(json.dumps(sorted(name for name in sys.modules if name.startswith("le_auth."))))
"""
    loaded = run(code, **CALLBACK)

    assert isinstance(loaded, list)
    assert "le_auth.adapters.sign_in_writes" in loaded
    assert not {f"le_auth.{name}" for name in REFRESHING} & set(loaded)


@pytest.mark.parametrize("path", sorted(CODE), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_random_or_of_the_time_is_made_at_import(path: Path) -> None:
    called = {ast.unparse(call.func) for call in calls_at_import(ast.parse(path.read_text()))}

    assert not {name for name in called if CHANGING.search(name)}


def test_what_is_called_at_import_is_found() -> None:
    tree = ast.parse("import uuid\nID = uuid.uuid4()\nclass A:\n    b = f(secrets.token_hex())\ndef c():\n    g()")

    assert {ast.unparse(call.func) for call in calls_at_import(tree)} == {"uuid.uuid4", "f", "secrets.token_hex"}
    assert CHANGING.search("uuid.uuid4")
    assert CHANGING.search("secrets.token_hex")
    assert CHANGING.search("datetime.now")


def calls_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """Find what a module calls while it is imported: all but what stands in functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from calls_at_import(child)
