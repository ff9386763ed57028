"""The stack's name, region, profile and parameters, as `sam deploy --guided` remembers them."""

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
region = "us-east-1"

[default.deploy.parameters]
stack_name = "le-app-auth-eu"
region = "eu-west-1"
profile = "production"
parameter_overrides = "AppInstalls=\\"a=b,c=d\\" AppUrl=\\"\\" IdTokenPublicKey=\\"two words\\""
image_repositories = []

[test.deploy.parameters]
parameter_overrides = ["AppInstalls=e=f", "Architecture=x86_64"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "samconfig.toml").write_text(REMEMBERED)
    return tmp_path


def test_what_deploy_remembers_is_taken_and_goes_before_what_holds_for_all(folder: Path) -> None:
    assert Target.read(folder) == Target(
        stack="le-app-auth-eu",
        region="eu-west-1",
        profile="production",
        parameters={"AppInstalls": "a=b,c=d", "AppUrl": "", "IdTokenPublicKey": "two words"},
    )


def test_another_section_is_another_stack(folder: Path) -> None:
    assert Target.read(folder, "test") == Target(
        stack="le-app-auth-test", parameters={"AppInstalls": "e=f", "Architecture": "x86_64"}
    )


def test_where_nothing_was_deployed_yet_the_stack_has_its_usual_name(tmp_path: Path) -> None:
    assert Target.read(tmp_path) == Target(stack="le-app-auth", region=None, profile=None, parameters={})


@pytest.mark.parametrize(
    "text", ["not toml", "default = 7", 'default.deploy.parameters.parameter_overrides = "A=\\"open"']
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "samconfig.toml").write_text(text)

    with pytest.raises(OperatorError, match=r"samconfig\.toml"):
        Target.read(tmp_path)
