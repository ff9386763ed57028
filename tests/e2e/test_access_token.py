"""A back end asks for a user's token: real IAM users, real signatures, the documented policy, enforced."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from playwright.sync_api import Page

from local.runner.aws import ACCOUNT, REGION
from local.runner.logs import LogTail
from local.runner.options import SIMULATED_ACCOUNT
from local.runner.stack import Stack
from local.simulator import DEFAULT_PASSWORD
from tests.e2e.simulator_control import SimulatorControl

PAGE = Path(__file__).parents[2] / "docs" / "back-end.md"
USER_ID = "4000001"
OTHER_ACCOUNT = "le11111111"  # which the policy does not name
SECONDS = 35
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An IAM user with an access key."""

    stack: Stack
    name: str
    access_key: str
    secret_key: str = field(repr=False)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:user/{self.name}"

    def ask(self, account: str = SIMULATED_ACCOUNT, *, signed: bool = True) -> requests.Response:
        """GET the token's address at the API's own host name."""
        port = self.stack.aws.endpoint.rpartition(":")[2]
        host = f"{self.stack.deployed.outputs['HttpApiId']}.execute-api.localhost:{port}"
        path = f"/token/{account}/{USER_ID}"
        request = AWSRequest(method="GET", url=f"http://{host}{path}")
        if signed:
            SigV4Auth(Credentials(self.access_key, self.secret_key), "execute-api", REGION).add_auth(request)
        headers = {**dict(request.headers), "Host": host}  # Python's resolver knows no names under localhost
        return requests.get(f"{self.stack.aws.endpoint}{path}", headers=headers, timeout=SECONDS)

    def invoke(self) -> dict[str, Any]:
        """Invoke the function directly."""
        functions = boto3.client(
            "lambda",
            endpoint_url=self.stack.aws.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
        )
        answer = functions.invoke(FunctionName=function_arn(self.stack), Payload=json.dumps(EVENT).encode())
        content: dict[str, Any] = json.loads(answer["Payload"].read())
        functions.close()
        return content


EVENT = {"account_id": SIMULATED_ACCOUNT, "user_id": USER_ID}
type NewCaller = Callable[[str | None], Caller]


@pytest.fixture
def new_caller(stack: Stack) -> Iterator[NewCaller]:
    """Makes IAM users, each with a policy or none."""
    iam, made = stack.aws.iam, list[Caller]()

    def make(policy: str | None) -> Caller:
        name = f"back-end-{next(_numbers)}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        if policy is not None:
            iam.put_user_policy(UserName=name, PolicyName="tokens", PolicyDocument=policy)
        made.append(Caller(stack=stack, name=name, access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"]))
        return made[-1]

    yield make
    for caller in made:
        iam.delete_access_key(UserName=caller.name, AccessKeyId=caller.access_key)
        for policy_name in iam.list_user_policies(UserName=caller.name)["PolicyNames"]:
            iam.delete_user_policy(UserName=caller.name, PolicyName=policy_name)
        iam.delete_user(UserName=caller.name)


@pytest.fixture
def signed_in(stack: Stack, page: Page) -> None:
    """Have the user signed in through a browser."""
    page.goto(stack.launch_url)
    page.get_by_label("User name").fill(USER_ID)
    page.get_by_label("Password").fill(DEFAULT_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stack.base_url}/**")


def documented_policy(stack: Stack) -> str:
    """Give the page's policy with the names of this stack in the place of the made-up ones."""
    [policy] = re.findall(r"```json\n(\{[^`]*execute-api:Invoke[^`]*\})\n```", PAGE.read_text())
    made_up = "eu-west-1:111122223333:a1b2c3d4e5/"
    assert made_up in policy
    assert f"/token/{SIMULATED_ACCOUNT}/*" in policy
    return str(policy.replace(made_up, f"{REGION}:{ACCOUNT}:{stack.deployed.outputs['HttpApiId']}/"))


def function_arn(stack: Stack) -> str:
    return stack.deployed.outputs["AccessTokenFunctionArn"]


def is_live(simulator: SimulatorControl, access_token: str) -> bool:
    return simulator.token_state(hashlib.sha256(access_token.encode()).hexdigest()) == "live"


@pytest.mark.usefixtures("signed_in")
def test_point_27_a_back_end_with_the_documented_policy_gets_its_accounts_tokens_and_no_others(
    stack: Stack, simulator: SimulatorControl, new_caller: NewCaller
) -> None:
    back_end = new_caller(documented_policy(stack))

    answer = back_end.ask()

    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content.keys() == {"access_token", "token_type", "account_id", "user_id", "issued_at", "refreshed_at"}
    assert is_live(simulator, content["access_token"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert back_end.ask(OTHER_ACCOUNT).status_code == 403

    messages = [event.message for event in LogTail(stack.aws, stack.deployed.functions).read_new()]
    [line] = [json.loads(message) for message in messages if '"token vended"' in message and back_end.arn in message]
    assert (line["caller"], line["account_id"], line["user_id"]) == (back_end.arn, SIMULATED_ACCOUNT, USER_ID)
    assert not any(content["access_token"] in message for message in messages)


@pytest.mark.usefixtures("signed_in")
def test_point_27_a_back_end_without_a_policy_gets_nothing(stack: Stack, new_caller: NewCaller) -> None:
    stranger = new_caller(None)

    answers = [stranger.ask(), stranger.ask(signed=False)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert not any("access_token" in answer.text for answer in answers)
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.invoke()
    assert stack.deployed.functions["AccessTokenFunction"]


def test_point_27_the_address_for_browsers_gives_no_token(stack: Stack) -> None:
    answer = requests.get(f"{stack.base_url}/token/{SIMULATED_ACCOUNT}/{USER_ID}", timeout=SECONDS)

    assert answer.status_code == 403


@pytest.mark.usefixtures("signed_in")
def test_a_caller_trusted_with_all_accounts_invokes_the_function_directly(
    stack: Stack, simulator: SimulatorControl, new_caller: NewCaller
) -> None:
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function_arn(stack)}
    trusted = new_caller(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    content = trusted.invoke()

    assert is_live(simulator, content["access_token"])
    assert (content["account_id"], content["user_id"]) == (SIMULATED_ACCOUNT, USER_ID)
    assert trusted.ask().status_code == 403, "that is another permission"
