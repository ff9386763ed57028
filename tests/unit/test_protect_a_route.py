"""docs/protect-a-route.md: its template is sound, and what it shows of ours is what ours says."""

from __future__ import annotations

import ast

import pytest
import yaml  # type: ignore[import-untyped]
from cfnlint import api  # type: ignore[import-untyped]

from tests.support.processed_template import properties
from tests.support.snippets import own_application, snippets
from tests.support.template import Loader
from tests.support.template import properties as written

PAGE = "protect-a-route.md"


def test_the_linter_has_nothing_to_say_about_the_template() -> None:
    assert api.lint(own_application()) == []


def test_the_template_asks_the_authorizer_just_as_ours_does() -> None:
    scheme = properties("HttpApi")["Body"]["components"]["securitySchemes"]["SessionAuthorizer"]
    ours = scheme["x-amazon-apigateway-authorizer"]
    shown = yaml.load(own_application(), Loader)["Resources"]["SessionAuthorizer"]["Properties"]  # noqa: S506

    assert {
        "type": shown["AuthorizerType"].lower(),
        "identitySource": shown["IdentitySource"],
        "authorizerResultTtlInSeconds": shown["AuthorizerResultTtlInSeconds"],
        "authorizerPayloadFormatVersion": shown["AuthorizerPayloadFormatVersion"],
        "enableSimpleResponses": shown["EnableSimpleResponses"],
    } == {key: value for key, value in ours.items() if key != "authorizerUri"}


def test_the_event_that_it_shows_is_the_examples() -> None:
    shown = yaml.load(snippets(PAGE, "yaml")[1], Loader)  # noqa: S506

    assert shown["Events"] == written("ExampleFunction")["Events"]


@pytest.mark.parametrize("code", snippets(PAGE, "python"))
def test_its_python_can_be_read(code: str) -> None:
    assert ast.parse(code).body
