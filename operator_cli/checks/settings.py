"""Stack and parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from le_auth.adapters.signatures import read_public_key
from le_auth.errors import SettingError
from le_auth.settings import (
    Environment,
    LivePersonSettings,
    WebSettings,
    read_app_installs,
    read_idle,
    read_interval,
    read_session_lifetime,
)
from operator_cli.app_install_secrets import is_app_install_id
from operator_cli.checks.finding import failed, ok, warning
from operator_cli.stack import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from operator_cli.checks.examination import Examination
    from operator_cli.checks.finding import Finding

_DEPLOYED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
_DEPLOY_ANEW = "Correct it: make deploy ARGS=--guided"


def check_stack(examination: Examination) -> Iterator[Finding]:
    yield judge_status(examination.stack.status)


def judge_status(status: str) -> Finding:
    """Judge CloudFormation's word on the stack."""
    if status in _DEPLOYED:
        return ok("stack", f"The stack is deployed ({status}).")
    if status == "UPDATE_ROLLBACK_COMPLETE":
        return warning(
            "stack", "The last deployment failed and was rolled back.", "See the stack's events in CloudFormation."
        )
    if status.endswith("_IN_PROGRESS"):
        return warning("stack", f"The stack is being changed ({status}).", "Run this again when it is done.")
    return failed("stack", f"The stack is not deployed ({status}).", "See its events in CloudFormation.")


def check_parameters(examination: Examination) -> Iterator[Finding]:
    """Read all parameters as the functions do."""
    environment = examination.environment
    wrong = list(_find_wrong(environment))
    yield from wrong
    if wrong:
        return
    client_ids = read_app_installs(environment).client_ids
    placeholders = [client_id for client_id in client_ids.values() if not is_app_install_id(client_id)]
    for client_id in placeholders:
        yield warning(
            "parameters",
            f"AppInstalls has {client_id}, which does not look like an AppInstall id.",
            f"When LivePerson has told the id, deploy with it: {_DEPLOY_ANEW.partition(': ')[2]}",
        )
    if not placeholders:
        yield ok("parameters", f"The parameters are right; accounts: {', '.join(client_ids)}.")


def _find_wrong(environment: Environment) -> Iterator[Finding]:
    readers: tuple[Callable[[Environment], object], ...] = (
        read_app_installs,
        LivePersonSettings.read,
        WebSettings.read,
        read_interval,
        read_idle,
        read_session_lifetime,
        _read_id_token_key,
    )
    for read in readers:
        try:
            read(environment)
        except SettingError as error:
            yield failed("parameters", in_parameters(str(error)), _DEPLOY_ANEW)


def _read_id_token_key(environment: Environment) -> None:
    pem = environment.text("ID_TOKEN_PUBLIC_KEY", " ").strip()
    if pem:
        read_public_key(pem)


def in_parameters(text: str) -> str:
    """Put the template's parameters where the functions' environment variables are named."""
    for parameter, variable in VARIABLES.items():
        text = re.sub(rf"\b{variable}\b", parameter, text)
    return text
