"""What a function does not spend its cold start on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.installation import FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(set(FUNCTIONS) - {"example"})
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


def run(code: str) -> object:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'layers' / 'le_auth'}"}
    done = subprocess.run(  # noqa: S603 - this interpreter, our code
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", OURS)
def test_no_garbage_is_looked_for_until_the_first_answer(name: str) -> None:
    assert run(IMPORT.replace("{name}", name)) == [False, False, True, True]


@pytest.mark.parametrize("name", OURS)
def test_the_cold_start_begins_before_anything_large_is_imported(name: str) -> None:
    assert run(ORDER.replace("{name}", name)) is None
