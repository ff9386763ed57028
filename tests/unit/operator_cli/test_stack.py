"""A deployed stack's parameters are read as its functions read them."""

from __future__ import annotations

import pytest

from operator_cli.errors import OperatorError
from operator_cli.stack import VARIABLES
from tests.support.operated import a_stack
from tests.support.template import read_template


def test_the_variables_of_the_parameters_are_those_of_the_template_s_functions() -> None:
    declared = {
        value["Ref"]: variable
        for resource in read_template()["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for variable, value in resource["Properties"].get("Environment", {}).get("Variables", {}).items()
        if isinstance(value, dict) and value.get("Ref") in read_template()["Parameters"]
    }

    assert declared == VARIABLES


def test_a_stack_of_another_template_is_told_apart_by_its_outputs() -> None:
    with pytest.raises(OperatorError, match="no output TokenTableName"):
        a_stack(BucketName="x").output("TokenTableName")
