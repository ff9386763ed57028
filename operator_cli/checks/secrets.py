"""The secrets: of each AppInstall, and the sealing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.adapters.secret_store import AppInstallSecrets, CachedSecret, SealingKeys
from le_auth.errors import SecretError, SecretsUnavailableError
from operator_cli.app_install_secrets import find_problem
from operator_cli.checks.finding import failed, ok, warning
from operator_cli.errors import explain
from operator_cli.output import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from le_auth.domain.secret import Secret
    from operator_cli.checks.examination import Examination
    from operator_cli.checks.finding import Finding

_APP_INSTALL, _SEALING = "app-install-secret", "sealing-key"


def check_app_install_secrets(examination: Examination) -> Iterator[Finding]:
    """Look at each AppInstall's secret as the functions read it. Whether LivePerson takes it, a sign-in shows."""
    secrets = AppInstallSecrets(secret=_cached(examination, "AppInstallSecretArn"))
    for account_id, client_id in examination.app_installs.client_ids.items():
        remedy = f"Store it: make secret ARGS='--account {account_id}'"
        try:
            listed = secrets.get(client_id, now=examination.run.now)
        except SecretError as error:
            yield failed(_APP_INSTALL, f"Account {account_id}: {explain(error)}", remedy)
        except SecretsUnavailableError as error:
            yield failed(_APP_INSTALL, f"Account {account_id}: {explain(error)}", explain(error).remedy)
        else:
            yield judge_listed(account_id, client_id, listed)


def judge_listed(account_id: str, client_id: str, listed: Sequence[Secret]) -> Finding:
    """Judge the form of an AppInstall's secrets."""
    for secret in listed:
        problem = find_problem(secret.reveal(), client_id)
        if problem:
            return failed(
                _APP_INSTALL,
                f"Account {account_id}: what is stored is no AppInstall secret: {problem}.",
                f"Store the right one: make secret ARGS='--account {account_id} --replace'",
            )
    if len(listed) > 1:
        return warning(
            _APP_INSTALL,
            f"Account {account_id}: {count_of(len(listed), 'secret')} are stored.",
            f"When LivePerson has dropped the old one: make secret ARGS='--account {account_id} --drop-old'",
        )
    return ok(_APP_INSTALL, f"Account {account_id}: its secret is stored.")


def check_sealing_key(examination: Examination) -> Iterator[Finding]:
    """Look whether the functions can seal."""
    try:
        keyring = SealingKeys(secret=_cached(examination, "SealingKeySecretArn")).get(now=examination.run.now)
    except SecretError as error:
        yield failed(
            _SEALING,
            str(explain(error)),
            "Nobody can sign in meanwhile. Restore the secret's previous version in Secrets Manager.",
        )
    else:
        yield ok(_SEALING, f"The sealing-key secret can be read and lists {count_of(len(keyring.keys), 'key')}.")


def _cached(examination: Examination, output: str) -> CachedSecret:
    return CachedSecret(client=examination.run.clients.secretsmanager, arn=examination.stack.output(output))
