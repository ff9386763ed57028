"""The routes and authorizers of the HTTP API, from the processed template.

The emulator's CloudFormation ignores an HTTP API's OpenAPI body, so after a deploy the API is there without them.
Reading is pure; `create_routes` then makes by API calls what AWS makes from the body.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.runner.aws import ACCOUNT, REGION, Aws
from local.runner.errors import RunError

_FUNCTION_IN_URI = re.compile(r"/functions/\$\{(?P<name>\w+)(?P<attribute>\.Arn)?\}/invocations$")
_METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}
_ANY_METHOD = "x-amazon-apigateway-any-method"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route.

    Args:
        key: "GET /launch".
        function: logical id of the function that answers.
        security: name of the scheme that guards it, "AWS_IAM", or None.
    """

    key: str
    function: str
    security: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """One Lambda authorizer."""

    name: str
    function: str
    identity_source: list[str]
    ttl_seconds: int = 0
    simple_responses: bool = True
    payload_version: str = "2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What the OpenAPI body of the template's one HTTP API says."""

    routes: list[Route]
    authorizers: list[Authorizer] = field(default_factory=list)
    cors: Mapping[str, Any] = field(default_factory=dict)


def read_api(template: Mapping[str, Any]) -> Api:
    """Read the API out of a processed template.

    Raises:
        RunError: it has not exactly one HTTP API, or an integration that is no function of the template.
    """
    apis = [each for each in template["Resources"].values() if each["Type"] == "AWS::ApiGatewayV2::Api"]
    if len(apis) != 1:
        raise RunError(f"template.yaml has {len(apis)} HTTP APIs; the local run serves exactly one")
    properties = apis[0]["Properties"]
    body = properties.get("Body", {})
    return Api(
        routes=list(_read_routes(body)),
        authorizers=list(_read_authorizers(body)),
        cors=properties.get("CorsConfiguration") or _read_cors(body),
    )


def _read_routes(body: Mapping[str, Any]) -> Iterator[Route]:
    for path, operations in body.get("paths", {}).items():
        for method, conditional in _where_it_holds(operations).items():
            operation = _where_it_holds(conditional)
            if method.lower() in _METHODS or method == _ANY_METHOD:
                verb = "ANY" if method == _ANY_METHOD else method.upper()
                yield Route(
                    key="$default" if path == "/$default" else f"{verb} {path}",
                    function=read_function(operation["x-amazon-apigateway-integration"]["uri"]),
                    security=_read_security(operation),
                )


def _where_it_holds(value: Any) -> Any:
    """What stands in the template where the condition around it holds, if there is one."""
    return value["Fn::If"][1] if isinstance(value, Mapping) and "Fn::If" in value else value


def _read_security(operation: Mapping[str, Any]) -> str | None:
    names = [name for scheme in operation.get("security", []) for name in scheme]
    return names[0] if names and names[0] != "NONE" else None


def _read_authorizers(body: Mapping[str, Any]) -> Iterator[Authorizer]:
    for name, scheme in body.get("components", {}).get("securitySchemes", {}).items():
        extension = scheme.get("x-amazon-apigateway-authorizer", {})
        if extension.get("type") == "request":
            yield Authorizer(
                name=name,
                function=read_function(extension["authorizerUri"]),
                identity_source=list(extension.get("identitySource", [])),
                ttl_seconds=extension.get("authorizerResultTtlInSeconds", 0),
                simple_responses=extension.get("enableSimpleResponses", False),
                payload_version=extension.get("authorizerPayloadFormatVersion", "2.0"),
            )


def _read_cors(body: Mapping[str, Any]) -> dict[str, Any]:
    """API Gateway's CORS extension has the field names of the API call, but for their first letter."""
    extension = body.get("x-amazon-apigateway-cors", {})
    return {name[0].upper() + name[1:]: value for name, value in extension.items()}


def read_function(uri: Any) -> str:
    """The logical id of the function that an integration's URI names.

    Args:
        uri: {"Fn::Sub": text} or {"Fn::Sub": [text, {name: {"Fn::GetAtt": [id, "Arn"]}}]}.

    Raises:
        RunError: it names none.
    """
    found = _where_it_holds(uri)
    substitution = found.get("Fn::Sub") if isinstance(found, Mapping) else None
    text, names = substitution if isinstance(substitution, list) else (substitution or "", {})
    match = _FUNCTION_IN_URI.search(text)
    if match is None:
        raise RunError(f"template.yaml has an API integration that names no function: {uri}")
    if match["attribute"]:
        return match["name"]
    value = names.get(match["name"], {})
    return str(value["Fn::GetAtt"][0] if "Fn::GetAtt" in value else value["Ref"])


def create_routes(aws: Aws, api_id: str, api: Api, functions: Mapping[str, str]) -> None:
    """Make the routes, their integrations and their guards at the emulator.

    Args:
        functions: physical function names by logical id; a route whose function was not deployed is left out, as its
            condition does not hold.
    """
    routes = [route for route in api.routes if route.function in functions]
    authorizers = {each.name: _create_authorizer(aws, api_id, each, functions) for each in api.authorizers}
    integrations = {
        function: _create_integration(aws, api_id, functions[function])
        for function in sorted({route.function for route in routes})
    }
    for route in routes:
        aws.apigatewayv2.create_route(
            ApiId=api_id,
            RouteKey=route.key,
            Target=f"integrations/{integrations[route.function]}",
            **_guard(route, authorizers),
        )
    if api.cors:
        aws.apigatewayv2.update_api(ApiId=api_id, CorsConfiguration=dict(api.cors))  # type: ignore[arg-type]


def _guard(route: Route, authorizers: Mapping[str, str]) -> dict[str, Any]:
    if route.security is None:
        return {"AuthorizationType": "NONE"}
    if route.security == "AWS_IAM":
        return {"AuthorizationType": "AWS_IAM"}
    return {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[route.security]}


def _create_integration(aws: Aws, api_id: str, function_name: str) -> str:
    answer = aws.apigatewayv2.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationMethod="POST",
        IntegrationUri=_invocation_uri(function_name),
        PayloadFormatVersion="2.0",
    )
    return answer["IntegrationId"]


def _create_authorizer(aws: Aws, api_id: str, authorizer: Authorizer, functions: Mapping[str, str]) -> str:
    answer = aws.apigatewayv2.create_authorizer(
        ApiId=api_id,
        Name=authorizer.name,
        AuthorizerType="REQUEST",
        AuthorizerUri=_invocation_uri(functions[authorizer.function]),
        AuthorizerPayloadFormatVersion=authorizer.payload_version,
        AuthorizerResultTtlInSeconds=authorizer.ttl_seconds,
        EnableSimpleResponses=authorizer.simple_responses,
        IdentitySource=authorizer.identity_source,
    )
    return answer["AuthorizerId"]


def _invocation_uri(function_name: str) -> str:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name}"
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
