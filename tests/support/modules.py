"""Our modules and what each of them imports, and an interpreter of its own to import them in."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "le_auth" / "le_auth"
TOOLS = ("local", "operator_cli")
CODE = [
    path for folder in (PACKAGE, ROOT / "functions", *(ROOT / name for name in TOOLS)) for path in folder.rglob("*.py")
]


@dataclass(frozen=True, slots=True)
class Module:
    """A module of ours and the modules that it imports, for types only or at run time."""

    name: str
    path: Path
    imports: frozenset[str]


def name_of(path: Path) -> str:
    base = PACKAGE.parent if path.is_relative_to(PACKAGE) else ROOT
    return ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")


def imports_of(tree: ast.AST) -> frozenset[str]:
    """List what a module imports; `from a import b` counts as a and a.b, since b may be a module."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


@cache
def the_modules() -> list[Module]:
    paths = [path for path in CODE if not any(path.is_relative_to(ROOT / name) for name in TOOLS)]
    return [Module(name_of(path), path, imports_of(ast.parse(path.read_text()))) for path in sorted(paths)]


def modules_under(*prefixes: str) -> list[Module]:
    found = [module for module in the_modules() if is_under(module.name, *prefixes)]
    assert found, f"there is no module under {prefixes}"
    return found


def is_under(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def run_python(code: str, **variables: str) -> str:
    """Run code in a fresh interpreter; gives the last line that it prints."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}{os.pathsep}{PACKAGE.parent}", **variables}
    done = subprocess.run(  # noqa: S603 - this interpreter, our code
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[-1]
