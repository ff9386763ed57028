"""The operators' tool on the deployed stack, by an IAM user who may do what docs/operators-tool.md says and no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.runner.aws import ACCOUNT, REGION, tool_environment
from local.runner.options import SIMULATED_ACCOUNT
from local.runner.roles import with_batch_forms
from tests.load.person import Person
from tests.support.operated import check_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.runner.stack import Stack

PAGE = Path(__file__).parents[2] / "docs" / "operators-tool.md"
NAME = "operator"
_users = count(5_000_001)


class Operator:
    """Somebody at a shell, in a folder of their own."""

    def __init__(self, stack: Stack, folder: Path, key: dict[str, str]) -> None:
        self.folder = folder
        self._environment = tool_environment(stack.aws.endpoint) | {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def __call__(self, *arguments: str, code: int = 0, typed: str | None = None) -> Any:
        """Run a command with --json and give its document, which is of the documented form."""
        finished = subprocess.run(  # noqa: S603 - our own tool
            [sys.executable, "-m", "operator_cli", *arguments, "--json"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self._environment,
            input=typed,
        )
        assert finished.returncode == code, finished.stdout + finished.stderr
        document = json.loads(finished.stdout)
        if arguments[0] != "manifest":
            check_form(document, arguments)
        return document

    def examine(self, code: int = 0) -> dict[str, set[str]]:
        """Run the doctor; gives the verdicts by check."""
        found: dict[str, set[str]] = {}
        for finding in self("doctor", code=code)["checks"]:
            found.setdefault(finding["check"], set()).add(finding["verdict"])
        return found


@pytest.fixture(scope="module")
def operator(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    iam = stack.aws.iam
    iam.create_user(UserName=NAME)
    iam.put_user_policy(UserName=NAME, PolicyName=NAME, PolicyDocument=documented_policy(stack))
    key: Any = iam.create_access_key(UserName=NAME)["AccessKey"]
    yield Operator(stack, tmp_path_factory.mktemp("operator"), key)
    iam.delete_access_key(UserName=NAME, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=NAME, PolicyName=NAME)
    iam.delete_user(UserName=NAME)


def documented_policy(stack: Stack) -> str:
    """Give the page's policy for this stack, in the emulator's words."""
    [policy] = re.findall(r"```json\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    policy = policy.replace("eu-west-1:111122223333", f"{REGION}:{ACCOUNT}")
    for secret in ("AppInstallSecret", "SealingKeySecret"):
        # It names secrets in another way than CloudFormation does.
        policy = re.sub(rf"arn:aws:secretsmanager:[^\"]*:{secret}-\*", stack.deployed.outputs[f"{secret}Arn"], policy)
    # It asks for the right to list event sources where one is got.
    get = '"lambda:GetEventSourceMapping",\n      "Resource": "arn:aws:lambda:[^"]*:event-source-mapping:\\*"'
    policy, replaced = re.subn(get, '"lambda:ListEventSourceMappings",\n      "Resource": "*"', policy)
    assert replaced == 1
    return json.dumps(with_batch_forms(json.loads(policy)))


@pytest.fixture
def user_id(stack: Stack) -> str:
    """Somebody who has just signed in."""
    user_id = str(next(_users))
    assert Person(base_url=stack.base_url, name=user_id).sign_in()
    return user_id


@pytest.fixture
def scheduled(stack: Stack) -> None:
    """Have the scheduler work a minute off, which else would come within a minute."""
    event = json.dumps({"time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")})
    function = stack.deployed.functions["RefreshSchedulerFunction"]
    assert "FunctionError" not in stack.aws.functions.invoke(FunctionName=function, Payload=event.encode())


@pytest.mark.usefixtures("user_id", "scheduled")
def test_the_doctor_finds_a_working_stack_well_in_every_check(operator: Operator) -> None:
    options = ("--client-name", "com.example.app", "--profiles", "0", "--output", "liveperson-manifest.json")
    manifest = operator("manifest", *options)

    assert set.union(*operator.examine().values()) == {"ok"}
    assert json.loads((operator.folder / "liveperson-manifest.json").read_text()) == manifest


@pytest.mark.usefixtures("scheduled")
def test_a_worker_that_is_not_given_its_queue_is_found(stack: Stack, operator: Operator) -> None:
    with detached_worker(stack):
        assert operator.examine(code=1)["worker"] == {"ok", "failed"}

    assert operator.examine()["worker"] == {"ok"}


@pytest.mark.usefixtures("scheduled")
def test_a_launch_that_leads_elsewhere_than_the_stack_says_is_found(stack: Stack, operator: Operator) -> None:
    with changed_variables(stack, "LaunchFunction", PUBLIC_BASE_URL="https://other.example.com"):
        assert operator.examine(code=1)["launch"] == {"failed"}

    assert operator.examine()["launch"] == {"ok"}


def test_users_are_listed_refreshed_and_signed_out(operator: Operator, user_id: str) -> None:
    [before] = listed(operator, user_id)
    assert operator("refresh", SIMULATED_ACCOUNT, user_id, "--wait", "60")["outcomes"]["refreshed"] == 1
    [refreshed] = listed(operator, user_id)
    told = operator("sign-out", SIMULATED_ACCOUNT, user_id, "--scope", "liveperson", "--yes", "--wait", "60")
    [signed_out] = listed(operator, user_id)

    assert (before["condition"], refreshed["condition"], signed_out["condition"]) == ("fresh", "fresh", "signed-out")
    assert (told["signed_out"], told["outcomes"]["revoked"]) == (1, 1)


def test_a_secret_is_added_and_the_old_one_dropped(stack: Stack, operator: Operator) -> None:
    with put_back(stack, "AppInstallSecretArn"):
        assert operator("secret", "--add", typed="a-newer-secret-of-26-chars\n")["secrets"] == 2
        assert operator("secret", "--drop-old")["secrets"] == 1


def test_a_sealing_key_is_added(stack: Stack, operator: Operator) -> None:
    with put_back(stack, "SealingKeySecretArn"):
        before = operator("sealing-key", "list")["keys"]
        after = operator("sealing-key", "add")["keys"]

    assert [key["key_id"] for key in after[1:]] == [key["key_id"] for key in before]
    assert [key["seals_new_values"] for key in after] == [True] + [False] * len(before)


def test_there_is_nothing_to_replay(operator: Operator) -> None:
    assert operator("replay", "rescue", code=1)["found"] == operator("replay", "refresh", code=1)["found"] == 0


def test_what_the_policy_does_not_allow_is_told_plainly(stack: Stack, operator: Operator) -> None:
    with without_policy(stack):
        assert operator("users", code=1)["error"] == "aws_denied"


def listed(operator: Operator, user_id: str) -> list[dict[str, Any]]:
    return [user for user in operator("users")["users"] if user["user_id"] == user_id]


@contextmanager
def put_back(stack: Stack, secret: str) -> Iterator[None]:
    """Store a secret again as it was, whatever becomes of it."""
    client, arn = stack.aws.secretsmanager, stack.deployed.outputs[secret]
    content = client.get_secret_value(SecretId=arn)["SecretString"]
    try:
        yield
    finally:
        client.put_secret_value(SecretId=arn, SecretString=content)


@contextmanager
def detached_worker(stack: Stack) -> Iterator[None]:
    """Take RefreshQueue from the worker."""
    functions, queue = stack.aws.functions, stack.deployed.outputs["RefreshQueueUrl"].rpartition("/")[2]
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    [uuid] = [mapping["UUID"] for mapping in mappings if mapping["EventSourceArn"].endswith(queue)]
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def changed_variables(stack: Stack, function: str, **changes: str) -> Iterator[None]:
    """Have a function run with other environment variables."""
    functions, name = stack.aws.functions, stack.deployed.functions[function]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {**variables, **changes}})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


@contextmanager
def without_policy(stack: Stack) -> Iterator[None]:
    stack.aws.iam.delete_user_policy(UserName=NAME, PolicyName=NAME)
    try:
        yield
    finally:
        stack.aws.iam.put_user_policy(UserName=NAME, PolicyName=NAME, PolicyDocument=documented_policy(stack))
