"""What a person reads when the system is up."""

from local.runner.options import SIMULATED_ACCOUNT
from local.runner.places import Places
from local.runner.stack import Stack
from local.simulator import DEFAULT_PASSWORD

_SAFARI = "Use Chrome, Edge or Firefox: Safari is reported to drop Secure cookies on http://localhost."


def read_welcome(stack: Stack, places: Places) -> str:
    """The launch URL and what to do with it."""
    lines = [
        f"  Open          {stack.launch_url}",
        *read_sign_in_lines(stack, stack.base_url),
        f"  You land on   {stack.base_url}/   (the same as JSON: {stack.base_url}/session)",
        f"  Example       {stack.base_url}/example/me asks LiveEngage who you are, with your token",
        f"  Tokens        are refreshed by the schedule, every {_interval(stack)} minutes for each user",
        f"  Whole logs    {places.logs}",
        f"  AWS           AWS_ENDPOINT_URL={stack.aws.endpoint}, access key id and secret key both `test`",
        f"  Stop          Ctrl-C. {_SAFARI}",
        "",
        "The functions' logs follow.",
    ]
    return "\n".join(lines)


def read_sign_in_lines(stack: Stack, base_url: str) -> list[str]:
    """How to sign in.

    Args:
        base_url: where the API answers.
    """
    if stack.simulator_url is None:
        return [
            f"  LivePerson    {stack.parameters['DomainApiUrl']}; the AppInstall must have the redirect URI",
            f"                {base_url}/callback",
        ]
    return [
        f"  Sign in as    ada (administrator), ben (agent) or any digits; password {DEFAULT_PASSWORD}",
        f"  LivePerson    simulated at {stack.simulator_url}, account {SIMULATED_ACCOUNT}",
    ]


def _interval(stack: Stack) -> str:
    parameters = stack.deployed.template.get("Parameters", {})
    default = parameters.get("RefreshIntervalMinutes", {}).get("Default", "30")
    return str(stack.parameters.get("RefreshIntervalMinutes", default))
