"""The recipes of docs/back-end.md, as they stand there, against the deployed system."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page

from local.runner.aws import ACCOUNT, CREDENTIALS, REGION
from local.runner.options import SIMULATED_ACCOUNT
from local.runner.stack import Stack
from tests.e2e.steps import sign_in
from tests.support.snippets import snippets

AWS_CLI = Path(__file__).parents[2] / ".tools/ministack/bin"
USER_ID = "2017"
SECONDS = 60
# Python's resolver knows no names under localhost, by one of which the emulator serves the API.
START = """
import runpy, socket, sys
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve(
    "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
type Keys = Mapping[str, str]


@pytest.fixture
def limited_keys(stack: Stack) -> Iterator[Keys]:
    """Of an IAM user with the page's own policy, with the names of this stack in the place of the made-up ones."""
    [policy] = snippets("back-end.md", "json")
    made_up = "eu-west-1:111122223333:a1b2c3d4e5/"
    assert policy.count(made_up) == 2
    policy = policy.replace(made_up, f"{REGION}:{ACCOUNT}:{stack.deployed.outputs['HttpApiId']}/")
    iam, name = stack.aws.iam, "recipe"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="tokens", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="tokens")
    iam.delete_user(UserName=name)


@pytest.fixture
def signed_in(stack: Stack, page: Page) -> None:
    sign_in(page, stack, USER_ID)


@pytest.mark.usefixtures("signed_in")
def test_the_recipe_by_http_reads_a_user_at_liveengage(stack: Stack, limited_keys: Keys, tmp_path: Path) -> None:
    told = run_by_http(stack, limited_keys, tmp_path, SIMULATED_ACCOUNT)

    assert told.returncode == 0, told.stderr
    assert f"'id': '{USER_ID}'" in told.stdout or f"'id': {USER_ID}" in told.stdout, told.stdout


@pytest.mark.parametrize(
    ("account", "why"), [("le87654321", "SignInNeededError: not_signed_in"), ("le99999999", "403 Client Error")]
)
def test_its_policy_allows_the_accounts_that_it_names_and_no_other(
    stack: Stack, limited_keys: Keys, tmp_path: Path, account: str, why: str
) -> None:
    told = run_by_http(stack, limited_keys, tmp_path, account)

    assert told.returncode == 1
    assert why in told.stderr


@pytest.mark.usefixtures("signed_in")
def test_the_recipe_by_invocation_fetches_a_token(stack: Stack, tmp_path: Path) -> None:
    _, recipe = snippets("back-end.md", "python")
    (tmp_path / "fetch_token.py").write_text(recipe)
    function = stack.deployed.outputs["AccessTokenFunctionArn"]

    told = run(stack, CREDENTIALS, tmp_path, [sys.executable, "fetch_token.py", function, SIMULATED_ACCOUNT, USER_ID])

    assert told.returncode == 0, told.stderr
    assert told.stdout == "64 characters\n"


@pytest.mark.usefixtures("signed_in")
def test_the_recipe_for_the_command_line_fetches_a_token(stack: Stack, tmp_path: Path) -> None:
    [recipe] = snippets("back-end.md", "sh")

    told = run(stack, CREDENTIALS, tmp_path, ["bash", "-ec", recipe])

    assert told.returncode == 0, told.stderr
    token = tmp_path / "token.json"
    assert json.loads(token.read_text())["user_id"] == USER_ID
    assert token.stat().st_mode & 0o077 == 0


def run_by_http(stack: Stack, keys: Keys, folder: Path, account: str) -> subprocess.CompletedProcess[str]:
    """Run the recipe with the simulator in LivePerson's place."""
    recipe, _ = snippets("back-end.md", "python")
    domain_api = "https://api.liveperson.net"
    assert recipe.count(domain_api) == 1
    assert recipe.count("https://{host}") == 1
    recipe = recipe.replace(domain_api, str(stack.simulator_url)).replace("https://{host}", "http://{host}")
    (folder / "who.py").write_text(recipe)
    port = stack.aws.endpoint.rpartition(":")[2]
    token_url = f"http://{stack.deployed.outputs['HttpApiId']}.execute-api.localhost:{port}/token"
    return run(stack, keys, folder, [sys.executable, "-c", START, "who.py", token_url, REGION, account, USER_ID])


def run(stack: Stack, keys: Keys, folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a recipe with these credentials and the emulator for AWS."""
    environment = {
        **keys,
        "PATH": f"{AWS_CLI}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": stack.aws.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": ".localhost,127.0.0.1,localhost",
        "ACCESS_TOKEN_FUNCTION_ARN": stack.deployed.outputs["AccessTokenFunctionArn"],
    }
    return subprocess.run(  # noqa: S603 - the page's own words
        command, check=False, capture_output=True, text=True, timeout=SECONDS, cwd=folder, env=environment
    )
