"""Nothing that must be new in each process is made at import, so SnapStart may be switched on (docs/snapstart.md)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.modules import PACKAGE, ROOT, modules_under, the_modules
from tests.support.snippets import snippets

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

HARMLESS = {
    ("logging", "time_ns"),  # the zero of `relativeCreated`, which our log lines do not have
    ("random", "Random.seed"),  # the shared generator: AWS clients spread their retries by it, nothing of ours uses it
    ("multiprocessing.process", "urandom"),  # a key for child processes: there are none
    ("dateutil.parser._parser", "localtime"),  # the century of two-digit years
}


def watch(*names: str, path: Path | None = None) -> dict[str, Any]:
    """Import modules in a fresh interpreter, and tell what that did."""
    paths = [str(ROOT), str(PACKAGE.parent), *([str(path)] if path else [])]
    code = f"import sys; sys.path[:0] = {paths!r}; from tests.support.import_watch import main; main({list(names)!r})"
    done = subprocess.run(  # noqa: S603 - this interpreter, our code
        [sys.executable, "-c", code], env={}, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def calls_of(seen: dict[str, Any]) -> set[tuple[str, str]]:
    return {(module, call) for module, call in seen["calls"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_function_draws_nothing_random_reads_no_clock_and_opens_nothing(function: str) -> None:
    seen = watch(f"functions.{function}.app")

    assert calls_of(seen) <= HARMLESS
    assert seen["kept"] == [], "made at import, and so shared by all that start from the snapshot"


def test_all_that_a_function_may_import_later_could_be_imported_before_the_snapshot() -> None:
    libraries = ["boto3", "requests", "cryptography.hazmat.primitives.ciphers.aead", "joserfc.jws"]

    seen = watch(*(module.name for module in the_modules()), *libraries)

    assert calls_of(seen) <= HARMLESS
    assert seen["kept"] == []


def test_the_file_that_imports_ahead_makes_nothing_either(tmp_path: Path) -> None:
    [ahead] = snippets("snapstart.md", "python")
    (tmp_path / "ahead.py").write_text(ahead)
    (tmp_path / "app.py").write_text((ROOT / "functions" / "callback" / "app.py").read_text())

    seen = watch("ahead", path=tmp_path)

    assert calls_of(seen) <= HARMLESS
    assert seen["kept"] == []


def test_random_numbers_of_ours_come_from_the_operating_system_at_each_draw() -> None:
    for module in modules_under("le_auth", "functions"):
        assert not module.imports & {"random", "uuid", "numpy"}, module.name


@pytest.mark.parametrize(
    ("statement", "call"),
    [
        ("import secrets; STATE = secrets.token_urlsafe(32)", "urandom"),
        ("import uuid; OWNER = uuid.uuid4()", "urandom"),
        ("import random; JITTER = random.random()", "Random.random"),
        ("import time; STARTED = time.monotonic()", "monotonic"),
        ("from datetime import UTC, datetime; STARTED = datetime.now(UTC)", "datetime.now"),
        ("import threading; threading.Thread(target=print).start()", "start_joinable_thread"),
        ("import socket; socket.socket().connect_ex(('127.0.0.1', 1))", "socket.connect_ex"),
    ],
)
def test_what_is_watched_for_is_found(tmp_path: Path, statement: str, call: str) -> None:
    (tmp_path / "careless.py").write_text(f"{statement}\n")

    assert ("careless", call) in calls_of(watch("careless", path=tmp_path))


def test_what_a_module_keeps_at_import_is_found(tmp_path: Path) -> None:
    eager = """
from functions.refresh_worker import app
app.the_number_of_threads()
import requests
session = requests.Session()
"""
    (tmp_path / "app.py").write_text(eager)

    assert watch("app", path=tmp_path)["kept"] == [
        "app.session",
        "functions.refresh_worker.app.the_number_of_threads",
    ]
