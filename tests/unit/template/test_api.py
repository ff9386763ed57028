"""The API: its routes, its throttling, its access log."""

import json
import re
from typing import Any

import pytest

from tests.support.processed_template import only_resource_of_type, processed, properties, resources_of_type

TOKEN = "GET /token/{account_id}/{user_id}"
ROUTES = {
    "GET /launch": "LaunchFunction",
    "GET /callback": "CallbackFunction",
    "GET /": "SessionFunction",
    "GET /session": "SessionFunction",
    TOKEN: "AccessTokenFunction",
    "GET /example/me": "ExampleFunction",
    "POST /logout": "SessionFunction",
}
EXECUTE_API = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}"


def routes() -> dict[str, dict[str, Any]]:
    """Give the routes by key."""
    found = [each["Properties"] for each in resources_of_type("AWS::ApiGatewayV2::Route").values()]
    return {each["RouteKey"]: each for each in found}


def function_of(route: dict[str, Any]) -> str:
    """Name the function that a route's integration calls."""
    (integration,) = re.findall(r"^integrations/\$\{(\w+)\}$", route["Target"]["Fn::Sub"])
    function: str = properties(integration)["IntegrationUri"]["Fn::GetAtt"][0]
    return function


def test_each_route_calls_its_function_and_there_are_no_others() -> None:
    assert {key: function_of(route) for key, route in routes().items()} == ROUTES


def test_functions_are_called_by_payload_format_2() -> None:
    for integration in resources_of_type("AWS::ApiGatewayV2::Integration").values():
        assert integration["Properties"]["IntegrationType"] == "AWS_PROXY"
        assert integration["Properties"]["PayloadFormatVersion"] == "2.0"


def test_the_api_may_invoke_each_function_on_its_routes_and_the_authorizer() -> None:
    permitted = {
        (each["Properties"]["SourceArn"]["Fn::Sub"], each["Properties"]["FunctionName"]["Ref"])
        for each in resources_of_type("AWS::Lambda::Permission").values()
    }

    called = {(re.sub(r"\{\w+\}", "*", key.replace(" ", "")), function) for key, function in ROUTES.items()}
    assert permitted == {
        *((f"{EXECUTE_API}/*/{route}", function) for route, function in called),
        (f"{EXECUTE_API}/authorizers/${{SessionAuthorizer}}", "AuthorizerFunction"),
    }
    for each in resources_of_type("AWS::Lambda::Permission").values():
        assert each["Properties"]["Principal"] == "apigateway.amazonaws.com"
        assert each["Properties"]["Action"] == "lambda:InvokeFunction"


def test_tokens_are_given_to_callers_with_iam_the_example_to_who_is_signed_in_and_all_else_is_open() -> None:
    guards = {key: (route.get("AuthorizationType"), route.get("AuthorizerId")) for key, route in routes().items()}

    assert guards.pop(TOKEN) == ("AWS_IAM", None)
    assert guards.pop("GET /example/me") == ("CUSTOM", {"Ref": "SessionAuthorizer"})
    assert set(guards.values()) == {(None, None)}


def test_the_session_authorizer_is_asked_at_each_request_that_has_a_cookie_and_answers_simply() -> None:
    authorizer = dict(properties("SessionAuthorizer"))

    assert authorizer.pop("AuthorizerUri")["Fn::Sub"].endswith("/functions/${AuthorizerFunction.Arn}/invocations")
    assert authorizer == {
        "Name": "session",
        "ApiId": {"Ref": "HttpApi"},
        "AuthorizerType": "REQUEST",
        "IdentitySource": ["$request.header.Cookie"],
        "AuthorizerResultTtlInSeconds": 0,
        "AuthorizerPayloadFormatVersion": "2.0",
        "EnableSimpleResponses": True,
    }


def test_all_of_the_example_is_there_only_where_it_was_asked_for() -> None:
    conditional = {name for name, each in processed()["Resources"].items() if each.get("Condition") == "ServesExample"}

    assert conditional == {name for name in processed()["Resources"] if name.startswith("Example")}
    assert processed()["Conditions"]["ServesExample"] == {"Fn::Equals": [{"Ref": "ExampleRoute"}, "true"]}


def test_what_other_stacks_add_to_the_api_outlives_our_updates() -> None:
    """A document would replace all of an API's routes, also those that it does not know."""
    assert set(properties("HttpApi")) == {"Name", "Description", "ProtocolType", "DisableExecuteApiEndpoint"}


@pytest.mark.parametrize("kind", ["Stage", "Route", "Integration", "Authorizer"])
def test_all_parts_of_the_api_are_of_this_api(kind: str) -> None:
    for name in resources_of_type(f"AWS::ApiGatewayV2::{kind}"):
        assert properties(name)["ApiId"] == {"Ref": "HttpApi"}


def test_each_change_of_a_route_is_served_at_once_from_the_root() -> None:
    stage = only_resource_of_type("AWS::ApiGatewayV2::Stage")

    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)


def test_the_stage_waits_for_the_routes_that_its_settings_name() -> None:
    (stage,) = resources_of_type("AWS::ApiGatewayV2::Stage").values()
    waited_for = {properties(name)["RouteKey"] for name in stage["DependsOn"]}

    assert waited_for == set(stage["Properties"]["RouteSettings"])


def test_launch_callback_and_logout_are_throttled_more_tightly_than_the_rest() -> None:
    stage = only_resource_of_type("AWS::ApiGatewayV2::Stage")
    usual = stage["DefaultRouteSettings"]

    assert set(stage["RouteSettings"]) == {"GET /launch", "GET /callback", "POST /logout"}
    for route in stage["RouteSettings"].values():
        assert 0 < route["ThrottlingRateLimit"] < usual["ThrottlingRateLimit"]
        assert 0 < route["ThrottlingBurstLimit"] < usual["ThrottlingBurstLimit"]


def test_our_own_answers_carry_cors_so_api_gateway_adds_none() -> None:
    assert "CorsConfiguration" not in properties("HttpApi")


def test_point_28_the_access_log_records_no_path_query_string_header_or_cookie() -> None:
    log_format = only_resource_of_type("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]

    assert set(json.loads(log_format).values()) == {
        "$context.requestId",
        "$context.requestTime",
        "$context.identity.sourceIp",
        "$context.routeKey",
        "$context.protocol",
        "$context.status",
        "$context.responseLength",
        "$context.responseLatency",
        "$context.integration.status",
        "$context.integration.latency",
        "$context.error.responseType",
        "$context.authorizer.error",
    }
    assert "\n" not in log_format


def test_the_access_log_goes_to_its_log_group_encrypted_and_kept_for_30_days() -> None:
    destination = only_resource_of_type("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["DestinationArn"]

    assert destination["Fn::Sub"].endswith(":log-group:${AccessLog}")
    assert properties("AccessLog")["RetentionInDays"] == 30
    assert properties("AccessLog")["KmsKeyId"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
    assert properties("AccessLog")["LogGroupName"]["Fn::Sub"].startswith("/aws/vendedlogs/")


def test_api_gateway_waits_longer_than_any_function_behind_it_runs() -> None:
    for function in set(ROUTES.values()) - {ROUTES[TOKEN]}:
        assert properties(function)["Timeout"] < 30


def test_outputs_are_those_of_the_contract_and_each_is_described() -> None:
    outputs = processed()["Outputs"]

    assert set(outputs) == {
        "LaunchUrl",
        "CallbackUrl",
        "SessionUrl",
        "HttpApiId",
        "AuthorizerFunctionArn",
        "AuthorizerId",
        "TokenTableName",
        "AppInstallSecretArn",
        "SealingKeySecretArn",
        "RefreshQueueUrl",
        "RescueQueueUrl",
        "TokenUrl",
        "DashboardUrl",
        "DomainNameTarget",
        "AccessTokenFunctionArn",
    }
    assert all(output["Description"] for output in outputs.values())
