"""The template as it is written, and as CloudFormation gets it after the SAM translation."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]

# The translator comes with SAM CLI, in an environment of its own.
_SAM_PYTHON = PROJECT / ".tools/sam/bin/python"
_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
text = open(sys.argv[1]).read()
written, uploaded = yaml_parse(text), yaml_parse(text)
for resource in uploaded["Resources"].values():
    for code in {"CodeUri", "ContentUri"} & set(resource["Properties"]):
        resource["Properties"][code] = "s3://bucket/key"  # as sam deploy leaves it
policies = type("NoManagedPolicies", (), {"load": lambda self: {}})()
print(json.dumps([written, transform(uploaded, {"AppInstalls": "account=install"}, policies)]))
"""


@cache
def _translation() -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter and words
        [_SAM_PYTHON, "-c", _TRANSLATE, PROJECT / "template.yaml"],
        check=False,
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "eu-west-1"},
    )


@cache
def _both() -> tuple[dict[str, Any], dict[str, Any]]:
    translation = _translation()
    assert translation.returncode == 0, translation.stderr
    written, processed = json.loads(translation.stdout)
    return written, processed


def written() -> dict[str, Any]:
    """Give template.yaml with its intrinsic functions in their long form."""
    return _both()[0]


def processed() -> dict[str, Any]:
    """Give the template that CloudFormation deploys."""
    return _both()[1]


def properties(logical_id: str) -> dict[str, Any]:
    """Give a resource's properties as CloudFormation gets them."""
    found: dict[str, Any] = processed()["Resources"][logical_id]["Properties"]
    return found


def resources_of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Give the resources of a type, such as AWS::IAM::Role, by logical id."""
    return {name: each for name, each in processed()["Resources"].items() if each["Type"] == kind}


def only_resource_of_type(kind: str) -> dict[str, Any]:
    """Give the properties of the one resource of a type."""
    (found,) = resources_of_type(kind).values()
    only: dict[str, Any] = found["Properties"]
    return only


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
