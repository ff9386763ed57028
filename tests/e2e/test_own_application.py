"""The application of docs/protect-a-route.md: a stack of its own, on our API or under one domain name with it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Page

from local.runner.options import SIMULATED_ACCOUNT
from local.runner.stack import Stack
from tests.e2e.steps import sign_in
from tests.support.snippets import application, application_with_an_api

DOMAIN_NAME = "auth.example.localhost"
SECONDS = 30


def test_an_application_adds_a_route_to_our_api(stack: Stack, page: Page) -> None:
    session = session_of("ben", page, stack)

    with deployed(stack, application(), outputs(stack, "HttpApiId", "AuthorizerId")):
        assert_greets_whoever_is_signed_in(f"{stack.base_url}/hello", session)
    assert get(f"{stack.base_url}/hello", session).status_code == 404
    assert get(f"{stack.base_url}/session", session).status_code == 200


def test_an_application_has_an_api_beside_ours_under_one_domain_name(stack: Stack, page: Page) -> None:
    session = session_of("ben", page, stack)
    values = outputs(stack, "AuthorizerFunctionArn") | {"DomainName": DOMAIN_NAME}
    emulator = urlsplit(stack.aws.endpoint).netloc

    with domain_name(stack), deployed(stack, application_with_an_api(), values):
        assert_greets_whoever_is_signed_in(f"http://{emulator}/app/hello", session, host=DOMAIN_NAME)
        assert get(f"http://{emulator}/session", session, host=DOMAIN_NAME).status_code == 200


def assert_greets_whoever_is_signed_in(url: str, session: str, host: str | None = None) -> None:
    greeting = get(url, session, host=host)

    assert (greeting.status_code, greeting.text) == (200, f"Hello, user 1002 of {SIMULATED_ACCOUNT}.")
    assert get(url, "theme=dark", host=host).status_code == 403
    assert get(url, None, host=host).status_code == 401


def session_of(name: str, page: Page, stack: Stack) -> str:
    """Sign in and give the Cookie header that the browser then sends."""
    sign_in(page, stack, name)
    return "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies(page.url))


def outputs(stack: Stack, *names: str) -> dict[str, str]:
    return {name: stack.deployed.outputs[name] for name in names}


@contextmanager
def deployed(stack: Stack, template: str, parameters: Mapping[str, str]) -> Iterator[None]:
    """A stack beside ours, for as long as the block lasts."""
    cloudformation = stack.aws.cloudformation
    cloudformation.create_stack(
        StackName="my-app",
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="my-app", WaiterConfig={"Delay": 1})
    yield
    cloudformation.delete_stack(StackName="my-app")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="my-app", WaiterConfig={"Delay": 1})


@contextmanager
def domain_name(stack: Stack) -> Iterator[None]:
    """A domain name that leads to our API, and that only the emulator knows; it serves names of this machine alone."""
    gateway = stack.aws.apigatewayv2
    gateway.create_domain_name(DomainName=DOMAIN_NAME)
    gateway.create_api_mapping(DomainName=DOMAIN_NAME, ApiId=stack.deployed.outputs["HttpApiId"], Stage="$default")
    yield
    gateway.delete_domain_name(DomainName=DOMAIN_NAME)


def get(url: str, cookie: str | None, *, host: str | None = None) -> requests.Response:
    headers = {name: value for name, value in {"Cookie": cookie, "Host": host}.items() if value is not None}
    return requests.get(url, headers=headers, timeout=SECONDS)
