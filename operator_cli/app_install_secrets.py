"""Changing the AppInstall secrets' JSON: {"<AppInstall id>": "<secret>" or ["<newest>", "<older>"]}."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from le_auth.domain.secret import Secret
from operator_cli.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST, LONGEST = 8, 512
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PLACEHOLDERS = {"changeme", "password", "placeholder", "undefined"}


def is_app_install_id(text: str) -> bool:
    """Tell whether this has the form of the AppInstall ids that LivePerson gives."""
    return bool(_ID.fullmatch(text))


def read_typed(text: str, *, client_id: str) -> Secret:
    """Read a secret as it was typed, pasted or piped.

    Raises:
        OperatorError: it cannot be an AppInstall secret. The message never repeats it.
    """
    value = text.strip("\r\n")
    problem = find_problem(value, client_id)
    if problem:
        raise OperatorError(f"This is no AppInstall secret: {problem}.", reason="secret_form")
    return Secret(value)


def find_problem(value: str, client_id: str) -> str | None:
    """Say why this cannot be the secret of an AppInstall; None: it can. The value itself is never repeated."""
    if not value.strip():
        return "it is empty"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "it has spaces, control characters or letters outside of ASCII; perhaps more than it was copied"
    if value == client_id or is_app_install_id(value):
        return "it looks like an AppInstall id"
    if value.lower() in _PLACEHOLDERS:
        return "it is a placeholder"
    if not SHORTEST <= len(value) <= LONGEST:
        return f"it must have from {SHORTEST} to {LONGEST} characters"
    return None


class AppInstallSecretContent:
    """What the secret in Secrets Manager holds."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content

    @classmethod
    def read(cls, text: Secret) -> AppInstallSecretContent:
        """Read it.

        Raises:
            OperatorError: it is not of the documented form, so what else it holds could not be kept.
        """
        try:
            content = json.loads(text.reveal())
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise OperatorError(
                'The stored secret is not JSON like {"<AppInstall id>": "<secret>"}.',
                reason="secret_malformed",
                remedy="--start-over stores the new one and drops whatever stands there now.",
            )
        return cls(content)

    def listed(self, client_id: str) -> Sequence[Secret]:
        """Give an AppInstall's secrets, newest first."""
        listed = self._content.get(client_id, [])
        values = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
        return [Secret(value) for value in values if isinstance(value, str) and value]

    def with_listed(self, client_id: str, secrets: Sequence[Secret]) -> Secret:
        """Give the text with an AppInstall's secrets replaced, everybody else's kept."""
        values = [secret.reveal() for secret in secrets]
        return Secret(json.dumps({**self._content, client_id: values[0] if len(values) == 1 else values}))


def add(new: Secret, listed: Sequence[Secret]) -> list[Secret]:
    """Put a new secret in front of the one in use; older ones go."""
    return [new, *(secret for secret in listed if secret != new)][:2]
