"""The API: its routes, its throttling, its access log."""

import json
import re

from tests.support.processed_template import only_resource_of_type, processed, properties, resources_of_type

ROUTES = {
    ("/launch", "get"): "LaunchFunction",
    ("/callback", "get"): "CallbackFunction",
    ("/", "get"): "SessionFunction",
    ("/session", "get"): "SessionFunction",
    ("/token/{account_id}/{user_id}", "get"): "AccessTokenFunction",
    ("/logout", "post"): "SessionFunction",
}
TOKEN = ("/token/{account_id}/{user_id}", "get")


def test_each_route_calls_its_function_and_there_are_no_others() -> None:
    paths = properties("HttpApi")["Body"]["paths"]

    assert {
        (path, method): re.findall(r"\$\{(\w+)\.Arn\}/invocations", json.dumps(operation))
        for path, operations in paths.items()
        for method, operation in operations.items()
    } == {route: [function] for route, function in ROUTES.items()}


def test_the_api_may_invoke_each_function_on_its_routes_only() -> None:
    permitted = {
        (
            each["Properties"]["SourceArn"]["Fn::Sub"][0].split("${__Stage__}")[1],
            each["Properties"]["FunctionName"]["Ref"],
        )
        for each in resources_of_type("AWS::Lambda::Permission").values()
    }

    routes = {(re.sub(r"\{\w+\}", "*", path), method, function) for (path, method), function in ROUTES.items()}
    assert permitted == {(f"/{method.upper()}{path}", function) for path, method, function in routes}


def test_tokens_are_given_to_callers_with_iam_only_and_other_routes_need_none() -> None:
    paths = properties("HttpApi")["Body"]["paths"]

    assert {route: paths[route[0]][route[1]].get("security") for route in ROUTES} == {
        route: [{"AWS_IAM": []}] if route == TOKEN else None for route in ROUTES
    }


def test_launch_callback_and_logout_are_throttled_more_tightly_than_the_rest() -> None:
    stage = only_resource_of_type("AWS::ApiGatewayV2::Stage")
    usual = stage["DefaultRouteSettings"]

    assert set(stage["RouteSettings"]) == {"GET /launch", "GET /callback", "POST /logout"}
    for route in stage["RouteSettings"].values():
        assert 0 < route["ThrottlingRateLimit"] < usual["ThrottlingRateLimit"]
        assert 0 < route["ThrottlingBurstLimit"] < usual["ThrottlingBurstLimit"]


def test_our_own_answers_carry_cors_so_api_gateway_adds_none() -> None:
    body = properties("HttpApi")["Body"]

    assert "CorsConfiguration" not in properties("HttpApi")
    assert not [key for key in body if "cors" in key.lower()]


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
