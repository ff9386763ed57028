"""docs/protect-a-route.md: its template is sound, and what it shows of ours is what ours says."""

from __future__ import annotations

import ast

import pytest
import yaml  # type: ignore[import-untyped]
from cfnlint import api  # type: ignore[import-untyped]

from tests.support.snippets import application, application_with_an_api, snippets
from tests.support.template import Loader, properties


@pytest.mark.parametrize("template", [application(), application_with_an_api()], ids=["our API", "its own API"])
def test_the_linter_has_nothing_to_say_about_the_templates(template: str) -> None:
    assert api.lint(template) == []


def test_an_api_of_its_own_asks_the_authorizer_just_as_ours_does() -> None:
    shown = yaml.load(application_with_an_api(), Loader)["Resources"]["SessionAuthorizer"]["Properties"]  # noqa: S506
    ours = properties("SessionAuthorizer")

    differing = {name for name in shown.keys() | ours.keys() if shown.get(name) != ours.get(name)}
    assert differing == {"ApiId", "AuthorizerUri"}


@pytest.mark.parametrize("code", snippets("protect-a-route.md", "python"))
def test_its_python_can_be_read(code: str) -> None:
    assert ast.parse(code).body
