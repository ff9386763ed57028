"""docs/openapi.yaml: its routes are the template's, its errors the code's, and its examples fit its schemas."""

from __future__ import annotations

import re
from functools import cache
from inspect import isclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator

from functions.access_token import app as access_token
from functions.example import app as example
from le_auth import errors
from le_auth.domain import return_to, users
from le_auth.error_answers import status_of
from le_auth.landing import Ended
from tests.support.answers import EVERY_ANSWER
from tests.support.template import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
OURS = [each for each in vars(errors).values() if isclass(each) and issubclass(each, errors.LeAuthError)]
type Node = dict[str, Any]


@cache
def description() -> Node:
    content: Node = yaml.safe_load((PROJECT / "docs/openapi.yaml").read_text())
    return content


def follow(node: Node) -> Node:
    """Give what a node refers to, or itself."""
    while "$ref" in node:
        target: Any = description()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def operations() -> dict[str, Node]:
    """Give each operation by its route key, such as `GET /session`."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


def responses(route: str) -> dict[int, Node]:
    return {int(status): follow(response) for status, response in operations()[route]["responses"].items()}


def codes(route: str) -> dict[int, set[str]]:
    """Give the words that may stand under `error`, by status."""
    found: dict[int, set[str]] = {}
    for status, response in responses(route).items():
        schema = follow(response.get("content", {}).get("application/json", {}).get("schema", {}))
        for choice in map(follow, schema.get("oneOf", [schema])):
            if "error" in choice.get("properties", {}):
                found.setdefault(status, set()).update(choice["properties"]["error"]["enum"])
    return found


def examples() -> Iterator[tuple[str, Node, Any]]:
    """Give every example with its schema and where it stands."""

    def walk(node: Any, place: str) -> Iterator[tuple[str, Node, Any]]:
        if isinstance(node, dict):
            if "example" in node:
                yield place, node["schema"], node["example"]
            for name, each in node.items():
                yield from walk(each, f"{place}/{name}")
        elif isinstance(node, list):
            for number, each in enumerate(node):
                yield from walk(each, f"{place}/{number}")

    yield from walk(description(), "")


def test_it_describes_the_routes_of_the_template_and_no_others() -> None:
    declared = [each for each in read_template()["Resources"].values() if each["Type"] == "AWS::ApiGatewayV2::Route"]

    assert set(operations()) == {route["Properties"]["RouteKey"] for route in declared}


def test_a_route_wants_what_the_template_has_api_gateway_want() -> None:
    signed = {route for route, operation in operations().items() if {"awsSigV4": []} in operation.get("security", [])}
    declared = read_template()["Resources"].values()

    assert signed == {
        each["Properties"]["RouteKey"]
        for each in declared
        if each["Type"] == "AWS::ApiGatewayV2::Route" and each["Properties"].get("AuthorizationType") == "AWS_IAM"
    }


@pytest.mark.parametrize(("place", "schema", "shown"), list(examples()))
def test_an_example_fits_its_schema(place: str, schema: Node, shown: Any) -> None:
    validator = Draft202012Validator({**schema, "components": description()["components"]})

    assert [error.message for error in validator.iter_errors(shown)] == [], place


def test_the_errors_of_a_token_are_those_that_the_function_gives() -> None:
    given: dict[int, set[str]] = {}
    for kind in OURS:
        status, content, _ = access_token.refusal(make(kind))
        given.setdefault(status, set()).add(content["error"])

    assert codes("GET /token/{account_id}/{user_id}") == given


def test_the_errors_of_the_example_are_those_that_the_function_gives() -> None:
    source = Path(example.__file__).read_text()
    given = {status: {code} for code, status in example.TOKEN_ERRORS.items()}
    for status, code in re.findall(r'RefusalError\((\d{3}), "(\w+)"', source):
        given.setdefault(int(status), set()).add(code)

    assert codes("GET /example/me") == given


@pytest.mark.parametrize("route", ["GET /session", "POST /logout"])
def test_each_error_of_a_route_for_scripts_is_one_of_ours_with_its_status(route: str) -> None:
    known = {(status_of(make(kind)), kind.reason) for kind in OURS} | {(401, "not_signed_in")}

    assert {(status, code) for status, words in codes(route).items() for code in words} <= known


@pytest.mark.parametrize("route", ["GET /session", "POST /logout"])
def test_whatever_setting_table_or_secret_fails_a_route_for_scripts_can_tell(route: str) -> None:
    told = set().union(*codes(route).values())

    assert told >= {"table_unavailable", "secrets_unavailable", "misconfigured", "setting", "sealing_key"}


def test_it_tells_of_the_headers_that_every_answer_of_ours_has() -> None:
    lacking = {
        (route, status)
        for route in operations()
        for status, response in responses(route).items()
        if "/schemas/Message" not in str(response) and not response["headers"].keys() >= EVERY_ANSWER.keys()
    }

    headers = description()["components"]["headers"]
    assert lacking == set()
    assert {name: headers[name]["schema"]["const"] for name in EVERY_ANSWER} == EVERY_ANSWER


def test_its_limits_are_those_of_the_code() -> None:
    schemas = description()["components"]["schemas"]
    assert schemas["AccountId"]["pattern"] == f"^{users.ACCOUNT_ID.pattern}$"
    assert schemas["UserId"]["pattern"] == f"^{users.USER_ID.pattern}$"

    launch = {each["name"]: each["schema"] for each in operations()["GET /launch"]["parameters"]}
    assert launch["return_to"]["maxLength"] == return_to.LONGEST
    assert launch["return_to"]["pattern"] == f"^{return_to._URI_CHARACTERS.pattern}$"

    landing = {each["name"]: each["schema"] for each in operations()["GET /"]["parameters"]}
    assert landing["signed_out"]["enum"] == [*Ended]

    token = operations()["GET /token/{account_id}/{user_id}"]["parameters"]
    assert token[2]["schema"]["maximum"] == access_token.LONGEST_MIN_VALID


def make(kind: type[errors.LeAuthError]) -> errors.LeAuthError:
    """Make an error of a kind, with whatever it wants to be told."""
    wanted = {errors.GraceGivenError: [None], errors.RefreshUnderWayError: [None], errors.GrantMovedError: [None]}
    return kind(*wanted.get(kind, ["text"]))
