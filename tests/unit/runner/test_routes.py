"""The API's routes and guards, read from a processed template."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from local.runner.errors import RunError
from local.runner.routes import Api, Authorizer, Route, create_routes, read_api, read_function
from tests.support.processed_template import processed

if TYPE_CHECKING:
    from local.runner.aws import Aws

URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s}/invocations"


def operation(function: str, **more: object) -> dict[str, object]:
    return {"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": URI % f"{function}.Arn"}}, **more}


def template(body: dict[str, Any], **more: object) -> dict[str, Any]:
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body, **more}}
    return {"Resources": {"HttpApi": api, "Table": {"Type": "AWS::DynamoDB::Table"}}}


def test_our_own_template_gives_the_routes_of_the_contract() -> None:
    assert {(route.key, route.function, route.security) for route in read_api(processed()).routes} >= {
        ("GET /launch", "LaunchFunction", None),
        ("GET /callback", "CallbackFunction", None),
        ("GET /", "SessionFunction", None),
        ("GET /session", "SessionFunction", None),
        ("GET /example/me", "ExampleFunction", "SessionAuthorizer"),
    }


def test_each_method_of_a_path_is_a_route() -> None:
    body = {
        "paths": {
            "/a": {"get": operation("One"), "post": operation("Two"), "parameters": []},
            "/b/{c}": {"x-amazon-apigateway-any-method": operation("Three")},
            "/$default": {"x-amazon-apigateway-any-method": operation("Four")},
        }
    }
    assert read_api(template(body)).routes == [
        Route(key="GET /a", function="One"),
        Route(key="POST /a", function="Two"),
        Route(key="ANY /b/{c}", function="Three"),
        Route(key="$default", function="Four"),
    ]


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        ([], None),
        ([{"NONE": []}], None),
        ([{"AWS_IAM": []}], "AWS_IAM"),
        ([{"SessionAuthorizer": []}], "SessionAuthorizer"),
    ],
)
def test_a_route_is_guarded_by_what_its_security_names(security: list[dict[str, Any]], expected: str | None) -> None:
    body = {"paths": {"/a": {"get": operation("One", security=security)}}}
    assert read_api(template(body)).routes[0].security == expected


def test_a_lambda_authorizer_is_read_with_its_function_behind_a_map() -> None:
    uri = {"Fn::Sub": [URI % "__FunctionArn__", {"__FunctionArn__": {"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}}]}
    extension = {
        "type": "request",
        "authorizerUri": uri,
        "authorizerResultTtlInSeconds": 0,
        "identitySource": ["$request.header.Cookie"],
        "authorizerPayloadFormatVersion": "2.0",
        "enableSimpleResponses": True,
    }
    schemes = {
        "SessionAuthorizer": {"type": "apiKey", "x-amazon-apigateway-authorizer": extension},
        "AWS_IAM": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"},
    }
    assert read_api(template({"components": {"securitySchemes": schemes}})).authorizers == [
        Authorizer(name="SessionAuthorizer", function="AuthorizerFunction", identity_source=["$request.header.Cookie"])
    ]


def test_a_route_under_a_condition_is_read_as_where_it_holds() -> None:
    def only_where_asked_for(value: object) -> dict[str, object]:
        return {"Fn::If": ["Asked", value, {"Ref": "AWS::NoValue"}]}

    uri = only_where_asked_for({"Fn::Sub": URI % "One.Arn"})
    one = {"x-amazon-apigateway-integration": {"uri": uri}, "security": [{"SessionAuthorizer": []}]}
    body = {"paths": {"/a": only_where_asked_for({"get": only_where_asked_for(one)})}}

    assert read_api(template(body)).routes == [Route(key="GET /a", function="One", security="SessionAuthorizer")]


class FakeGateway:
    """API Gateway, as far as routes without a guard need it."""

    def __init__(self) -> None:
        self.integrations: list[str] = []
        self.routes: list[str] = []

    def create_integration(self, **asked: str) -> dict[str, str]:
        self.integrations.append(asked["IntegrationUri"])
        return {"IntegrationId": str(len(self.integrations))}

    def create_route(self, **asked: str) -> None:
        self.routes.append(asked["RouteKey"])


def test_a_route_whose_function_was_not_deployed_is_left_out() -> None:
    gateway = FakeGateway()
    aws = cast("Aws", SimpleNamespace(apigatewayv2=gateway))
    api = Api(routes=[Route(key="GET /a", function="One"), Route(key="GET /b", function="Two")])

    create_routes(aws, "1ea0a001", api, {"One": "stack-One"})

    assert gateway.routes == ["GET /a"]
    assert len(gateway.integrations) == 1


def test_cors_comes_from_the_body_where_it_is_no_property() -> None:
    body = {"x-amazon-apigateway-cors": {"allowOrigins": ["https://a.example"], "maxAge": 5}}
    assert read_api(template(body)).cors == {"AllowOrigins": ["https://a.example"], "MaxAge": 5}
    assert read_api(template(body, CorsConfiguration={"MaxAge": 7})).cors == {"MaxAge": 7}


def test_a_function_named_by_a_reference_is_found_too() -> None:
    assert read_function({"Fn::Sub": [URI % "arn", {"arn": {"Ref": "Own"}}]}) == "Own"


@pytest.mark.parametrize("uri", ["https://example.com", {"Fn::Sub": "https://example.com"}, {"Ref": "Uri"}, None])
def test_an_integration_that_is_no_function_of_ours_is_refused(uri: object) -> None:
    with pytest.raises(RunError, match="names no function"):
        read_function(uri)


def test_a_template_without_an_api_is_refused() -> None:
    with pytest.raises(RunError, match="0 HTTP APIs"):
        read_api({"Resources": {}})
