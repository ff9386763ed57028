"""Both secrets in Secrets Manager, kept in the process for at most five minutes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from le_auth.adapters.sealing import Keyring
from le_auth.domain.secret import Secret
from le_auth.errors import SecretError, SecretsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT = timedelta(minutes=5)
CLOCK_STEP = timedelta(minutes=1)
"""A time taken before waiting for another thread lies a little before that thread's reading."""
AFRESH_AT_MOST_EVERY = timedelta(minutes=1)
_FINAL = {"AccessDeniedException", "DecryptionFailure", "InvalidRequestException", "ResourceNotFoundException"}


@dataclass(slots=True, kw_only=True)
class CachedSecret:
    """One secret string; one thread reads it while the others wait, and where it cannot, it fails for all of them.

    If each tried in turn, a batch's threads would wait for time-out after time-out, longer than the invocation lasts.
    """

    client: SecretsManagerClient
    arn: str
    _content: Secret | None = None
    _read_at: datetime | None = None
    _read_afresh_at: datetime | None = None
    _failures: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def read(self, *, now: datetime) -> Secret:
        """Give the secret, at most five minutes old.

        Raises:
            SecretsUnavailableError: it cannot be read.
        """
        failures = self._failures
        with self._lock:
            if self._content is None or not _is_within(KEPT, self._read_at, now):
                self._content = self._fetch(failures)
                self._read_at = now
            return self._content

    def read_afresh(self, *, now: datetime) -> Secret:
        """Give the secret as it is now, since the one at hand will not do; looked for at most once a minute.

        A regular reading does not count: what was changed a moment after it must not be missed for a minute.

        Raises:
            SecretsUnavailableError: it cannot be read.
        """
        failures = self._failures
        with self._lock:
            is_of_this_moment = self._read_at is not None and now <= self._read_at <= now + CLOCK_STEP
            if self._content is None or not (
                is_of_this_moment or _is_within(AFRESH_AT_MOST_EVERY, self._read_afresh_at, now)
            ):
                self._content = self._fetch(failures)
                self._read_at = self._read_afresh_at = now
            return self._content

    def _fetch(self, failures: int) -> Secret:
        """Read it, unless that has failed since the caller counted the failures."""
        if self._failures != failures:
            raise SecretsUnavailableError("Secrets Manager could not be read a moment ago.")
        try:
            return Secret(self.client.get_secret_value(SecretId=self.arn)["SecretString"])
        except KeyError as error:
            raise SecretError("A secret in Secrets Manager has no string value.") from error
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _FINAL:
                raise SecretError("A secret in Secrets Manager does not exist or may not be read.") from error
            self._failures += 1
            raise SecretsUnavailableError("Secrets Manager cannot be read.") from error


@dataclass(slots=True, kw_only=True)
class AppInstallSecrets:
    """{"<AppInstall id>": "<secret>" or ["<newest>", "<older>"]}."""

    secret: CachedSecret
    _listed: dict[str, tuple[Secret, list[Secret]]] = field(default_factory=dict, init=False, repr=False)
    """{AppInstall id: (what was read last, what it lists)}"""
    _preferred: dict[str, Secret] = field(default_factory=dict, init=False, repr=False)

    def get(self, client_id: str, *, now: datetime) -> Sequence[Secret]:
        """Give the secrets of an AppInstall: the one that Sentinel last accepted, then newest first.

        Raises:
            SecretError, SecretsUnavailableError.
        """
        listed = self._read(self.secret.read(now=now), client_id)
        preferred = self._preferred.get(client_id)
        return sorted(listed, key=lambda secret: secret != preferred)

    def get_afresh(self, client_id: str, *, now: datetime) -> Sequence[Secret]:
        """The same, read anew unless that was done within the last minute."""
        return self._read(self.secret.read_afresh(now=now), client_id)

    def prefer(self, client_id: str, secret: Secret) -> None:
        self._preferred[client_id] = secret

    def _read(self, content: Secret, client_id: str) -> list[Secret]:
        known = self._listed.get(client_id)
        if known is None or known[0] is not content:
            known = self._listed[client_id] = content, _read_app_install(content, client_id)
        return known[1]


@dataclass(slots=True, kw_only=True)
class SealingKeys:
    """The string that the stack generated, or {"keys": [{"id": "...", "key": "..."}, ...]}, newest first."""

    secret: CachedSecret
    _read: tuple[Secret, Keyring] | None = field(default=None, init=False, repr=False)
    """What was read last, and what it says."""

    def get(self, *, now: datetime) -> Keyring:
        """Give the keys.

        Raises:
            SecretError, SecretsUnavailableError.
        """
        return self._keyring(self.secret.read(now=now))

    def get_afresh(self, *, now: datetime) -> Keyring:
        """The same, read anew unless that was done within the last minute: for a key id that is not known."""
        return self._keyring(self.secret.read_afresh(now=now))

    def _keyring(self, content: Secret) -> Keyring:
        if self._read is None or self._read[0] is not content:
            self._read = content, _read_keyring(content)
        return self._read[1]


def _is_within(time: timedelta, begin: datetime | None, now: datetime) -> bool:
    return begin is not None and -CLOCK_STEP < now - begin < time


def _read_app_install(content: Secret, client_id: str) -> list[Secret]:
    expected = 'The AppInstall secret must be JSON like {"<AppInstall id>": "<secret>"}'
    try:
        listed = json.loads(content.reveal())[client_id]
    except (ValueError, TypeError, RecursionError) as error:
        raise SecretError(f"{expected}.") from error
    except KeyError as error:
        raise SecretError(f"{expected}: it lacks an AppInstall id of APP_INSTALLS.") from error
    values = [listed] if isinstance(listed, str) else listed
    if not isinstance(values, list) or not values or not all(_is_text(value) and value for value in values):
        raise SecretError(f"{expected}; a list of secrets may stand in place of one.")
    return [Secret(value) for value in values]


def _read_keyring(content: Secret) -> Keyring:
    text = content.reveal()
    if not text.lstrip().startswith("{"):
        listed = [("0", text)]
    else:
        try:
            listed = [(entry["id"], entry["key"]) for entry in json.loads(text)["keys"]]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SecretError('The sealing-key secret must be {"keys": [{"id": "...", "key": "..."}]}.') from error
    if not listed or not all(_is_key(key_id, key) for key_id, key in listed):
        raise SecretError(
            "The sealing-key secret needs keys of at least 32 characters, and ids of up to 16 letters and digits."
        )
    keys = {key_id: Secret(key) for key_id, key in listed}
    if len(keys) < len(listed):
        raise SecretError("The sealing-key secret lists an id twice.")
    return Keyring(keys=keys)


def _is_key(key_id: object, key: object) -> bool:
    return (
        isinstance(key_id, str)
        and len(key_id) <= 16
        and key_id.isascii()
        and key_id.isalnum()
        and isinstance(key, str)
        and _is_text(key)
        and len(key) >= 32
    )


def _is_text(value: object) -> bool:
    """Tell whether it is a string that can be sent: JSON can write halves of characters, which no encoding has."""
    return isinstance(value, str) and value.encode(errors="ignore").decode() == value
