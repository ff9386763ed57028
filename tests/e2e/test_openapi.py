"""What docs/openapi.yaml says is what the deployed system does: schemathesis asks it, whatever comes to its mind."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from local.runner.aws import CREDENTIALS, REGION
from local.runner.stack import Stack
from local.simulator import DEFAULT_PASSWORD
from tests.e2e.steps import sign_in

PROJECT = Path(__file__).parents[2]
SCHEMATHESIS = PROJECT / ".tools/schemathesis/bin/st"
HOW = PROJECT / "tests/e2e/openapi"
OF_THE_EXAMPLES = "2017"
LEAST_CASES = 200


@pytest.mark.parametrize("who", ["nobody", "somebody"])
def test_whatever_is_asked_is_answered_as_the_openapi_description_says(
    stack: Stack, page: Page, tmp_path: Path, record_property: Callable[[str, object], None], who: str
) -> None:
    assert SCHEMATHESIS.exists(), "make environment-schemathesis makes it"
    sign_in(page, stack, OF_THE_EXAMPLES)

    told = ask(stack, tmp_path, who=who)

    generated = re.search(r"Test cases:\n +(\d+) generated", told.stdout)
    assert told.returncode == 0, told.stdout + told.stderr
    assert generated is not None, told.stdout
    record_property("cases", generated[1])
    assert int(generated[1]) >= LEAST_CASES
    assert "Tested: 7" in told.stdout


def ask(stack: Stack, folder: Path, *, who: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis: on a quiet machine it takes some 20 seconds.

    Args:
        who: "somebody" signs in anew whenever a session is over; "nobody" does not.
    """
    port = stack.aws.endpoint.rpartition(":")[2]
    told = {
        "BASE_URL": stack.base_url,
        "API_HOST": f"{stack.deployed.outputs['HttpApiId']}.execute-api.localhost:{port}",
        "ACCESS_KEY": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "SECRET_KEY": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        "REGION": REGION,
        "WHO": who,
        "USER": "2018",
        "PASSWORD": DEFAULT_PASSWORD,
    }
    return subprocess.run(  # noqa: S603 - our own tool and words
        [
            *(SCHEMATHESIS, "--no-color", "--config-file", HOW / "schemathesis.toml"),
            *("run", PROJECT / "docs/openapi.yaml", "--url", stack.base_url),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,  # it leaves files where it runs
        env={
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1,localhost",
            "SCHEMATHESIS_HOOKS": str(HOW / "hooks.py"),
            **{f"OPENAPI_{name}": value for name, value in told.items()},
        },
    )
