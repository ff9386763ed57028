"""The world that the measured functions run in: their settings, and what LivePerson and AWS answer."""

from __future__ import annotations

import base64
import json
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from le_auth.adapters.grant_items import write_values
from le_auth.adapters.sealing import Keyring
from le_auth.domain.grants import Status
from le_auth.domain.secret import Secret
from le_auth.domain.slots import slot_of
from le_auth.domain.tokens import Tokens
from le_auth.domain.users import User
from local.runner.aws import ACCOUNT, REGION
from local.runner.child import Child
from local.runner.places import PROJECT
from local.runner.ports import LOOPBACK, free_port, is_busy
from local.simulator.id_token import IdToken
from tests.support.emulator import aws_environment
from tests.support.installation import ACCOUNT as SITE
from tests.support.installation import APP, SEALING_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.benchmarks.bench import Bench

USERS = 100
"""A full batch of the worker."""
_APP_SECRET_ARN, _SEALING_SECRET_ARN = (
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}" for name in ("app-install", "sealing-key")
)
_REFRESH_TOKEN = 700
"""Hexadecimal characters: the longest seen at LivePerson."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Stubs at one port of loopback, and a set of users who signed in an hour ago."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    port: int = field(default_factory=free_port)

    @cached_property
    def users(self) -> list[User]:
        return [User(account_id=SITE, user_id=str(1000 + number)) for number in range(USERS)]

    @property
    def keyring(self) -> Keyring:
        return Keyring(keys={"0": Secret(SEALING_KEY)})

    # ---- settings ----

    def environment(self, *, pinned: bool = True) -> dict[str, str]:
        """Give the variables of all functions; each reads its own."""
        url = f"http://{LOOPBACK}:{self.port}"
        return {
            **aws_environment(url),
            "APP_INSTALLS": f"{SITE}={APP}",
            "APP_INSTALL_SECRET_ARN": _APP_SECRET_ARN,
            "SEALING_KEY_SECRET_ARN": _SEALING_SECRET_ARN,
            "TOKEN_TABLE_NAME": "tokens",
            "DOMAIN_API_URL": url,
            "REFRESH_QUEUE_URL": f"{url}/{ACCOUNT}/refresh",
            "RESCUE_QUEUE_URL": f"{url}/{ACCOUNT}/rescue",
            "POWERTOOLS_SERVICE_NAME": "le-app-auth",
            "POWERTOOLS_METRICS_NAMESPACE": "le-app-auth",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            **({"SENTINEL_DOMAIN": f"{LOOPBACK}:{self.port}"} if pinned else {}),
        }

    # ---- what the stubs answer ----

    def answers(self) -> dict[str, Any]:
        id_token = {
            "sub": self.users[0].user_id,
            "aud": APP,
            "iss": "sentinel",
            "iat": int(self.now.timestamp()),
            "exp": int((self.now + timedelta(hours=1)).timestamp()),
            "is_admin": False,
            "is_lpa": False,
        }
        tokens = {"access_token": secrets.token_hex(32), "token_type": "Bearer"} | {
            "refresh_token": secrets.token_hex(_REFRESH_TOKEN // 2)
        }
        return {
            "tokens": {
                "authorization_code": tokens | {"id_token": IdToken(claims=id_token).encode()},
                "refresh_token": tokens,
            },
            "secrets": {
                _APP_SECRET_ARN: json.dumps({APP: "secret-of-the-app-install"}),
                _SEALING_SECRET_ARN: SEALING_KEY,
            },
            "items": {user.pk: self._item(user) for user in self.users},
            "due": [user.pk for user in self.users],
            "service": {"service": "sentinel", "account": SITE, "baseURI": f"{LOOPBACK}:{self.port}"},
        }

    def _item(self, user: User) -> dict[str, Any]:
        signed_in_at = self.now - timedelta(minutes=5)
        generation = int(signed_in_at.timestamp() * 1000)
        tokens = Tokens(
            access_token=Secret(secrets.token_hex(32)),
            refresh_token=Secret(secrets.token_hex(_REFRESH_TOKEN // 2)),
            received_at=signed_in_at,
            expires_at=None,
        )
        sealed = self.keyring.seal_tokens(tokens, user=user, generation=generation)
        item = write_values(
            {
                "pk": user.pk,
                "status": Status.ACTIVE,
                "generation": generation,
                "session_epoch": 1,
                "issued_at": signed_in_at,
                "refreshed_at": signed_in_at,
                "last_used_at": self.now,
                "is_admin": False,
                "is_lpa": False,
                "slot": slot_of(user),
                "key_id": sealed.key_id,
                "sealed_generation": generation,
            }
        )
        return {**item, "sealed": {"B": base64.b64encode(sealed.data).decode()}}


@contextmanager
def stubs(bench: Bench, world: World, *, sentinel_ms: int = 0, aws_ms: int = 0) -> Iterator[None]:
    """Run the stubs, on a core that the worker leaves to them."""
    answers = bench.folder / "answers.json"
    answers.write_text(json.dumps(world.answers()))
    numbers = [str(number) for number in (world.port, sentinel_ms, aws_ms)]
    command: list[str | Path] = [bench.places.dev_python, "-m", "tests.benchmarks.stub", answers, *numbers]
    with Child("stubs", command, env={}, log=bench.places.logs / "stubs.log", cwd=PROJECT) as child:
        os.sched_setaffinity(child.pid, {max(os.sched_getaffinity(0))})
        child.wait_until(lambda: is_busy(world.port), seconds=20)
        yield
