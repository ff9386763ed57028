"""A live stack is changed, deleted and taken over: who was signed in still is, and the tokens go on being refreshed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests
from click.testing import CliRunner

from le_auth.domain.users import User
from local.runner.aws import tool_environment
from local.runner.options import SIMULATED_ACCOUNT, Options
from local.runner.places import Places
from local.runner.ports import free_port
from local.runner.progress import Untold
from local.runner.roles import allow_batch_forms
from local.runner.sam import STACK_NAME, Sam
from local.runner.stack import Stack, running_stack
from operator_cli.app import cli
from operator_cli.commands.take_over import import_kept
from operator_cli.kept_resources import find_last_deleted
from tests.e2e.steps import read_item, sign_in
from tests.load.livepersons_side import LivePersonsSide
from tests.load.traffic import Traffic
from tests.support.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

USER = User(account_id=SIMULATED_ACCOUNT, user_id="6000001")
HOST = "auth.example.localhost"
SECRETS = ("AppInstallSecretArn", "SealingKeySecretArn")


class Live:
    """A stack that is changed under way."""

    def __init__(self, stack: Stack, places: Places) -> None:
        self.stack, self._sam = stack, Sam(places, stack.aws)
        self.emulator = Emulator(stack.aws.endpoint)

    def deploy(self, **changed: str) -> None:
        """Deploy with other parameters than before; what is not named here keeps its value."""
        parameters = {**self.stack.parameters, **changed}
        deployed = self._sam.deploy(parameters)
        allow_batch_forms(self.stack.aws, deployed.roles)
        self.stack = replace(self.stack, deployed=deployed, parameters=parameters)

    def operate(self, *arguments: str) -> str:
        """Run a command of the operators' tool; gives what it prints."""
        environment = tool_environment(self.stack.aws.endpoint)
        result = CliRunner(env=environment).invoke(cli, [*arguments, "--stack", STACK_NAME], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def generation_after_refresh(self) -> int:
        """Have the worker refresh the user's token; gives the number of the new one."""
        traffic = Traffic(stack=self.stack, liveperson=LivePersonsSide(self.stack.simulator_url or ""), users=[USER])
        traffic.send_for_everybody()
        traffic.settle()
        [standing] = traffic.standings()
        assert standing.is_live, standing
        return self.generation()

    def generation(self) -> int:
        return int(read_item(self.stack, USER)["generation"]["N"])

    def delete(self) -> None:
        client = self.emulator.cloudformation
        [stack] = client.describe_stacks(StackName=STACK_NAME)["Stacks"]
        client.delete_stack(StackName=STACK_NAME)
        self.wait("stack_delete_complete", stack["StackId"])

    def wait(self, waiter: Any, stack: str) -> None:
        patience = {"Delay": 0, "MaxAttempts": 1000}
        self.emulator.cloudformation.get_waiter(waiter).wait(StackName=stack, WaiterConfig=patience)

    def secret(self, arn: str) -> str:
        return self.emulator.secretsmanager.get_secret_value(SecretId=arn)["SecretString"]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    places = Places(state=tmp_path_factory.mktemp("live"))
    with running_stack(Options(port=free_port()), places, Untold()) as stack:
        live = Live(stack, places)
        yield live
        live.emulator.close()


@pytest.fixture
def signed_in(live: Live, page: Page) -> Page:
    sign_in(page, live.stack, USER.user_id)
    return page


def assert_is_signed_in(page: Page, live: Live) -> None:
    answer = page.context.request.get(f"{live.stack.base_url}/session")

    assert answer.status == 200
    assert answer.json()["user_id"] == USER.user_id


def test_the_stack_stays_as_it_is_when_alarms_begin_to_guard_its_updates(live: Live, signed_in: Page) -> None:
    functions = live.stack.deployed.functions

    output = live.operate("guard")

    assert "5 alarms watched for 15 minutes" in output
    live.wait("stack_update_complete", STACK_NAME)
    live.deploy()
    assert live.stack.deployed.functions == functions
    assert_is_signed_in(signed_in, live)


def test_a_domain_name_is_served_beside_api_gateways_own_address(live: Live, signed_in: Page) -> None:
    """The emulator tells functions its own name for the API, not the domain: redirect URIs are looked at elsewhere."""
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/4f3c1f9e-2b1c-4f5e-9b8a-0c1d2e3f4a5b"
    base_url = live.stack.base_url

    live.deploy(PublicBaseUrl="", DomainName=HOST, CertificateArn=certificate)

    outputs = live.stack.deployed.outputs
    assert outputs["LaunchUrl"] == f"https://{HOST}/launch"
    assert outputs["DomainNameTarget"].endswith(".execute-api.us-east-1.amazonaws.com")
    answer = requests.get(
        f"{live.stack.aws.endpoint}/launch", headers={"Host": HOST}, allow_redirects=False, timeout=35
    )
    assert answer.status_code == 302
    assert_is_signed_in(signed_in, live)
    live.deploy(PublicBaseUrl=base_url, DomainName="", CertificateArn="")
    assert "DomainNameTarget" not in live.stack.deployed.outputs


def test_who_was_signed_in_when_the_stack_was_deleted_still_is_in_the_one_that_takes_over(
    live: Live, signed_in: Page
) -> None:
    """The emulator imports table, key and queues, but no secrets: their contents are copied here."""
    before, table = live.generation(), live.stack.deployed.outputs["TokenTableName"]
    old = [live.stack.deployed.outputs[name] for name in SECRETS]
    client = live.emulator.cloudformation
    live.delete()
    deleted = find_last_deleted(client, STACK_NAME)
    assert {each.logical_id for each in deleted.kept} >= {"TokenTable", "SealingKeySecret", "AppInstallSecret"}

    contents = [live.secret(arn) for arn in old]
    importable = [each for each in deleted.kept if each.kind != "AWS::SecretsManager::Secret"]
    import_kept(client, STACK_NAME, replace(deleted, kept=importable))
    live.deploy()
    for name, content in zip(SECRETS, contents, strict=True):
        live.emulator.secretsmanager.put_secret_value(SecretId=live.stack.deployed.outputs[name], SecretString=content)

    assert live.stack.deployed.outputs["TokenTableName"] == table
    assert_is_signed_in(signed_in, live)
    assert live.generation_after_refresh() == before + 1
