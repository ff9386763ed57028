"""All checks, in the order in which one thing depends on another, and what becomes of one that cannot be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.errors import SettingError
from operator_cli.checks.finding import failed, skipped
from operator_cli.checks.liveperson import check_launch, check_redirect_uri, check_sentinels
from operator_cli.checks.refreshing import (
    check_dead_letters,
    check_queue,
    check_rescues,
    check_schedule,
    check_scheduler,
    check_worker,
)
from operator_cli.checks.secrets import check_app_install_secrets, check_sealing_key
from operator_cli.checks.settings import check_parameters, check_stack
from operator_cli.checks.tokens import check_tokens
from operator_cli.errors import FORESEEN, OperatorError, explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from operator_cli.checks.examination import Examination
    from operator_cli.checks.finding import Finding

type Check = Callable[[Examination], Iterator[Finding]]

CHECKS: Mapping[str, Check] = {
    "stack": check_stack,
    "parameters": check_parameters,
    "app-install-secret": check_app_install_secrets,
    "sealing-key": check_sealing_key,
    "domain-api": check_sentinels,
    "launch": check_launch,
    "redirect-uri": check_redirect_uri,
    "schedule": check_schedule,
    "scheduler": check_scheduler,
    "worker": check_worker,
    "queue": check_queue,
    "dead-letters": check_dead_letters,
    "rescues": check_rescues,
    "token-age": check_tokens,
}


def examine(examination: Examination) -> Iterator[Finding]:
    """Make all checks; one that cannot be made keeps none of the others from being made."""
    for name, check in CHECKS.items():
        try:
            yield from check(examination)
        except SettingError:
            yield skipped(name, "Cannot be checked before the parameters are right.")
        except OperatorError as error:
            yield failed(name, str(error), error.remedy)
        except FORESEEN as error:
            found = explain(error)
            yield failed(name, f"Could not be checked: {found}", found.remedy)
