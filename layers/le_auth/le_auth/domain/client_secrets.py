"""Trying an AppInstall's secrets, newest first, so that a secret can be changed without downtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from le_auth.domain.secret import Secret
from le_auth.errors import ClientRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from le_auth.domain.ports import ClientSecrets


def with_each_secret[Answer](
    client_id: str, secrets: ClientSecrets, send: Callable[[Secret], Answer], *, now: datetime
) -> Answer:
    """Send with one secret after the other until one is accepted; when all were refused, read them anew once.

    A refused client has spent nothing: the server authenticates it before it looks at code or refresh token
    (RFC 6749 sections 4.1.3 and 6). Any other failure ends the attempts.

    Raises:
        ClientRefusedError: every secret was refused.
        SecretError, SecretsUnavailableError, and whatever `send` raises.
    """
    refused = set[Secret]()
    for get in (secrets.get, secrets.get_afresh):
        for secret in get(client_id, now=now):
            if secret in refused:
                continue
            try:
                answer = send(secret)
            except ClientRefusedError:
                refused.add(secret)
            else:
                secrets.prefer(client_id, secret)
                return answer
    raise ClientRefusedError("LivePerson refused this application's AppInstall id or secret.")
