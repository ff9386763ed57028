"""What the programs that a run starts see of the caller's environment."""

from local.runner.aws import function_environment, tool_environment

CALLER = {
    "PATH": "/bin",
    "HOME": "/home/ada",
    "AWS_PROFILE": "production",
    "AWS_SESSION_TOKEN": "session-token-canary",
    "AWS_SECRET_ACCESS_KEY": "secret-key-canary",
    "APP_INSTALL_SECRET": "app-install-secret-canary",
    "DOMAIN_API_URL": "https://api.example.com",
    "SAM_CLI_POLL_DELAY": "5",
    "HTTPS_PROXY": "http://proxy.example:3128",
}


def test_the_aws_tools_see_the_emulator_and_none_of_the_callers_accounts_or_secrets() -> None:
    environment = tool_environment("http://127.0.0.1:4566", CALLER)

    assert not [value for value in environment.values() if "canary" in value]
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_ACCESS_KEY_ID"] == environment["AWS_SECRET_ACCESS_KEY"] == "test"
    assert environment["HOME"] == "/home/ada"
    assert {"AWS_PROFILE", "SAM_CLI_POLL_DELAY", "DOMAIN_API_URL"}.isdisjoint(environment)


def test_functions_see_the_way_to_the_network_and_nothing_else() -> None:
    assert function_environment(CALLER) == {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
