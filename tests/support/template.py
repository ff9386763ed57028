"""What template.yaml declares, so that tests run with the table, queue and settings that are deployed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEMPLATE = Path(__file__).parents[2] / "template.yaml"
FUNCTIONS = {
    "launch": "LaunchFunction",
    "callback": "CallbackFunction",
    "session": "SessionFunction",
    "authorizer": "AuthorizerFunction",
    "example": "ExampleFunction",
    "refresh_scheduler": "RefreshSchedulerFunction",
    "refresh_worker": "RefreshWorkerFunction",
    "access_token": "AccessTokenFunction",
}
"""{folder: logical id}."""


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Reads CloudFormation's short forms: `!Ref x` becomes {"Ref": "x"}, `!GetAtt a.b` {"Fn::GetAtt": "a.b"}."""


def _read_short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _read_short_form)


@cache
def read_template() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(_TEMPLATE.read_text(), Loader)  # noqa: S506 - a SafeLoader
    return content


def properties(logical_id: str) -> dict[str, Any]:
    """Give a resource's properties as they stand in the template."""
    found: dict[str, Any] = read_template()["Resources"][logical_id]["Properties"]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The template's values once it is deployed.

    Args:
        parameters: given at the deployment; the others have their defaults.
        resources: {logical id: name, URL or ARN}, whichever a reference to it gives.
    """

    parameters: Mapping[str, str]
    resources: Mapping[str, str]

    def environment(self, logical_id: str) -> dict[str, str]:
        """Give the environment variables of a function."""
        shared = read_template()["Globals"]["Function"]["Environment"]["Variables"]
        own = properties(logical_id).get("Environment", {}).get("Variables", {})
        return {name: self._value(value) for name, value in {**shared, **own}.items()}

    def _value(self, value: Any) -> str:
        match value:
            case {"Ref": name} if name in read_template()["Parameters"]:
                return str(self.parameters.get(name, read_template()["Parameters"][name].get("Default")))
            case {"Ref": name}:
                return {"AWS::StackName": "le-app-auth", **self.resources}[name]
            case {"Fn::GetAtt": path}:
                return self.resources[path.partition(".")[0]]
            case {"Fn::If": ["MakesAppInstallSecret", made, given]}:
                return self._value(given) or self._value(made)
            case {"Fn::FindInMap": [mapping, first, second]}:
                return str(read_template()["Mappings"][mapping][self._value(first)][self._value(second)])
            case str() | int():
                return str(value)
            case _:
                raise ValueError(f"a test does not know what {value} becomes")
