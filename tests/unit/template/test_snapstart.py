"""docs/snapstart.md: what it adds to the template, and when SAM then publishes a version."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.support.processed_template import PROJECT
from tests.support.snippets import snippets

if TYPE_CHECKING:
    from pathlib import Path

_TRANSLATE = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

def merge(into, more):
    for key, value in more.items():
        known = into.get(key)
        if key == "Properties" or (isinstance(known, dict) and ("Type" in known or key in {"Parameters", "Resources"})):
            merge(known, value)
        else:
            into[key] = value

template = yaml_parse(open(sys.argv[1]).read())
merge(template, yaml_parse(sys.argv[2]))
parameters = {"AppInstalls": "account=install", **json.loads(sys.argv[3])}
merge(template["Resources"], json.loads(sys.argv[4]))
for resource in template["Resources"].values():
    for code in {"CodeUri", "ContentUri"} & set(resource["Properties"]):
        if "//" not in resource["Properties"][code]:
            resource["Properties"][code] = "s3://bucket/key"
policies = type("NoManagedPolicies", (), {"load": lambda self: {}})()
print(json.dumps(transform(template, parameters, policies)["Resources"]))
"""


@cache
def deployed(
    *, release: str = "1700000000", idle_days: str = "14", layer: str = "one", all_properties: str = ""
) -> Any:
    """Give the resources after the page's changes.

    Args:
        all_properties: instead of the release, `AutoPublishAliasAllProperties`.
    """
    page = snippets("snapstart.md", "yaml")[0]
    if all_properties:
        page = page.replace("AutoPublishCodeSha256: !Ref Release", all_properties)
    changed = {"SharedLayer": {"Properties": {"ContentUri": f"s3://bucket/{layer}"}}}
    values = {"Release": release, "IdleDays": idle_days}
    arguments: list[str | Path] = [PROJECT / "template.yaml", page, json.dumps(values), json.dumps(changed)]
    translated = subprocess.run(  # noqa: S603 - our own interpreter and words
        [PROJECT / ".tools/sam/bin/python", "-c", _TRANSLATE, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "eu-west-1"},
    )
    return json.loads(translated.stdout)


def versions(resources: Any) -> set[str]:
    return {name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Version"}


def test_api_gateway_calls_the_alias_and_may() -> None:
    resources = deployed()

    alias = {"Ref": "CallbackFunctionAliaslive"}
    assert resources["CallbackFunctionAliaslive"]["Type"] == "AWS::Lambda::Alias"
    assert resources["CallbackIntegration"]["Properties"]["IntegrationUri"] == alias
    assert resources["CallbackPermission"]["Properties"]["FunctionName"] == alias
    assert resources["CallbackFunction"]["Properties"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_another_release_publishes_another_version() -> None:
    assert versions(deployed()) == {"CallbackFunctionVersion1700000000"}
    assert versions(deployed(release="1700000001")) == {"CallbackFunctionVersion1700000001"}


def test_without_it_neither_another_parameter_nor_another_layer_does() -> None:
    for words in ("AutoPublishAliasAllProperties: true", "AutoPublishAliasAllProperties: false"):
        first = versions(deployed(all_properties=words))

        assert len(first) == 1
        assert versions(deployed(all_properties=words, idle_days="30")) == first
        assert versions(deployed(all_properties=words, layer="two")) == first
