"""What keeps the code's shape: which module may import which, what a cold start loads, and how long things are."""

from __future__ import annotations

import ast
import json
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.modules import (
    CODE,
    ROOT,
    TOOLS,
    Module,
    imports_of,
    is_under,
    modules_under,
    name_of,
    run_python,
    the_modules,
)

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_FILE, LONGEST_FUNCTION = 320, 40


def foreign(module: Module, *allowed: str) -> set[str]:
    """Give the imports that are neither of the standard library nor under the allowed names."""
    return {
        name
        for name in module.imports
        if name != "le_auth" and name.partition(".")[0] not in sys.stdlib_module_names and not is_under(name, *allowed)
    }


# ---- who may import whom ----


def test_the_rules_import_the_standard_library_and_one_another_only() -> None:
    for module in modules_under("le_auth.domain", "le_auth.errors"):
        assert foreign(module, "le_auth.domain", "le_auth.errors") == set(), module.name


@pytest.mark.parametrize(
    "banned", ["os", "socket", "time", "urllib.request", "http.client", "logging", "threading.Timer"]
)
def test_the_rules_have_neither_clock_nor_network_nor_log(banned: str) -> None:
    for module in modules_under("le_auth.domain"):
        assert not any(is_under(name, banned) for name in module.imports), module.name


def test_no_rule_asks_for_the_time_itself() -> None:
    for module in modules_under("le_auth.domain"):
        called = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(module.path.read_text()))
            if isinstance(node, ast.Call)
        }
        assert not called & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}, module.name


def test_adapters_import_rules_and_adapters_and_nothing_above() -> None:
    for module in modules_under("le_auth.adapters"):
        ours = {name for name in module.imports if is_under(name, "le_auth", "functions", *TOOLS, "tests")}
        above = {name for name in ours if not is_under(name, "le_auth.adapters", "le_auth.domain", "le_auth.errors")}
        assert above == set(), module.name


def test_the_package_never_imports_functions_tools_or_tests() -> None:
    for module in modules_under("le_auth"):
        assert not any(is_under(name, "functions", *TOOLS, "tests") for name in module.imports), module.name


def test_functions_do_not_import_one_another() -> None:
    for module in modules_under("functions"):
        assert not any(is_under(name, "functions", *TOOLS, "tests") for name in module.imports), module.name


def test_the_operators_tool_imports_neither_functions_nor_the_local_run_nor_tests() -> None:
    for path in (ROOT / "operator_cli").rglob("*.py"):
        found = imports_of(ast.parse(path.read_text()))
        assert not any(is_under(name, "functions", "local", "tests") for name in found), path.name


def test_the_import_graph_has_no_circle_at_run_time() -> None:
    graph = {module.name: run_time_imports(module) for module in the_modules()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for imported in graph[name]:
                visit(imported, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def run_time_imports(module: Module) -> set[str]:
    """Give those of our modules that importing a module imports at once."""
    names = {found.name for found in the_modules()}
    tree = ast.parse(module.path.read_text())
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return set(imports_of(ast.Module(body=list(at_once), type_ignores=[]))) & names - {module.name}


# ---- what a cold start loads ----

HEAVY = ("boto3", "botocore.session", "botocore.client", "requests", "urllib3", "cryptography", "joserfc")
"""Powertools imports botocore's `__init__` alone, which takes a millisecond."""
COLD_START = """
import json, sys
from functions.launch import app
event = {
    "rawQueryString": "account_id=13099967",
    "headers": {},
    "requestContext": {"http": {"method": "GET"}, "domainName": "abc.example.com", "requestId": "r"},
}
answer = app.lambda_handler(event, None)
print(json.dumps({"status": answer["statusCode"], "modules": sorted(sys.modules)}))
"""


def test_a_cold_launch_loads_nothing_heavy() -> None:
    output = run_python(
        COLD_START,
        APP_INSTALLS="13099967=75588e18-0213-4e33-8174-883acac7e3c4",
        SENTINEL_DOMAIN="va.sentinel.liveperson.net",
        POWERTOOLS_SERVICE_NAME="le-app-auth",
        POWERTOOLS_METRICS_NAMESPACE="le-app-auth",
    )

    found = json.loads(output)
    assert found["status"] == 302
    assert [name for name in found["modules"] if is_under(name, *HEAVY)] == []
    assert [name for name in found["modules"] if is_under(name, "botocore")] in ([], ["botocore"])
    adapters = [name for name in found["modules"] if is_under(name, "le_auth.adapters")]
    assert adapters == ["le_auth.adapters", "le_auth.adapters.pinned_sentinel"]


def test_importing_all_of_our_code_needs_no_environment_and_no_network() -> None:
    code = f"""
import importlib, socket
def refuse(*_): raise AssertionError("a socket at import")
socket.socket.connect = refuse
for name in {[module.name for module in the_modules()]}:
    importlib.import_module(name)
print("all")
"""
    assert run_python(code) == "all"


# ---- how long things are ----


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_no_file_and_no_function_is_too_long(path: Path) -> None:
    text = path.read_text()

    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name
