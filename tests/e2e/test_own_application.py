"""The application of docs/protect-a-route.md: a stack of its own, under one domain name with ours."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page

from local.runner.options import SIMULATED_ACCOUNT
from local.runner.sam import API_ID
from local.runner.stack import Stack
from tests.e2e.signing_in import sign_in
from tests.support.snippets import own_application

DOMAIN_NAME = "auth.example.com"
SECONDS = 30


@pytest.fixture
def own_stack(stack: Stack) -> Iterator[Stack]:
    """The domain name, and the application beside us under it."""
    gateway = stack.aws.apigatewayv2
    gateway.create_domain_name(DomainName=DOMAIN_NAME)
    gateway.create_api_mapping(DomainName=DOMAIN_NAME, ApiId=API_ID, Stage="$default")
    values = {
        "DomainName": DOMAIN_NAME,
        "AuthorizerFunctionArn": stack.deployed.outputs["AuthorizerFunctionArn"],
    }
    stack.aws.cloudformation.create_stack(
        StackName="my-app",
        TemplateBody=own_application(),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
    )
    stack.aws.cloudformation.get_waiter("stack_create_complete").wait(StackName="my-app", WaiterConfig={"Delay": 1})
    yield stack
    stack.aws.cloudformation.delete_stack(StackName="my-app")
    gateway.delete_domain_name(DomainName=DOMAIN_NAME)


def test_a_session_of_ours_opens_a_route_of_the_application(own_stack: Stack, page: Page) -> None:
    sign_in(page, own_stack, "ben")
    session = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies(page.url))

    assert get(own_stack, "/session", session).status_code == 200
    greeting = get(own_stack, "/app/hello", session)

    assert (greeting.status_code, greeting.text) == (200, f"Hello, user 1002 of {SIMULATED_ACCOUNT}.")
    assert get(own_stack, "/app/hello", "theme=dark").status_code == 403
    assert get(own_stack, "/app/hello", None).status_code == 401


def get(stack: Stack, path: str, cookie: str | None) -> requests.Response:
    """GET under the domain name, which only the emulator knows."""
    emulator = urlsplit(stack.aws.endpoint).netloc
    headers = {"Host": DOMAIN_NAME} | ({} if cookie is None else {"Cookie": cookie})
    return requests.get(f"http://{emulator}{path}", headers=headers, timeout=SECONDS)
