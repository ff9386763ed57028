"""The parameters: described, constrained, with the contract's defaults."""

import re
from typing import Any

import pytest

from le_auth.settings import (
    Environment,
    LivePersonSettings,
    WebSettings,
    read_app_installs,
    read_idle,
    read_interval,
    read_session_lifetime,
)
from tests.support.processed_template import processed

DEFAULTS = {
    "AppInstalls": None,
    "AppInstallSecretArn": "",
    "PublicBaseUrl": "",
    "DomainName": "",
    "CertificateArn": "",
    "HostedZoneId": "",
    "DisableExecuteApiEndpoint": "false",
    "AppUrl": "",
    "ReturnOrigins": "",
    "DomainApiUrl": "https://api.liveperson.net",
    "SentinelHosts": ".liveperson.net",
    "SentinelDomain": "",
    "TokenApiVersion": "2.0",
    "UsePkce": "false",
    "IdTokenPublicKey": "",
    "SessionHours": 12,
    "EmbeddedInLiveEngage": "false",
    "FrameAncestors": "https://*.liveperson.net",
    "EventBusName": "",
    "ExampleRoute": "false",
    "RefreshIntervalMinutes": 30,
    "IdleDays": 14,
    "MaxConcurrentRefreshes": 64,
    "AlarmEmail": "",
    "Architecture": "arm64",
}
INSTALL = "75588e18-0213-4e33-8174-883acac7e3c4"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-install-AbCdEf"
CERTIFICATE_ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/4f3c1f9e-2b1c-4f5e-9b8a-0c1d2e3f4a5b"
VARIABLES = {
    "APP_INSTALLS": "AppInstalls",
    "PUBLIC_BASE_URL": "PublicBaseUrl",
    "APP_URL": "AppUrl",
    "RETURN_ORIGINS": "ReturnOrigins",
    "DOMAIN_API_URL": "DomainApiUrl",
    "SENTINEL_HOSTS": "SentinelHosts",
    "SENTINEL_DOMAIN": "SentinelDomain",
    "REFRESH_INTERVAL_MINUTES": "RefreshIntervalMinutes",
    "IDLE_DAYS": "IdleDays",
    "SESSION_HOURS": "SessionHours",
    "EMBEDDED": "EmbeddedInLiveEngage",
    "FRAME_ANCESTORS": "FrameAncestors",
}
READERS = [
    read_app_installs,
    LivePersonSettings.read,
    WebSettings.read,
    read_interval,
    read_session_lifetime,
    read_idle,
]

ACCEPTED = [
    ("AppInstalls", f"le12345678={INSTALL}"),
    ("AppInstalls", f"le12345678={INSTALL},56072331=another.install_id"),
    ("AppInstallSecretArn", SECRET_ARN),
    ("PublicBaseUrl", "https://auth.example.com"),
    ("PublicBaseUrl", "https://example.com/auth"),
    ("PublicBaseUrl", "http://127.0.0.1:8400"),
    ("PublicBaseUrl", "http://1ea0a001.execute-api.localhost:8400"),
    ("DomainName", "auth.example.com"),
    ("DomainName", "xn--mller-kva.example.xn--p1ai"),
    ("CertificateArn", CERTIFICATE_ARN),
    ("HostedZoneId", "Z0123456789ABCDEFGHIJ"),
    ("DisableExecuteApiEndpoint", "true"),
    ("AppUrl", "https://app.example.com/start?from=le"),
    ("ReturnOrigins", "https://app.example.com,https://admin.example.com:8443"),
    ("DomainApiUrl", "http://host.docker.internal:8500"),
    ("SentinelHosts", ".liveperson.net,.lprnd.net"),
    ("SentinelDomain", "lo.sentinel.liveperson.net"),
    ("SentinelDomain", "127.0.0.1:8500"),
    ("TokenApiVersion", "1.0"),
    ("IdTokenPublicKey", "-----BEGIN PUBLIC KEY-----\nMIIB+/4=\n-----END PUBLIC KEY-----\n"),
    ("FrameAncestors", "https://*.liveperson.net,https://app.example.com"),
    ("EventBusName", "default"),
    ("EventBusName", "my-app.events_1"),
    ("ExampleRoute", "true"),
    ("RefreshIntervalMinutes", 12),
    ("IdleDays", 0),
    ("MaxConcurrentRefreshes", 16384),
    ("Architecture", "x86_64"),
]
REFUSED = [
    ("AppInstalls", ""),
    ("AppInstalls", "le12345678"),
    ("AppInstalls", f"le12345678={INSTALL}, 56072331={INSTALL}"),
    ("AppInstalls", f"../le={INSTALL}"),
    ("AppInstallSecretArn", "my-secret"),
    ("AppInstallSecretArn", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"),
    ("PublicBaseUrl", "http://auth.example.com"),
    ("PublicBaseUrl", "https://auth.example.com/"),
    ("PublicBaseUrl", "https://auth.example.com?x=1"),
    ("PublicBaseUrl", "https://user@auth.example.com"),
    ("PublicBaseUrl", "https://" + "a" * 112),
    ("DomainName", "https://auth.example.com"),
    ("DomainName", "auth.example.com/"),
    ("DomainName", "auth"),
    ("DomainName", "*.example.com"),
    ("DomainName", "Auth.example.com"),
    ("DomainName", "192.0.2.1"),
    ("DomainName", f"{'a' * 50}.{'b' * 50}.example.com"),
    ("CertificateArn", "arn:aws:iam::123456789012:server-certificate/auth"),
    ("CertificateArn", CERTIFICATE_ARN + "/*"),
    ("HostedZoneId", "/hostedzone/Z0123456789ABCDEFGHIJ"),
    ("HostedZoneId", "example.com"),
    ("DisableExecuteApiEndpoint", "yes"),
    ("AppUrl", "javascript:alert(1)"),
    ("AppUrl", "http://app.example.com/"),
    ("AppUrl", "https://app.example.com/a b"),
    ("ReturnOrigins", "https://app.example.com/path"),
    ("ReturnOrigins", "*"),
    ("DomainApiUrl", "http://api.liveperson.net"),
    ("SentinelHosts", "liveperson.net"),
    ("SentinelHosts", ".net"),
    ("SentinelDomain", "https://lo.sentinel.liveperson.net"),
    ("SentinelDomain", "lo.sentinel.liveperson.net/path"),
    ("SentinelDomain", "lo.sentinel.liveperson.net:8443"),
    ("TokenApiVersion", "2.0&x=1"),
    ("UsePkce", "yes"),
    ("IdTokenPublicKey", "MIIB"),
    ("SessionHours", 0),
    ("EmbeddedInLiveEngage", "True"),
    ("FrameAncestors", "https://*.liveperson.net; script-src *"),
    ("FrameAncestors", "*"),
    ("EventBusName", "arn:aws:events:eu-west-1:123456789012:event-bus/my-app"),
    ("EventBusName", "*"),
    ("EventBusName", "my app"),
    ("EventBusName", "a" * 257),
    ("ExampleRoute", "yes"),
    ("RefreshIntervalMinutes", 25),
    ("IdleDays", -1),
    ("MaxConcurrentRefreshes", 2),
    ("MaxConcurrentRefreshes", 100),
    ("Architecture", "arm"),
]


def is_accepted(name: str, value: Any) -> bool:
    """Tell whether CloudFormation, by the parameter's own constraints, would take the value."""
    parameter = processed()["Parameters"][name]
    return (
        value in parameter.get("AllowedValues", [value])
        and re.fullmatch(parameter.get("AllowedPattern", ".*"), str(value)) is not None
        and len(str(value)) <= parameter.get("MaxLength", len(str(value)))
        and parameter.get("MinValue", value) <= value <= parameter.get("MaxValue", value)
    )


def test_parameters_and_their_defaults_are_those_of_the_contract() -> None:
    assert {name: each.get("Default") for name, each in processed()["Parameters"].items()} == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_parameter_is_described_and_constrained_and_says_how(name: str) -> None:
    parameter = processed()["Parameters"][name]

    assert len(parameter["Description"]) > 20
    assert {"AllowedPattern", "AllowedValues", "MaxValue"} & set(parameter)
    assert parameter["ConstraintDescription"].startswith("must be ")


@pytest.mark.parametrize("name", [name for name, default in DEFAULTS.items() if default is not None])
def test_a_default_keeps_its_own_constraint(name: str) -> None:
    assert is_accepted(name, DEFAULTS[name])


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_what_an_operator_may_mean_is_accepted(name: str, value: str | int) -> None:
    assert is_accepted(name, value)


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_what_the_template_accepts_the_functions_read(name: str, value: str | int) -> None:
    local = {"DomainApiUrl": "http://127.0.0.1:8500"} if value == "127.0.0.1:8500" else {}
    values = DEFAULTS | {"AppInstalls": f"le12345678={INSTALL}"} | local | {name: value}
    environment = Environment(variables={variable: str(values[of]) for variable, of in VARIABLES.items()})

    # Each raises SettingError where it does not like what it reads.
    for read in READERS:
        read(environment)


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_what_would_break_or_open_the_deployment_is_refused(name: str, value: str | int) -> None:
    assert not is_accepted(name, value)


def test_every_parameter_has_its_place_on_the_consoles_form() -> None:
    groups = processed()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]

    assert sorted(shown) == sorted(DEFAULTS)
