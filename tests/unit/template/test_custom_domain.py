"""A domain name of the operator's own: what is made of it, and which parameters do not go together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.processed_template import processed, properties

HOST = "auth.example.com"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/4f3c1f9e-2b1c-4f5e-9b8a-0c1d2e3f4a5b"
ZONE = "Z0123456789ABCDEFGHIJ"
BASE = "https://elsewhere.example.com"
API = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
MADE = {"CustomDomain", "CustomDomainMapping", "CustomDomainRecord", "CustomDomainRecordV6"}


def parameters(**given: str) -> dict[str, str]:
    empty = dict.fromkeys(("DomainName", "CertificateArn", "HostedZoneId", "PublicBaseUrl"), "")
    return {**empty, "DisableExecuteApiEndpoint": "false", **given}


def is_true(expression: Any, values: dict[str, str]) -> bool:
    """Evaluate a condition, or a rule's, as CloudFormation does."""
    match expression:
        case {"Fn::Equals": [{"Ref": name}, other]}:
            return bool(values[name] == other)
        case {"Fn::Not": [inner]}:
            return not is_true(inner, values)
        case {"Fn::And": inner}:
            return all(is_true(each, values) for each in inner)
        case {"Condition": name}:
            return is_true(processed()["Conditions"][name], values)
    raise ValueError(f"this test does not know {expression}")


def refusals(**given: str) -> list[str]:
    """Give what CloudFormation says against these parameters."""
    values = parameters(**given)
    return [
        assertion["AssertDescription"]
        for rule in processed()["Rules"].values()
        if is_true(rule["RuleCondition"], values)
        for assertion in rule["Assertions"]
        if not is_true(assertion["Assert"], values)
    ]


def made(**given: str) -> set[str]:
    """Give those of the domain's resources that are made."""
    conditions = {name: processed()["Resources"][name]["Condition"] for name in MADE}
    return {name for name, condition in conditions.items() if is_true({"Condition": condition}, parameters(**given))}


def output(name: str, **given: str) -> str:
    """Give one of the outputs that are URLs."""
    text, names = processed()["Outputs"][name]["Value"]["Fn::Sub"]
    return str(text.replace("${Base}", value_of(names["Base"], parameters(**given))))


def value_of(expression: Any, values: dict[str, str]) -> str:
    match expression:
        case {"Fn::If": [condition, then, otherwise]}:
            return value_of(then if is_true({"Condition": condition}, values) else otherwise, values)
        case {"Ref": name}:
            return values[name]
        case {"Fn::Sub": text}:
            return str(text.replace("${DomainName}", values["DomainName"]))
        case {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}:
            return API
    raise ValueError(f"this test does not know {expression}")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"PublicBaseUrl": BASE},
        {"DomainName": HOST, "CertificateArn": CERTIFICATE},
        {"DomainName": HOST, "CertificateArn": CERTIFICATE, "HostedZoneId": ZONE},
        {"DomainName": HOST, "CertificateArn": CERTIFICATE, "DisableExecuteApiEndpoint": "true"},
        {"PublicBaseUrl": BASE, "DisableExecuteApiEndpoint": "true"},
    ],
)
def test_parameters_that_go_together_are_accepted(given: dict[str, str]) -> None:
    assert refusals(**given) == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"DomainName": HOST}, "CertificateArn"),
        ({"DomainName": HOST, "HostedZoneId": ZONE}, "CertificateArn"),
        ({"CertificateArn": CERTIFICATE}, "DomainName"),
        ({"HostedZoneId": ZONE}, "DomainName"),
        ({"DomainName": HOST, "CertificateArn": CERTIFICATE, "PublicBaseUrl": BASE}, "PublicBaseUrl"),
        ({"DisableExecuteApiEndpoint": "true"}, "no address would be left"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused_before_anything_is_changed(
    given: dict[str, str], named: str
) -> None:
    [description] = refusals(**given)

    assert named in description


def test_nothing_is_made_without_a_domain_name() -> None:
    assert made() == set()
    assert made(PublicBaseUrl=BASE) == set()


def test_records_are_made_only_where_a_hosted_zone_is_given() -> None:
    with_domain = {"DomainName": HOST, "CertificateArn": CERTIFICATE}

    assert made(**with_domain) == {"CustomDomain", "CustomDomainMapping"}
    assert made(**with_domain, HostedZoneId=ZONE) == MADE


def test_the_domain_is_regional_and_asks_for_tls_1_2() -> None:
    assert properties("CustomDomain")["DomainName"] == {"Ref": "DomainName"}
    assert properties("CustomDomain")["DomainNameConfigurations"] == [
        {
            "EndpointType": "REGIONAL",
            "IpAddressType": "dualstack",
            "CertificateArn": {"Ref": "CertificateArn"},
            "SecurityPolicy": "TLS_1_2",
        }
    ]


def test_the_whole_api_is_served_at_the_root_of_the_domain() -> None:
    assert properties("CustomDomainMapping") == {
        "ApiId": {"Ref": "HttpApi"},
        "DomainName": {"Ref": "CustomDomain"},
        "Stage": {"Ref": "HttpApiStage"},
    }


@pytest.mark.parametrize(("record", "kind"), [("CustomDomainRecord", "A"), ("CustomDomainRecordV6", "AAAA")])
def test_records_of_both_ip_versions_are_aliases_of_the_domain_at_api_gateway(record: str, kind: str) -> None:
    assert properties(record) == {
        "HostedZoneId": {"Ref": "HostedZoneId"},
        "Name": {"Ref": "DomainName"},
        "Type": kind,
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["CustomDomain", "RegionalDomainName"]},
            "HostedZoneId": {"Fn::GetAtt": ["CustomDomain", "RegionalHostedZoneId"]},
            "EvaluateTargetHealth": False,
        },
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [("LaunchUrl", "/launch"), ("CallbackUrl", "/callback"), ("SessionUrl", "/session"), ("TokenUrl", "/token")],
)
def test_the_addresses_in_the_outputs_follow_the_domain_or_the_base_that_was_given(name: str, path: str) -> None:
    assert output(name) == API + path
    assert output(name, PublicBaseUrl=BASE) == BASE + path
    assert output(name, DomainName=HOST, CertificateArn=CERTIFICATE) == f"https://{HOST}{path}"


def test_the_address_that_a_name_must_point_to_is_told_where_there_is_a_name() -> None:
    target = processed()["Outputs"]["DomainNameTarget"]

    assert target["Condition"] == "HasDomainName"
    assert target["Value"] == {"Fn::GetAtt": ["CustomDomain", "RegionalDomainName"]}


def test_the_longest_name_makes_a_redirect_uri_that_livepersons_limit_allows() -> None:
    longest = processed()["Parameters"]["DomainName"]["MaxLength"]

    assert len("https:///callback") + longest == 128


def test_api_gateways_own_address_goes_on_serving_until_it_is_told_to_close() -> None:
    """Sign-ins begun there come back there, as long as LivePerson sends people there."""
    closed = properties("HttpApi")["DisableExecuteApiEndpoint"]

    assert closed == {"Fn::If": ["ClosesApiGatewayAddress", True, False]}
    condition = {"Condition": "ClosesApiGatewayAddress"}
    assert not is_true(condition, parameters(DomainName=HOST, CertificateArn=CERTIFICATE, HostedZoneId=ZONE))
    assert is_true(condition, parameters(DomainName=HOST, DisableExecuteApiEndpoint="true"))
