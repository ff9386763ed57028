"""The stack's name, region and profile, as `sam deploy --guided` remembers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from operator_cli.errors import OperatorError
from operator_cli.samconfig import Target

if TYPE_CHECKING:
    from pathlib import Path

REMEMBERED = """
version = 0.1

[default.global.parameters]
stack_name = "le-app-auth"

[default.deploy.parameters]
stack_name = "le-app-auth-eu"
region = "eu-west-1"
profile = "production"
parameter_overrides = "AppInstalls=\\"a=b\\""
image_repositories = []
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "samconfig.toml").write_text(REMEMBERED)
    return tmp_path


def test_what_deploy_remembers_is_taken_and_goes_before_what_holds_for_all(folder: Path) -> None:
    assert Target.read(folder, {}) == Target(stack="le-app-auth-eu", region="eu-west-1", profile="production")


def test_where_nothing_was_deployed_yet_the_stack_has_its_usual_name(tmp_path: Path) -> None:
    assert Target.read(tmp_path, {}) == Target(stack="le-app-auth", region=None, profile=None)


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_in_the_environment_goes_first(folder: Path, name: str) -> None:
    assert Target.read(folder, {name: "us-east-1"}) == Target(stack="le-app-auth-eu", profile="production")


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID"])
def test_credentials_in_the_environment_go_first(folder: Path, name: str) -> None:
    assert Target.read(folder, {name: "x"}) == Target(stack="le-app-auth-eu", region="eu-west-1")


@pytest.mark.parametrize("text", ["not toml", "version = 0.1", "default = 7"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "samconfig.toml").write_text(text)

    with pytest.raises(OperatorError, match=r"samconfig\.toml"):
        Target.read(tmp_path, {})
