"""The functions: their code, environment, layer and logs."""

import pytest

from tests.support.processed_template import PROJECT, processed, properties, resources_of_type, written
from tests.support.template import FUNCTIONS

POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
LIVEPERSON = {"APP_INSTALLS", "DOMAIN_API_URL", "SENTINEL_HOSTS", "SENTINEL_DOMAIN"}
BROWSER = {"PUBLIC_BASE_URL", "APP_URL", "RETURN_ORIGINS", "EMBEDDED", "FRAME_ANCESTORS"}
SECRETS = {"APP_INSTALL_SECRET_ARN", "SEALING_KEY_SECRET_ARN", "TOKEN_TABLE_NAME"}
ENVIRONMENTS = {
    "launch": LIVEPERSON | BROWSER | {"USE_PKCE"},
    "callback": LIVEPERSON | BROWSER | SECRETS | {"TOKEN_API_VERSION", "ID_TOKEN_PUBLIC_KEY", "SESSION_HOURS"},
    "session": LIVEPERSON
    | BROWSER
    | SECRETS
    | {"TOKEN_API_VERSION", "ID_TOKEN_PUBLIC_KEY", "SESSION_HOURS", "REFRESH_INTERVAL_MINUTES"},
    "authorizer": {"APP_INSTALLS", "SESSION_HOURS", "SEALING_KEY_SECRET_ARN", "TOKEN_TABLE_NAME"},
    "example": {"ACCESS_TOKEN_FUNCTION_ARN", "DOMAIN_API_URL"},
    "refresh_scheduler": {"TOKEN_TABLE_NAME", "REFRESH_QUEUE_URL", "REFRESH_INTERVAL_MINUTES"},
    "refresh_worker": LIVEPERSON
    | SECRETS
    | {"TOKEN_API_VERSION", "ID_TOKEN_PUBLIC_KEY", "REFRESH_INTERVAL_MINUTES", "IDLE_DAYS"}
    | {"REFRESH_QUEUE_URL", "RESCUE_QUEUE_URL", "MAX_CONCURRENT_REFRESHES"},
    "access_token": LIVEPERSON
    | SECRETS
    | {"TOKEN_API_VERSION", "ID_TOKEN_PUBLIC_KEY", "REFRESH_INTERVAL_MINUTES", "RESCUE_QUEUE_URL"},
}
for _teller in ("callback", "session", "refresh_worker", "access_token"):
    ENVIRONMENTS[_teller] |= {"EVENT_BUS_NAME"}
APP_INSTALL_SECRET = {
    "Fn::If": ["MakesAppInstallSecret", {"Fn::GetAtt": ["AppInstallSecret", "Id"]}, {"Ref": "AppInstallSecretArn"}]
}
VALUES = {
    "APP_INSTALLS": {"Ref": "AppInstalls"},
    "APP_INSTALL_SECRET_ARN": APP_INSTALL_SECRET,
    "PUBLIC_BASE_URL": {"Ref": "PublicBaseUrl"},
    "APP_URL": {"Ref": "AppUrl"},
    "RETURN_ORIGINS": {"Ref": "ReturnOrigins"},
    "DOMAIN_API_URL": {"Ref": "DomainApiUrl"},
    "SENTINEL_HOSTS": {"Ref": "SentinelHosts"},
    "SENTINEL_DOMAIN": {"Ref": "SentinelDomain"},
    "TOKEN_API_VERSION": {"Ref": "TokenApiVersion"},
    "REFRESH_INTERVAL_MINUTES": {"Ref": "RefreshIntervalMinutes"},
    "IDLE_DAYS": {"Ref": "IdleDays"},
    "SESSION_HOURS": {"Ref": "SessionHours"},
    "EMBEDDED": {"Ref": "EmbeddedInLiveEngage"},
    "FRAME_ANCESTORS": {"Ref": "FrameAncestors"},
    "MAX_CONCURRENT_REFRESHES": {"Ref": "MaxConcurrentRefreshes"},
    "USE_PKCE": {"Ref": "UsePkce"},
    "ID_TOKEN_PUBLIC_KEY": {"Ref": "IdTokenPublicKey"},
    "TOKEN_TABLE_NAME": {"Ref": "TokenTable"},
    "SEALING_KEY_SECRET_ARN": {"Fn::GetAtt": ["SealingKeySecret", "Id"]},
    "ACCESS_TOKEN_FUNCTION_ARN": {"Fn::GetAtt": ["AccessTokenFunction", "Arn"]},
    "REFRESH_QUEUE_URL": {"Ref": "RefreshQueue"},
    "RESCUE_QUEUE_URL": {"Ref": "RescueQueue"},
    "EVENT_BUS_NAME": {"Ref": "EventBusName"},
}

each_function = pytest.mark.parametrize(("name", "logical_id"), FUNCTIONS.items())


def test_there_are_no_functions_but_these() -> None:
    assert set(resources_of_type("AWS::Lambda::Function")) == set(FUNCTIONS.values())


@each_function
def test_a_function_gets_the_environment_it_reads_and_nothing_more(name: str, logical_id: str) -> None:
    assert set(properties(logical_id)["Environment"]["Variables"]) == ENVIRONMENTS[name] | POWERTOOLS


@each_function
def test_each_variable_carries_its_parameter_or_resource(name: str, logical_id: str) -> None:
    variables = written()["Resources"][logical_id]["Properties"].get("Environment", {}).get("Variables", {})

    assert variables == {variable: VALUES[variable] for variable in ENVIRONMENTS[name]}


@each_function
def test_a_function_is_built_from_its_own_folder_for_python_3_13(name: str, logical_id: str) -> None:
    assert written()["Resources"][logical_id]["Properties"]["CodeUri"] == f"functions/{name}/"
    assert properties(logical_id)["Handler"] == "app.lambda_handler"
    assert properties(logical_id)["Runtime"] == "python3.13"


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_a_function_runs_on_the_architecture_of_the_layer_that_it_uses(function: str) -> None:
    (layer,) = properties(function)["Layers"]

    assert properties(function)["Architectures"] == [{"Ref": "Architecture"}]
    assert properties(layer["Ref"])["CompatibleArchitectures"] == [{"Ref": "Architecture"}]


@each_function
def test_environment_variables_are_text(name: str, logical_id: str) -> None:
    variables = properties(logical_id)["Environment"]["Variables"]

    assert all(isinstance(variables[each], (str, dict)) for each in ENVIRONMENTS[name])


@each_function
def test_a_functions_log_group_is_its_own_encrypted_and_kept_for_30_days(name: str, logical_id: str) -> None:
    log = logical_id.replace("Function", "Log")

    assert properties(logical_id)["LoggingConfig"]["LogGroup"] == {"Ref": log}
    assert properties(log)["RetentionInDays"] == 30
    assert properties(log)["KmsKeyId"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}
    assert properties(log)["LogGroupName"]["Fn::Sub"].endswith("-" + name.replace("_", "-"))


def test_the_layer_is_built_for_the_architecture_by_a_makefile_of_its_own() -> None:
    metadata = written()["Resources"]["SharedLayer"]["Metadata"]
    platforms = {"arm64": "manylinux2014_aarch64", "x86_64": "manylinux2014_x86_64"}

    assert metadata["BuildArchitecture"] == {"Ref": "Architecture"}
    assert metadata["ContextPath"] == {"Fn::Sub": "layers/${Architecture}"}
    assert set(processed()["Parameters"]["Architecture"]["AllowedValues"]) == set(platforms)
    for architecture, platform in platforms.items():
        makefile = (PROJECT / "layers" / architecture / "Makefile").read_text()
        assert makefile == f"PLATFORM := {platform}\ninclude Makefile\n"


def test_the_layer_leaves_boto3_to_the_lambda_runtime() -> None:
    locked = (PROJECT / "layers/third_party/requirements.txt").read_text().splitlines()

    assert any(line.startswith("cryptography==") for line in locked)
    assert not any(line.startswith(("boto3==", "botocore==")) for line in locked)
