"""The API: its routes, its throttling, its access log."""

import json
import re
from typing import Any

from tests.support.processed_template import only_resource_of_type, processed, properties, resources_of_type

ROUTES = {
    ("/launch", "get"): "LaunchFunction",
    ("/callback", "get"): "CallbackFunction",
    ("/", "get"): "SessionFunction",
    ("/session", "get"): "SessionFunction",
    ("/token/{account_id}/{user_id}", "get"): "AccessTokenFunction",
    ("/example/me", "get"): "ExampleFunction",
}
TOKEN = ("/token/{account_id}/{user_id}", "get")
EXAMPLE = ("/example/me", "get")


def operations() -> dict[tuple[str, str], Any]:
    """Give the API's operations by path and method, the conditional ones too."""
    paths = properties("HttpApi")["Body"]["paths"]
    return {
        (path, method): where_it_holds(operation)
        for path, methods in paths.items()
        for method, operation in where_it_holds(methods).items()
    }


def where_it_holds(value: dict[str, Any]) -> Any:
    return value["Fn::If"][1] if "Fn::If" in value else value


def test_each_route_calls_its_function_and_there_are_no_others() -> None:
    assert {
        route: re.findall(r"\$\{(\w+)\.Arn\}/invocations", json.dumps(operation))
        for route, operation in operations().items()
    } == {route: [function] for route, function in ROUTES.items()}


def test_the_api_may_invoke_each_function_on_its_routes_and_the_authorizer() -> None:
    permitted = {
        (
            each["Properties"]["SourceArn"]["Fn::Sub"][0].rpartition("}")[2],
            json.dumps(each["Properties"]["FunctionName"]),
        )
        for each in resources_of_type("AWS::Lambda::Permission").values()
    }

    routes = {(re.sub(r"\{\w+\}", "*", path), method, function) for (path, method), function in ROUTES.items()}
    assert permitted == {
        *((f"/{method.upper()}{path}", json.dumps({"Ref": function})) for path, method, function in routes),
        ("/authorizers/*", json.dumps({"Fn::GetAtt": ["AuthorizerFunction", "Arn"]})),
    }


def test_tokens_are_given_to_callers_with_iam_the_example_to_who_is_signed_in_and_all_else_is_open() -> None:
    guarded = {route: operation["security"] for route, operation in operations().items() if "security" in operation}

    assert guarded == {TOKEN: [{"AWS_IAM": []}], EXAMPLE: [{"SessionAuthorizer": []}]}


def test_the_session_authorizer_is_asked_at_each_request_that_has_a_cookie_and_answers_simply() -> None:
    scheme = properties("HttpApi")["Body"]["components"]["securitySchemes"]["SessionAuthorizer"]
    authorizer = scheme["x-amazon-apigateway-authorizer"]

    assert authorizer["authorizerUri"]["Fn::Sub"][1] == {
        "__FunctionArn__": {"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}
    }
    assert {key: value for key, value in authorizer.items() if key != "authorizerUri"} == {
        "type": "request",
        "identitySource": ["$request.header.Cookie"],
        "authorizerResultTtlInSeconds": 0,
        "authorizerPayloadFormatVersion": "2.0",
        "enableSimpleResponses": True,
    }


def test_all_of_the_example_is_there_only_where_it_was_asked_for() -> None:
    conditional = {name for name, each in processed()["Resources"].items() if each.get("Condition") == "ServesExample"}

    assert conditional == {name for name in processed()["Resources"] if name.startswith("Example")}
    assert processed()["Conditions"]["ServesExample"] == {"Fn::Equals": [{"Ref": "ExampleRoute"}, "true"]}
    assert "Fn::If" in properties("HttpApi")["Body"]["paths"]["/example/me"]


def test_launch_and_callback_are_throttled_more_tightly_than_the_rest() -> None:
    stage = only_resource_of_type("AWS::ApiGatewayV2::Stage")
    usual = stage["DefaultRouteSettings"]

    assert set(stage["RouteSettings"]) == {"GET /launch", "GET /callback"}
    for route in stage["RouteSettings"].values():
        assert 0 < route["ThrottlingRateLimit"] < usual["ThrottlingRateLimit"]
        assert 0 < route["ThrottlingBurstLimit"] < usual["ThrottlingBurstLimit"]


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
        "TokenTableName",
        "AppInstallSecretArn",
        "SealingKeySecretArn",
        "RefreshQueueUrl",
        "RescueQueueUrl",
        "TokenUrl",
        "AccessTokenFunctionArn",
    }
    assert all(output["Description"] for output in outputs.values())


def test_urls_in_the_outputs_begin_with_the_public_base_url_where_it_is_set() -> None:
    for name, path in {"LaunchUrl": "/launch", "CallbackUrl": "/callback", "SessionUrl": "/session"}.items():
        text, values = processed()["Outputs"][name]["Value"]["Fn::Sub"]

        assert text == f"${{Base}}{path}"
        assert values["Base"]["Fn::If"] == [
            "UsesApiGatewayAddress",
            {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]},
            {"Ref": "PublicBaseUrl"},
        ]
